"""Papers as a table for spreadsheets: CSV (RFC 4180), a row a paper.

Law: every cell is text, and opening the file runs nothing and changes nothing in it. Programs are
better served by JSON, so where the two differ in what they need, the spreadsheet wins.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from digest_tui.paper import Holding

BOM = "\ufeff"
# Excel takes a file without it for one in the system's old encoding, and Chinese for rubbish;
# LibreOffice, Numbers and pandas skip it.

_FORMULA = re.compile("[\\s\"'\ufeff\u200b-\u200f\u2060-\u206f]*[=+\\-@＝＋－＠﹦﹢﹣﹫]|[\t\r\n]")
"""How a cell begins that a spreadsheet calculates (OWASP, CSV injection), also behind what one may
drop."""


def _id(holding: Holding) -> str:
    # A bare one is a number to a spreadsheet: 2604.18610 would lose its last digit.
    return f"arXiv:{holding.paper.id}" if holding.paper.is_on_arxiv else holding.paper.id


COLUMNS: Mapping[str, Callable[[Holding], str]] = {
    "id": _id,
    "title": lambda holding: holding.paper.title,
    "title_zh": lambda holding: holding.paper.title_zh,
    "authors": lambda holding: "; ".join(holding.paper.authors),
    "subjects": lambda holding: "; ".join(map(str, holding.paper.subjects)),
    "keywords": lambda holding: "; ".join(holding.keywords),
    "digests": lambda holding: "; ".join(map(str, holding.digests)),
    "abs_url": lambda holding: holding.paper.links[0],
    "pdf_url": lambda holding: holding.paper.links[1],
    "read": lambda holding: "true" if holding.read else "false",
    "starred": lambda holding: "true" if holding.starred else "false",
    "abstract": lambda holding: holding.paper.abstract,
    "abstract_zh": lambda holding: holding.paper.abstract_zh,
}
"""Each column's name, and what it says of a paper."""


def table(holdings: Iterable[Holding]) -> Iterator[str]:
    """The file, a row a chunk, the names of the columns first."""
    yield BOM + _row(COLUMNS)
    for holding in holdings:
        yield _row(_harmless(cell(holding)) for cell in COLUMNS.values())


def _harmless(cell: str) -> str:
    """The cell as text that no spreadsheet takes for a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _row(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
