"""Names of files, as every system and the index take them.

Law: what `portable` returns is one name in one folder, whatever it is made from, on Linux, macOS
and Windows, and stays one when a suffix or a few words are put behind it.
"""

from __future__ import annotations

import re
from os.path import splitext

LONGEST = 180
"""Bytes. A name may have 255: what tells two files of one name apart has room behind it."""
_LONGEST_SUFFIX = 16
"""Bytes. What is longer is no kind of file."""
_FORBIDDEN = frozenset('/\\:*?"<>|')
_RESERVED = r"(?i:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³]) *(?:\.|$)"
"""Devices of Windows, whatever follows the dot (Microsoft, Naming Files, Paths, and Namespaces)."""


def portable(name: str) -> str:
    """The name with `_` for each sign that some system refuses, and no longer than all take.

    It is neither hidden nor temporary: nothing stands at its ends that says so, and nothing is
    left of a name that is no more than that.
    """
    allowed = "".join(c if c.isprintable() and c not in _FORBIDDEN else "_" for c in name)
    stem, suffix = splitext(allowed.lstrip(" .~").rstrip(" .~"))
    if len(suffix.encode()) > _LONGEST_SUFFIX:
        stem, suffix = stem + suffix, ""
    room = LONGEST - len(f"_{suffix}".encode())
    cut = stem.encode()[:room].decode("utf-8", "ignore") + suffix
    kept = cut.rstrip(" .~")
    return f"_{kept}" if re.match(_RESERVED, kept) else kept


def storable(name: str) -> str:
    """A file's name as the index can hold it: bytes that are not UTF-8 are spelled out."""
    return name.encode("utf-8", "backslashreplace").decode()
