"""Papers written in every format, and what was written read back."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from digest_tui.export import FORMATS, Language, in_languages, preview
from digest_tui.export.bibtex import bibtex, citation
from digest_tui.export.markdown import escape, markdown
from digest_tui.export.table import BOM, COLUMNS, table
from digest_tui.formats import parse
from digest_tui.formats.drafts import id_in, split_subjects
from digest_tui.formats.exported import MATH, SIGNATURE, unescape
from digest_tui.formats.lines import clean
from digest_tui.paper import ARXIV_ID, Holding, Paper, Subject, fallback_id, split_authors

DAY, DAY_BEFORE = date(2026, 4, 22), date(2026, 4, 21)
HOSTILE = [
    "[Re] x", "a_b*c*", "# x", "#tag", "C #", "|", "a | b", "`code`", "<b>", "- Authors:", "---",
    "- **Authors:** A", "**Abstract**", "- **Abstract**", "$x_1$", "$5 and $6", r"\$5", r"\%", "\\",
    "$a$1", "$ a $", "$a\\$", "Keyword: x", "## Keyword: x", "There is no result", "中文", "！",
    "1. a", "12) a", "===", "==a==", "%%a%%", "> q", "+ a", "&amp;", "R&D", "~~a~~", "a ^b",
    "$$x$$", "### Title:", "Title:", "__a__", "snake_case_", "a;b", ";", r"\\$x$", "[翻译失败]",
    SIGNATURE, "# Papers of 2020-01-01", "- **Also under:** x", "(a, b", "https://a.org/b_c",
    "{", "}", r"\{", r"\}", r"\textbf{GPT-4}", r"$\{x$", "$x}$", "$a%b#$", r"Poincar\'e", "LLMs",
    "~", "^", "100%", "@misc{x,", " and ", "Qwen Team", "=1+1", "+1", "-1", "@x", "＝1", 'a "b"',
    " =1", '"=1', "'=1", "\u200b=1", "﹦1", ";=1", '",=1', "@comment{", "@string{a=", "}}@misc{x,",
    r"\input{/etc/passwd}", r"\write18{x}", "^^5cinput", r"$\input x$", "$^^5cinput x$",
    r"\href{x}{y}",
    r"$\href{javascript:x}{y}$", r"$\url{javascript:x}$", r"$\require{html}$", "[x](javascript:y)",
    "<javascript:x>", "![x](y)", "[[x]]", "![[x]]", "[x]: javascript:y", "<script>", "<!-- x",
    "-->", "> [!note]", "^id", "%% x", "---", "***", "___", "~~~", "```", "javascript:x",
    "www.example.org",
]  # fmt: skip


def one_line(text: str) -> str:
    return clean(text).replace("\n", " ").strip()


words = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=8))
lines = st.lists(words, max_size=3).map(lambda parts: one_line(" ".join(parts)))
texts = st.lists(lines, max_size=4).map(lambda parts: "\n".join(parts).strip("\n"))
links = st.one_of(
    st.sampled_from(["", "https://arxiv.org/abs/", "javascript:x", "=1+1", "[x](y)", "}@x{"]),
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


places = st.tuples(st.sampled_from([DAY, DAY_BEFORE, date(2025, 1, 1)]), st.just("rl") | lines)
listings = st.lists(places, max_size=3).map(
    lambda listed: tuple(sorted(listed, key=lambda place: place[0], reverse=True))
)
holdings = st.lists(
    st.builds(Holding, papers(), listings, st.booleans(), st.booleans()),
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


def linked(paper: Paper) -> Paper:
    abs_url, pdf_url = paper.links
    return replace(paper, abs_url=abs_url, pdf_url=pdf_url)


@settings(max_examples=150)
@given(holdings)
def test_an_export_reads_back_as_the_same_papers(holdings: list[Holding]) -> None:
    text = "".join(markdown(holdings))
    assert parse(text).format == "export"
    expected = [(linked(each.paper), each.keywords or ("",)) for each in holdings]
    assert papers_with_keywords(text) == expected
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


@settings(max_examples=150)
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
    ((DAY, "robots"), (DAY, "ice; snow"), (DAY_BEFORE, "winter")),
    read=True,
)
CAVES = Holding(Paper(fallback_id("Caves", ()), "Caves"), ((DAY, "robots"),), starred=True)
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
    older = replace(CAVES, listed=((DAY_BEFORE, "robots"),))
    elsewhere = replace(CAVES, listed=((DAY, "ice"),))
    nowhere = replace(CAVES, listed=())
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
    noted += "\n# My winter\n#\n# Papers of 2026-04-20\n# Papers\n"
    digest = parse(noted)
    assert [each.paper for each in digest.entries] == [ICE.paper] * 3 + [CAVES.paper]
    lines = noted.split("\n")
    left_out = [problem.line for problem in digest.problems if "left out" in problem.message]
    assert [lines[number - 1] for number in left_out] == ["mine", "my own", "# My winter"]


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


def made(title: str = "", *authors: str, id_: str = "2604.18616") -> Holding:
    return Holding(Paper(id_, title, authors=authors))


def test_an_entry_is_what_arxiv_recommends() -> None:
    assert (
        citation(ICE)
        == r"""@misc{moss2026re,
  title = {[Re] Walking on $x_1$},
  author = {Ada Moss and Bo Lin},
  year = {2026},
  eprint = {2603.00001},
  archivePrefix = {arXiv},
  primaryClass = {cs.RO},
  url = {https://arxiv.org/abs/2603.00001},
}"""
    )
    assert citation(CAVES) == "@misc{anon2026caves,\n  title = {Caves},\n  year = {2026},\n}"
    assert "".join(bibtex([ICE, CAVES])) == f"{citation(ICE)}\n\n{citation(CAVES)}\n"
    assert "".join(bibtex([])) == ""


@pytest.mark.parametrize(
    ("title", "written"),
    [
        ("R&D at 5% of #1, a_b, ~9 x^2", r"R\&D at 5\% of \#1, a\_b, \textasciitilde{}9"
         r" x\textasciicircum{}2"),
        (r"R\&D: 5\%, \$5 \_", r"R\&D: 5\%, \$5 \_"),
        ("$5 and $6", r"\$5 and \$6"),
        (r"\emph{One} Poincar\'e G{\"o}del", r"\emph{One} Poincar\'e G{\"o}del"),
        (r"C:\1 \方 \[ \ ", r"C:\textbackslash{}1 \textbackslash{}方 \textbackslash{}["
         r" \textbackslash{}"),
        ("{a {b} c", r"\textbraceleft{}a {b} c"),
        ("a} {b}", r"a\textbraceright{} {b}"),
        (r"\{a\} \}", r"\textbraceleft{}a\textbraceright{} \textbraceright{}"),
        (r"on $x_1^2 \approx a~b$", r"on $x_1^2 \approx a~b$"),
        (r"$\{a$ $b}$ $c\%%#$", r"$\lbrace a$ $b\rbrace $ $c\%\%\#$"),
        ("GPT-4 or Llama-3.1, for LLMs", "{GPT-4} or {Llama-3.1}, for {LLMs}"),
        ("ARES: RL-ABC in 3D by Q-learning", "{ARES}: {RL-ABC} in {3D} by {Q-learning}"),
        ("A Vision-Language Model and CO2", "A Vision-Language Model and {CO2}"),
        (r"$O(\sqrt{T})$ and $k$-NN", r"{$O(\sqrt{T})$} and $k$-{NN}"),
        (r"{GPT-4} \textbf{RL $O(T)$} \"UBER \LaTeX", r"{GPT-4} \textbf{RL $O(T)$} \"UBER \LaTeX"),
        ("two\n lines", "two lines"),
    ],
)  # fmt: skip
def test_a_title_is_latex_and_keeps_its_capitals(title: str, written: str) -> None:
    assert f"\n  title = {{{written}}},\n" in citation(made(title))


@pytest.mark.parametrize(
    ("authors", "written"),
    [
        (["Ada Moss (Lab (North), 5)", "Bo O'Lin"], "Ada Moss and Bo O'Lin"),
        (["Moss, Ada", r"Kurt G\"odel"], r"Moss, Ada and Kurt G\"odel"),
        (["ATLAS Collaboration", "Search and Rescue Team (Lab)"],
         "{ATLAS Collaboration} and {Search and Rescue Team}"),
        (["R&D {Moss", "李明"], r"R\&D \textbraceleft{}Moss and 李明"),
    ],
)  # fmt: skip
def test_authors_are_names_without_affiliations(authors: list[str], written: str) -> None:
    assert f"\n  author = {{{written}}},\n" in citation(made("", *authors))


@pytest.mark.parametrize(
    ("id_", "listed", "year"),
    [
        ("2604.18616", (date(2027, 1, 1),), "2026"),
        ("0704.0001", (), "2007"),
        ("hep-th/9107001", (), "1991"),
        ("math.GT/0703001", (), "2007"),
        ("title:c0ffee", (DAY, DAY_BEFORE), "2026"),
        ("title:c0ffee", (), None),
    ],
)
def test_the_year_is_the_one_of_the_id(
    id_: str, listed: tuple[date, ...], year: str | None
) -> None:
    holding = Holding(Paper(id_, "Ice"), tuple((day, "ice") for day in listed))
    ((key, fields),) = entries(citation(holding)).items()
    assert fields.get("year") == year
    assert key == f"anon{year or ''}ice"


@pytest.mark.parametrize(
    ("title", "author", "key"),
    [
        ("Scaling Laws", "Sergey Levine", "levine2026scaling"),
        ("On the Art of Ice", "Moss, Ada Bo", "moss2026art"),
        ("What Is It?", "Johan Obando-Ceron", "obandoceron2026what"),
        (r"$\alpha$-Fair Caves", r"Kurt G\"odel", "godel2026fair"),
        ("GPT-4 in 3D", "Łukasz Ørsted (Lab)", "orsted2026gpt"),
        ("Caves", "ATLAS Collaboration", "atlascollaboration2026caves"),
        ("冰上行走", "李明", "anon2026"),
    ],
)
def test_a_key_is_family_year_and_word(title: str, author: str, key: str) -> None:
    assert citation(made(title, author)).startswith(f"@misc{{{key},\n")


def test_no_key_is_used_twice() -> None:
    titles = ["Ice", "Icea", *["Ice"] * 28]
    keys = list(entries("".join(bibtex(made(title, "Ada Moss") for title in titles))))
    letters = [key.removeprefix("moss2026ice") for key in keys]
    assert letters == ["", "a", *"bcdefghijklmnopqrstuvwxyz", "aa", "ab", "ac"]


def test_what_the_paper_lacks_has_no_field() -> None:
    old = Paper("hep-th/9901001", "Ice", subjects=(Subject("", "Ice"),))
    assert entries(citation(Holding(old)))["anon1999ice"] == {
        "title": "Ice",
        "year": "1999",
        "eprint": "hep-th/9901001",
        "archivePrefix": "arXiv",
        "url": "https://arxiv.org/abs/hep-th/9901001",
    }
    elsewhere = Paper("title:c0ffee", "", "洞穴", abs_url="https://a.org/{b}_\\")
    assert entries(citation(Holding(elsewhere)))["anon"] == {
        "title": "洞穴",
        "url": "https://a.org/%7Bb%7D_%5C",
    }


def closing(text: str, opening: int) -> int:
    """Where a brace is closed, as BibTeX counts: a backslash before one changes nothing."""
    depth = 0
    for place in range(opening, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0:
            return place
    raise AssertionError("a brace is never closed")


def entries(text: str) -> dict[str, dict[str, str]]:
    """The fields of each entry by its key, and nothing beside the entries."""
    found: dict[str, dict[str, str]] = {}
    while text := text.strip():
        assert text.startswith("@misc{")
        end = closing(text, len("@misc"))
        key, _, rest = text[len("@misc{") : end].partition(",")
        assert re.fullmatch("[a-z0-9]+", key)
        assert key not in found
        found[key] = {}
        while field := re.match(r"\n  (\w+) = (?={)", rest):
            close = closing(rest, field.end())
            found[key][field[1]] = rest[field.end() + 1 : close]
            assert rest[close + 1] == ","
            rest = rest[close + 2 :]
        assert rest == "\n"
        text = text[end + 1 :]
    return found


@settings(max_examples=150)
@given(holdings)
def test_no_text_breaks_a_bibliography(holdings: list[Holding]) -> None:
    written = entries("".join(bibtex(holdings)))
    for holding, fields in zip(holdings, written.values(), strict=True):
        is_on_arxiv = ARXIV_ID.fullmatch(holding.paper.id) is not None
        assert fields.get("eprint") == (holding.paper.id if is_on_arxiv else None)
        for name in ("title", "author"):
            without_escapes = re.sub(r"\\([a-zA-Z]+|.)", "", fields.get(name, ""))
            assert not re.search(r"[%#\\]", without_escapes)
            assert not re.search(r"[&_~^$]", re.sub(r"\$[^$]+\$", "", without_escapes))


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix(BOM), newline=""), strict=True))


def test_a_table_has_a_row_a_paper() -> None:
    names, ice, caves = rows("".join(table([ICE, CAVES])))
    assert dict(zip(names, ice, strict=True)) == {
        "id": "arXiv:2603.00001",
        "title": "[Re] Walking on $x_1$",
        "title_zh": "冰上行走",
        "authors": "Ada Moss (Lab, North); Bo Lin",
        "subjects": "Robotics (cs.RO); Ice",
        "keywords": "robots; ice; snow; winter",
        "digests": "2026-04-22; 2026-04-21",
        "abs_url": "https://arxiv.org/abs/2603.00001",
        "pdf_url": "https://arxiv.org/pdf/2603.00001",
        "read": "true",
        "starred": "false",
        "abstract": "We study ice.\n\n# It is cold.",
        "abstract_zh": "我们研究冰。",
    }
    assert caves[:2] == [CAVES.paper.id, "Caves"]
    assert "".join(table([])) == BOM + ",".join(names) + "\r\n"


@settings(max_examples=150)
@given(holdings)
def test_a_table_reads_back_and_no_cell_is_a_formula(holdings: list[Holding]) -> None:
    for holding, row in zip(holdings, rows("".join(table(holdings)))[1:], strict=True):
        for cell, meant in zip(row, (column(holding) for column in COLUMNS.values()), strict=True):
            assert cell in (meant, f"'{meant}")
            assert not re.match(r"[=+\-@\t\r＝＋－＠]", cell)


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"])
def test_a_formula_is_quoted(sign: str) -> None:
    _, row = rows("".join(table([made(f"{sign}1 = x")])))
    assert row[1] == f"'{sign}1 = x"


BILINGUAL = Paper("1", "Ice", "冰", abstract="Cold.", abstract_zh="冷。")


@pytest.mark.parametrize(
    ("language", "missing", "texts"),
    [
        ("both", {}, ("Ice", "冰", "Cold.", "冷。")),
        ("en", {}, ("Ice", "", "Cold.", "")),
        ("en", {"title": ""}, ("", "冰", "Cold.", "")),
        ("en", {"abstract": ""}, ("Ice", "", "", "冷。")),
        ("zh", {}, ("Ice", "冰", "", "冷。")),
        ("zh", {"title_zh": ""}, ("Ice", "", "", "冷。")),
        ("zh", {"abstract_zh": ""}, ("Ice", "冰", "Cold.", "")),
    ],
)
def test_one_language_is_written_where_the_paper_has_it(
    language: Language, missing: dict[str, Any], texts: tuple[str, ...]
) -> None:
    holding = Holding(replace(BILINGUAL, **missing), ((DAY, "ice"),), starred=True)
    written = in_languages(holding, language)
    paper = written.paper
    assert (paper.title, paper.title_zh, paper.abstract, paper.abstract_zh) == texts
    assert replace(written, paper=holding.paper) == holding


@pytest.mark.parametrize("name", FORMATS)
def test_a_preview_is_how_the_file_begins(name: str) -> None:
    whole = "".join(FORMATS[name].write([ICE, CAVES])).removeprefix(BOM).splitlines()
    for lines in range(len(whole) + 2):
        shown = preview(name, [ICE, CAVES], lines).split("\n")
        assert shown == ([*whole[:lines], "…"] if lines < len(whole) else whole)


@pytest.mark.parametrize("name", FORMATS)
def test_a_preview_takes_no_more_papers_than_it_shows(name: str) -> None:
    papers = iter([ICE] * 20)
    assert preview(name, papers, 1).endswith("\n…")
    assert len(list(papers)) >= 18


def test_each_format_has_its_suffix() -> None:
    suffixes = {name: exporter.suffix for name, exporter in FORMATS.items()}
    assert suffixes == {
        "markdown": ".md",
        "bibtex": ".bib",
        "csv": ".csv",
        "json": ".json",
        "jsonl": ".jsonl",
    }
    assert "".join(FORMATS["markdown"].write([ICE, CAVES])) == ICE_AND_CAVES


def test_choosing_a_format_imports_none() -> None:
    code = "import sys, digest_tui.export; sys.exit(bool({'csv', 'pydantic'} & {*sys.modules}))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
