"""Papers written as Markdown and JSON, and the Markdown read back."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from digest_tui.export import FORMATS
from digest_tui.export.markdown import escape, markdown
from digest_tui.formats import parse
from digest_tui.formats.drafts import id_in, split_subjects
from digest_tui.formats.exported import MATH, SIGNATURE, unescape
from digest_tui.formats.lines import clean
from digest_tui.paper import Holding, Paper, Subject, fallback_id, split_authors

DAY = date(2026, 4, 22)
HOSTILE = [
    "[Re] x", "a_b*c*", "# x", "#tag", "C #", "|", "a | b", "`code`", "<b>", "- Authors:", "---",
    "- **Authors:** A", "**Abstract**", "- **Abstract**", "$x_1$", "$5 and $6", r"\$5", r"\%", "\\",
    "$a$1", "$ a $", "$a\\$", "Keyword: x", "## Keyword: x", "There is no result", "中文", "！",
    "1. a", "12) a", "===", "==a==", "%%a%%", "> q", "+ a", "&amp;", "R&D", "~~a~~", "a ^b",
    "$$x$$", "### Title:", "Title:", "__a__", "snake_case_", "a;b", ";", r"\\$x$", "[翻译失败]",
    SIGNATURE, "# Papers of 2020-01-01", "- **Also under:** x", "(a, b", "https://a.org/b_c",
]  # fmt: skip


def one_line(text: str) -> str:
    return clean(text).replace("\n", " ").strip()


words = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=8))
lines = st.lists(words, max_size=3).map(lambda parts: one_line(" ".join(parts)))
texts = st.lists(lines, max_size=4).map(lambda parts: "\n".join(parts).strip("\n"))
links = st.one_of(
    st.sampled_from(["", "https://arxiv.org/abs/"]),
    st.integers(0, 99999).map(lambda number: f"https://arxiv.org/abs/2604.{number:05}v2"),
    st.integers(0, 99999).map(lambda number: f"http://arxiv.org/pdf/hep-th/99{number:05}.pdf"),
)


@st.composite
def papers(draw: st.DrawFn) -> Paper:
    abs_url, pdf_url, title = draw(links), draw(links), draw(lines)
    authors = draw(lines.map(split_authors))
    return Paper(
        id_in(abs_url, pdf_url) or fallback_id(title, authors),
        title,
        draw(lines),
        authors,
        draw(lines.map(split_subjects)),
        abs_url,
        pdf_url,
        draw(texts),
        draw(texts),
    )


keywords = st.lists(st.just("rl") | lines, min_size=1, max_size=3, unique=True).map(tuple)
days = st.sampled_from([(), (DAY,), (date(2026, 4, 21), date(2025, 1, 1))])
holdings = st.lists(
    st.builds(Holding, papers(), keywords, days),
    max_size=4,
    unique_by=lambda holding: holding.paper.id,
)


def papers_with_keywords(text: str) -> list[tuple[Paper, tuple[str, ...]]]:
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
    assert parse(text).format == "export"
    assert papers_with_keywords(text) == [(each.paper, each.keywords) for each in holdings]
    days = [each.digests[0] for each in holdings if each.digests]
    assert parse(text).date == (days[0] if days else None)


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("[Re] a*b_c_ <i> `x` ~y~ a|b", r"\[Re\] a\*b_c\_ \<i> \`x\` \~y\~ a\|b"),
        (r"costs \$5, \textbf{not} $\frac{1}{2}$", r"costs \\\$5, \\textbf{not} $\frac{1}{2}$"),
        ("$a$ and $b, $c $ and $5", r"$a$ and \$b, \$c \$ and \$5"),
        ("R&D &amp; &#35; #tag # C#", r"R&D \&amp; \&\#35; \#tag # C\#"),
        ("- a", r"\- a"),
        ("12. a", r"12\. a"),
        ("1) a", r"1\) a"),
        ("> a", r"\> a"),
        ("=== ==a== %%b%% a=b 5% c ^d", r"\=\=\= \=\=a\=\= \%\%b\%\% a=b 5% c \^d"),
        ("中文_强调_，a-b + c", r"中文_强调\_，a-b + c"),
    ],
)
def test_what_markdown_would_interpret_is_escaped_and_maths_is_not(text: str, escaped: str) -> None:
    assert escape(text) == escaped
    assert unescape(escaped) == text


@settings(deadline=None, max_examples=150)
@given(lines.filter(lambda line: bool(line) and not re.search(MATH, line)))
def test_escaped_text_renders_as_itself(line: str) -> None:
    renderer = MarkdownIt("commonmark").enable(["strikethrough", "table"])
    blocks = renderer.parse(f"{escape(line)}\n")
    assert [token.type for token in blocks] == ["paragraph_open", "inline", "paragraph_close"]
    pieces = blocks[1].children or []
    assert {piece.type for piece in pieces} <= {"text", "text_special"}
    assert "".join(piece.content for piece in pieces) == line


ICE = Holding(
    Paper(
        "2603.00001",
        "[Re] Walking on $x_1$",
        "冰上行走",
        ("Ada Moss (Lab, North)", "Bo Lin"),
        (Subject("cs.RO", "Robotics"), Subject("", "Ice")),
        "https://arxiv.org/abs/2603.00001",
        "https://arxiv.org/pdf/2603.00001",
        "We study ice.\n\n# It is cold.",
        "我们研究冰。",
    ),
    ("robots", "ice; snow", "winter"),
    (DAY, date(2026, 4, 21)),
    read=True,
)
CAVES = Holding(Paper(fallback_id("Caves", ()), "Caves"), ("robots",), (DAY,), starred=True)
ICE_AND_CAVES = r"""<!-- digest-tui markdown 1 -->

# Papers of 2026-04-22

## Keyword: robots

### \[Re\] Walking on $x_1$

冰上行走

- **Authors:** Ada Moss (Lab, North), Bo Lin
- **Subjects:** Robotics (cs.RO); Ice
- **Arxiv link:** https://arxiv.org/abs/2603.00001
- **Pdf link:** https://arxiv.org/pdf/2603.00001
- **Also under:** ice\; snow; winter

- **Abstract**

We study ice.

\# It is cold.

- **中文摘要**

我们研究冰。

### Caves
"""


def test_an_export_is_markdown_for_notes() -> None:
    assert "".join(markdown([ICE, CAVES])) == ICE_AND_CAVES
    assert "".join(markdown([])) == f"{SIGNATURE}\n"


def test_a_heading_stands_where_the_day_or_the_keyword_changes() -> None:
    older = replace(CAVES, digests=(date(2026, 4, 21),))
    elsewhere = replace(CAVES, keywords=("ice",))
    nowhere = replace(CAVES, keywords=(), digests=())
    text = "".join(markdown([CAVES, CAVES, older, elsewhere, CAVES, nowhere]))
    assert [line for line in text.split("\n") if line.startswith(("# ", "## "))] == [
        "# Papers of 2026-04-22",
        "## Keyword: robots",
        "# Papers of 2026-04-21",
        "## Keyword: robots",
        "# Papers of 2026-04-22",
        "## Keyword: ice",
        "## Keyword: robots",
        "# Papers",
    ]


def test_notes_added_to_an_export_are_named_where_they_belong_to_no_paper() -> None:
    noted = ICE_AND_CAVES.replace("robots\n", "robots\nmine\n", 1).replace(
        "winter", "winter\nmy own"
    )
    digest = parse(noted)
    assert [each.paper for each in digest.entries] == [ICE.paper] * 3 + [CAVES.paper]
    lines = noted.split("\n")
    left_out = [problem.line for problem in digest.problems if "left out" in problem.message]
    assert [lines[number - 1] for number in left_out] == ["mine", "my own"]


def test_json_has_the_keys_of_the_shell_in_their_order() -> None:
    (line,) = FORMATS["jsonl"].write([ICE])
    assert list(json.loads(line).items()) == [
        ("id", "2603.00001"),
        ("title", "[Re] Walking on $x_1$"),
        ("title_zh", "冰上行走"),
        ("authors", ["Ada Moss (Lab, North)", "Bo Lin"]),
        ("subjects", [{"code": "cs.RO", "name": "Robotics"}, {"code": "", "name": "Ice"}]),
        ("keywords", ["robots", "ice; snow", "winter"]),
        ("abs_url", "https://arxiv.org/abs/2603.00001"),
        ("pdf_url", "https://arxiv.org/pdf/2603.00001"),
        ("abstract", "We study ice.\n\n# It is cold."),
        ("abstract_zh", "我们研究冰。"),
        ("digests", ["2026-04-22", "2026-04-21"]),
        ("read", True),
        ("starred", False),
    ]
    assert "冰上行走" in line


@pytest.mark.parametrize("holdings", [[], [ICE], [ICE, CAVES]], ids=len)
def test_an_array_holds_what_the_lines_hold(holdings: list[Holding]) -> None:
    array = "".join(FORMATS["json"].write(holdings))
    lines = "".join(FORMATS["jsonl"].write(holdings)).splitlines()
    assert json.loads(array) == [json.loads(line) for line in lines]
    assert len(lines) == len(holdings)
    assert array.endswith("]\n")


def test_each_format_has_its_suffix() -> None:
    suffixes = {name: exporter.suffix for name, exporter in FORMATS.items()}
    assert suffixes == {"markdown": ".md", "json": ".json", "jsonl": ".jsonl"}
    assert "".join(FORMATS["markdown"].write([ICE, CAVES])) == ICE_AND_CAVES


def test_choosing_a_format_does_not_import_pydantic() -> None:
    code = "import sys, digest_tui.export; sys.exit('pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
