"""Papers as Markdown that GitHub and Obsidian render, and that `formats` reads back.

Law: `parse("".join(markdown(holdings)))` gives the same papers, field for field, in the same
order, under the same keywords; but a link of a paper on arXiv that leads elsewhere is the one made
of its id. So maths stays as it is, unless there are links in it, and everything else that Markdown
or Obsidian would interpret gets a backslash; `formats.exported` knows the same two rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from digest_tui.formats.exported import LABELS, MATH, SECTION, SIGNATURE
from digest_tui.formats.lines import Kind
from digest_tui.paper import Holding

_SPECIAL = re.compile(
    rf"\\\$|(?P<math>{MATH})"
    r"|[\\`*\[\]<~|$]"
    r"|(?<![^\W_])_|_(?![^\W_])"  # inside a word it is no emphasis
    r"|&(?=#?\w+;)"
    r"|#(?=\S|$)|={2,}|%{2,}|\^(?=[\w-]+$)"  # Obsidian: tag, highlight, comment, block
    r"|^[-+>=#]|^\d{1,9}[.)]"
)
# Links and attributes, as MathJax and KaTeX have them.
_ACTIVE = re.compile(
    r"\\(?:href|url|html|class|cssId|style|data|bbox|mmlToken|includegraphics|require)"
)
_IN_LIST = re.compile(r"[\\`*_\[\]<~|$&#=%;^]")


def markdown(holdings: Iterable[Holding]) -> Iterator[str]:
    """The file in chunks: a heading whenever the newest digest or the first keyword changes."""
    yield f"{SIGNATURE}\n"
    day, keyword = "", ""
    for holding in holdings:
        newest = f"# Papers of {holding.digests[0]}" if holding.digests else "# Papers"
        first, *others = holding.keywords or ("",)
        if newest != day:
            yield f"\n{newest}\n"
            day, keyword = newest, ""
        if first != keyword:
            yield f"\n{SECTION} {escape(first)}".rstrip() + "\n"
            keyword = first
        yield "".join(f"\n{part}\n" for part in _parts(holding, others))


def block(holding: Holding) -> str:
    """One paper as it stands in a file, without the headings over it and without a last newline."""
    _, *others = holding.keywords or ("",)
    return "\n\n".join(_parts(holding, others))


def escape(line: str) -> str:
    """A line of text with backslashes before all that Markdown would interpret, maths excepted."""
    return _SPECIAL.sub(_escaped, line)


def _escaped(found: re.Match[str]) -> str:
    if maths := found["math"]:
        # A formula that is more than a formula is shown as it is written.
        return rf"\${escape(maths[1:-1])}\$" if _ACTIVE.search(maths) else maths
    return re.sub(r"([^\w]|_)", r"\\\1", found[0])


def _parts(holding: Holding, others: list[str]) -> Iterator[str]:
    """The blocks of a paper, between which blank lines stand."""
    paper = holding.paper
    yield f"### {escape(paper.title)}".rstrip()
    if paper.title_zh:
        yield escape(paper.title_zh)
    abs_url, pdf_url = paper.links
    fields = {
        Kind.AUTHORS: escape(", ".join(paper.authors)),
        Kind.SUBJECTS: escape("; ".join(map(str, paper.subjects))),
        Kind.ABS_URL: escape(abs_url),
        Kind.PDF_URL: escape(pdf_url),
    }
    items = [f"- **{LABELS[kind]}** {text}" for kind, text in fields.items() if text]
    if others:
        listed = "; ".join(_IN_LIST.sub(r"\\\g<0>", keyword) for keyword in others)
        items.append(f"- **{LABELS[Kind.ALSO_UNDER]}** {listed}".rstrip())
    if items:
        yield "\n".join(items)
    for kind, text in ((Kind.ABSTRACT, paper.abstract), (Kind.ABSTRACT_ZH, paper.abstract_zh)):
        if text:
            yield f"- **{LABELS[kind]}**"
            yield "\n".join(map(escape, text.split("\n")))
