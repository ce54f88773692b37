"""Papers written as Markdown and JSON, and the Markdown read back."""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from digest_tui.export.markdown import markdown
from digest_tui.formats import parse, recognize
from digest_tui.formats.drafts import id_in, split_subjects
from digest_tui.formats.lines import clean
from digest_tui.paper import Holding, Paper, fallback_id, split_authors

DAY = date(2026, 4, 22)
HOSTILE = [
    "[Re] x", "a_b*c*", "# x", "#tag", "C #", "|", "a | b", "`code`", "<b>", "- Authors:", "---",
    "- **Authors:** A", "**Abstract**", "- **Abstract**", "$x_1$", "$5 and $6", r"\$5", r"\%", "\\",
    "$a$1", "$ a $", "$a\\$", "Keyword: x", "## Keyword: x", "There is no result", "中文", "！", "!",
    "1. a", "12) a", "===", "==a==", "%%a%%", "> q", "+ a", "&amp;", "R&D", "~~a~~", "a ^b",
    "$$x$$", "### Title:", "Title:", "__a__", "snake_case_", "a;b", ";", r"\\$x$", "[翻译失败]",
    "<!-- digest-tui markdown 1 -->", "# Papers of 2020-01-01", "- **Also under:** x", "(a, b",
    "https://a.org/b_c",
]  # fmt: skip

words = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=8))
lines = st.lists(words, max_size=3).map(
    lambda parts: clean(" ".join(parts)).replace("\n", "").strip()
)
texts = st.lists(lines, max_size=4).map(lambda parts: "\n".join(parts).strip("\n"))
authors = lines.map(split_authors)
subjects = lines.map(split_subjects)
numbers = st.integers(0, 99999)
links = st.one_of(
    st.sampled_from(["", "https://arxiv.org/abs/"]),
    numbers.map(lambda number: f"https://arxiv.org/abs/2604.{number:05}v2"),
    numbers.map(lambda number: f"http://arxiv.org/pdf/hep-th/99{number:05}.pdf"),
)


@st.composite
def papers(draw: st.DrawFn) -> Paper:
    abs_url, pdf_url, title, names = draw(links), draw(links), draw(lines), draw(authors)
    return Paper(
        id_in(abs_url, pdf_url) or fallback_id(title, names),
        title,
        draw(lines),
        names,
        draw(subjects),
        abs_url,
        pdf_url,
        draw(texts),
        draw(texts),
    )


keywords = st.lists(st.one_of(st.just("rl"), lines), min_size=1, max_size=3, unique=True).map(tuple)
days = st.sampled_from([(), (DAY,), (date(2026, 4, 21), date(2025, 1, 1))])
holdings = st.lists(
    st.builds(Holding, papers(), keywords, days),
    max_size=4,
    unique_by=lambda holding: holding.paper.id,
)


def keywords_by_paper(text: str) -> list[tuple[Paper, tuple[str, ...]]]:
    places: dict[int, list[str]] = {}
    papers: dict[int, Paper] = {}
    for entry in parse(text).entries:
        places.setdefault(entry.position, []).append(entry.keyword)
        papers[entry.position] = entry.paper
    return [(papers[position], tuple(names)) for position, names in sorted(places.items())]


@settings(deadline=None, max_examples=150)
@given(holdings)
def test_an_export_reads_back_as_the_same_papers(holdings: list[Holding]) -> None:
    text = "".join(markdown(holdings))
    assert recognize(text) == "export"
    assert keywords_by_paper(text) == [(each.paper, each.keywords) for each in holdings]
    days = [each.digests[0] for each in holdings if each.digests]
    assert parse(text).date == (days[0] if days else None)
