r"""Papers as BibTeX: `@misc` with the fields that arXiv's own citation of a paper has.

Law: whatever a digest says, the braces of an entry balance, as BibTeX counts them, and LaTeX meets
no special character that the title did not mean. A title is LaTeX already: maths, commands and
accents stay as they are, as far as they set type, and only what stands outside them is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import count, product
from string import ascii_lowercase

from digest_tui.formats.exported import MATH
from digest_tui.latex import render
from digest_tui.paper import Holding, Paper, name_of
from digest_tui.query import fold

_NAMED = (
    r"emph|underline|mbox|text[a-z]+|(?:bf|it|sl|sc|tt|rm|sf)(?:series|shape|family)?|em"
    r"|[uvHcdbkrijlLoO]|ss|[aA][aAeE]|[oO][eE]|l?dots|(?:La|Bib)?TeX"
)
"""Commands of text that set type, and can do nothing else."""
_COMMAND = rf"\\(?:(?:{_NAMED})(?![A-Za-z])|['\"`^~=.,;:!/@\\%&#$_ -])"
_TOKEN = re.compile(rf"{_COMMAND}|{MATH}|\\?[{{}}]|[^\W_]+|(?s:.)")
_IN_MATHS = re.compile(r"\\?[{}]|\\.|(?s:.)")
_TEXT = {
    **{sign: f"\\{sign}" for sign in "&%#_$"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "\\": r"\textbackslash{}",
    # BibTeX counts a brace even behind a backslash.
    r"\{": r"\textbraceleft{}",
    r"\}": r"\textbraceright{}",
}
_MATHS = {"%": r"\%", "#": r"\#", r"\{": r"\lbrace ", r"\}": r"\rbrace "}

_PART = r"[^\W_]+[A-Z][^\W_]*|[A-Z][^\W_]*\d[^\W_]*"
_NAME = (
    rf"(?<![^\W_])(?:[A-Z]-[^\W_]+|[A-Z][^\W_]*(?=-\d)|{_PART})(?:-(?:{_PART}|\d[^\W_]*)|\.\d+)*"
)
"""A word whose capitals are its spelling: `GPT-4`, `LLMs`, `3D`, `Llama-3.1`, `Q-learning`."""
_CASED = re.compile(
    # An accent takes the letter after it, not a brace.
    rf"\\[A-Za-z]+|\\['\"`^~=.][^\W_]*|\\.|(?P<brace>[{{}}])|(?P<maths>\$[^$]*\$)|(?P<name>{_NAME})"
)

_GROUP = re.compile(r"\b(?:Collaboration|Consortium|Group|Project|Team)\b")
_IN_URL = str.maketrans({"{": "%7B", "}": "%7D", "\\": "%5C", " ": "%20"})
_INSIGNIFICANT = re.compile(
    "an?|and|are|as|at|be|by|can|does|do|for|from|how|in|into|is|it|of|on|or|the|this|towards?|to"
    "|via|we|what|when|where|which|why|with"
)


def bibtex(holdings: Iterable[Holding]) -> Iterator[str]:
    """The file, an entry a chunk; a key that an earlier entry has gets a letter."""
    taken: set[str] = set()
    for holding in holdings:
        base = _key(holding)
        key = next(key for suffix in _suffixes() if (key := base + suffix) not in taken)
        yield ("\n" if taken else "") + _entry(key, holding) + "\n"
        taken.add(key)


def citation(holding: Holding) -> str:
    """One paper's entry, without a line break at its end."""
    return _entry(_key(holding), holding)


def _entry(key: str, holding: Holding) -> str:
    fields = [f"  {name} = {{{value}}}," for name, value in _fields(holding) if value]
    return "\n".join([f"@misc{{{key},", *fields, "}"])


def _fields(holding: Holding) -> Iterator[tuple[str, str]]:
    paper = holding.paper
    yield "title", _protected(_latex(paper.title or paper.title_zh))
    yield "author", " and ".join(map(_author, paper.authors))
    yield "year", _year(holding)
    if paper.is_on_arxiv:
        yield "eprint", paper.id
        yield "archivePrefix", "arXiv"
        yield "primaryClass", _latex(paper.subjects[0].code) if paper.subjects else ""
    yield "url", paper.abs_link.translate(_IN_URL)


def _year(holding: Holding) -> str:
    """The year that the arXiv id begins with, else that of the newest digest, else nothing."""
    if holding.paper.is_on_arxiv:
        year = int(holding.paper.id.split("/")[-1][:2])
        # arXiv is of 1991, and its old ids ended in 2007.
        is_old = "/" in holding.paper.id and year >= 91
        return str(1900 + year if is_old else 2000 + year)
    return str(holding.digests[0].year) if holding.digests else ""


def _author(author: str) -> str:
    """A name as it stands; of a group, which has no given name, in braces."""
    name = _latex(name_of(author))
    return f"{{{name}}}" if _GROUP.search(name) else name


def _key(holding: Holding) -> str:
    paper = holding.paper
    words = re.findall(r"[a-z0-9]+", _ascii(paper.title))
    significant = [word for word in words if not _INSIGNIFICANT.fullmatch(word)] or words
    return (_family(paper) or "anon") + _year(holding) + "".join(significant[:1])


def _family(paper: Paper) -> str:
    """The first author's family name, in letters that every BibTeX takes."""
    name = name_of(paper.authors[0]) if paper.authors else ""
    family = name if _GROUP.search(name) else name.split(",")[0].split(" ")[-1]
    return re.sub(r"[^a-z0-9]", "", _ascii(family))


def _ascii(text: str) -> str:
    return fold(render(text)).encode("ascii", "ignore").decode()


def _suffixes() -> Iterator[str]:
    """Nothing, a, b, …, z, aa, ab, …"""
    for length in count():
        yield from map("".join, product(ascii_lowercase, repeat=length))


def _latex(text: str) -> str:
    """The text with all escaped that LaTeX would interpret and that is no LaTeX already."""
    tokens = _TOKEN.findall(" ".join(text.split()))
    lone = _lone_braces(tokens)
    written = ""
    for place, token in enumerate(tokens):
        if token[0] == "$" and len(token) > 1:
            written += _maths(token) if _sets_type(token) else rf"\${_latex(token[1:-1])}\$"
        else:
            written += _TEXT.get(f"\\{token}" if place in lone else token, token)
    return written


def _sets_type(maths: str) -> bool:
    """Whether a formula does nothing else, as far as `latex` understands all its commands."""
    # TeX reads `^^5c` as a backslash.
    return "^^" not in maths and ("\\" not in maths or render(maths) != maths)


def _maths(source: str) -> str:
    tokens = _IN_MATHS.findall(source)
    lone = _lone_braces(tokens)
    return "".join(
        _MATHS.get(f"\\{token}" if place in lone else token, token)
        for place, token in enumerate(tokens)
    )


def _lone_braces(tokens: Sequence[str]) -> set[int]:
    """The places of the braces that have no partner."""
    opened: list[int] = []
    lone: set[int] = set()
    for place, token in enumerate(tokens):
        if token == "{":
            opened.append(place)
        elif token == "}" and opened:
            opened.pop()
        elif token == "}":
            lone.add(place)
    return lone.union(opened)


def _protected(title: str) -> str:
    """The title with braces around the capitals that a style must not turn to lower case."""
    written, end, depth = "", 0, 0
    for found in _CASED.finditer(title):
        depth += {"{": 1, "}": -1}.get(found[0], 0)
        if depth == 0 and (found["name"] or (found["maths"] and found[0] != found[0].lower())):
            written += f"{title[end : found.start()]}{{{found[0]}}}"
            end = found.end()
    return written + title[end:]
