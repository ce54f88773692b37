"""The benchmarks: their papers are what they are said to be, and the README quotes their table."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest_tui import formats
from digest_tui.paper import Digest
from tests.benchmarks import made
from tests.benchmarks.libraries import MIXED, RARE, shelve
from tests.benchmarks.table import DOWN, MEMORY, ROWS, Figures, markdown, quantile

README = Path(__file__).parent.parent / "README.md"
PAPERS = 1500


def parsed(papers: int) -> list[Digest]:
    return [formats.parse(text, name=name) for name, text in made.digests(papers)]


@pytest.fixture(scope="module")
def digests() -> list[Digest]:
    return parsed(PAPERS)


@pytest.mark.parametrize("papers", [1, 35, 36, 100])
def test_as_many_papers_are_made_as_were_asked_for(papers: int) -> None:
    made_up = parsed(papers)
    assert len({paper.id for digest in made_up for paper in digest.papers}) == papers
    assert [digest.declared for digest in made_up] == [len(digest.entries) for digest in made_up]
    assert not any(digest.problems for digest in made_up)


def test_the_same_seed_makes_the_same_papers() -> None:
    assert list(made.digests(40)) == list(made.digests(40))
    assert dict(made.digests(40)) != dict(made.digests(40, seed=1))


def test_each_paper_holds_two_words_that_no_other_does(digests: list[Digest]) -> None:
    papers = [paper for digest in digests for paper in digest.papers]
    for number, paper in enumerate(papers):
        assert f"read{number}x" in paper.abstract.split()
        assert f"mark{number}x" in paper.title.split()


def test_planted_words_are_as_rare_as_they_are_said_to_be(digests: list[Digest]) -> None:
    papers = [paper for digest in digests for paper in digest.papers]
    english = sum(made.RARE in paper.abstract for paper in papers)
    chinese = sum(made.RARE_ZH in paper.abstract_zh for paper in papers)
    assert PAPERS / 1000 / 3 < english < PAPERS / 1000 * 3
    assert PAPERS / 200 / 2 < chinese < PAPERS / 200 * 2


def test_what_a_query_has_to_find_is_counted_in_the_papers(
    tmp_path: Path, digests: list[Digest]
) -> None:
    shelf = shelve(tmp_path, PAPERS)
    papers = [paper for digest in digests for paper in digest.papers]
    rare = sum(made.RARE in paper.abstract for paper in papers)
    mixed = sum(
        made.RARE_ZH in paper.abstract_zh
        and "policy" in (words := f"{paper.title} {paper.abstract}".lower())
        and " robot" not in words
        for paper in papers
    )
    assert shelf.digests == len(digests)
    assert (shelf.found[RARE][0], shelf.found[MIXED][0]) == (rare, mixed)
    assert shelf.found["is:unread"] == (PAPERS, made.PAPERS_A_DIGEST)
    assert 0 < shelf.found["au:{name}"][1] <= made.PAPERS_A_DIGEST


@pytest.mark.parametrize(
    ("share", "sample"), [(0.0, 1.0), (0.5, 3.0), (0.8, 4.0), (0.95, 5.0), (1.0, 5.0)]
)
def test_a_quantile_is_one_of_the_samples(share: float, sample: float) -> None:
    assert quantile([5.0, 1.0, 4.0, 2.0, 3.0], share) == sample


def test_the_table_tells_quantiles_ratios_and_growth() -> None:
    figures = Figures()
    figures.add(DOWN, 35, [0.009, 0.020, 0.012], [0.006, 0.010, 0.010])
    figures.add(DOWN, 1000, [0.018], [])
    figures.add(MEMORY, 35, [52.0, 50.0], [40.0, 40.0])
    rows = cells(markdown(figures, (35, 1000), ()))
    assert rows["what"] == ["35 papers", "1,000 papers", "growth", "to reach"]
    assert rows[DOWN.name] == ["12 / 20 · 1.50×", "18", "1.50×", DOWN.goal]
    assert rows[MEMORY.name] == ["50 · 1.25×", "", "", MEMORY.goal]


def test_the_readme_quotes_a_whole_table() -> None:
    quoted = cells(README.read_text("utf-8").partition("## Figures")[2].partition("\n## ")[0])
    assert quoted["what"][-2:] == ["growth", "to reach"]
    rows = [(name, told[-1]) for name, told in quoted.items()][2:]
    assert rows == [(row.name, row.goal) for row in ROWS]


def cells(text: str) -> dict[str, list[str]]:
    """The rows of a Markdown table by their first cell."""
    lines = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    return {first.strip(): [cell.strip() for cell in rest] for first, *rest in lines}
