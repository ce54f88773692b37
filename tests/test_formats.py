"""Digests read: the real ones, odd ones in `digests/`, and every mutation of them."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from digest_tui.formats import decode, excerpt, parse, why_not_text
from digest_tui.formats.dates import in_header, in_text
from digest_tui.formats.drafts import split_subjects
from digest_tui.formats.lines import clean
from digest_tui.paper import Digest

HERE = Path(__file__).parent / "digests"
REAL = Path(__file__).parents[2] / "shared" / "digests"
PLAIN = (HERE / "plain.txt").read_text(encoding="utf-8")
LABELS = re.compile("Keyword|Authors|Subjects|Arxiv link|Pdf link|Abstract")

real = pytest.mark.parametrize(
    "path",
    [pytest.param(path, id=path.name) for path in sorted(REAL.glob("*.txt"))]
    or [pytest.param(REAL, marks=pytest.mark.skip(reason=f"no digests in {REAL}"))],
)


def outcome(digest: Digest) -> dict[str, object]:
    """What a digest says, as the files beside the odd digests have it; empty fields left out."""
    return {
        "format": digest.format,
        "date": digest.date and digest.date.isoformat(),
        "declared": digest.declared,
        "keywords": list(digest.keywords),
        "entries": [
            {"keyword": entry.keyword, "position": entry.position, "line": entry.line}
            | {name: value for name, value in asdict(entry.paper).items() if value}
            | {"subjects": [str(subject) for subject in entry.paper.subjects]}
            for entry in digest.entries
        ],
        "problems": [[problem.line, problem.message] for problem in digest.problems],
    }


@pytest.mark.parametrize("path", sorted(HERE.glob("*.expected.json")), ids=lambda path: path.name)
def test_an_odd_digest_is_read_as_expected(path: Path) -> None:
    (source,) = (each for each in HERE.glob(f"{path.name.split('.')[0]}.*") if each != path)
    text, problems = decode(source.read_bytes())
    assert problems == ()
    digest = parse(text)
    assert json.loads(json.dumps(outcome(digest))) == json.loads(path.read_text(encoding="utf-8"))


def test_every_odd_digest_has_its_expected_outcome() -> None:
    sources = {path.stem for path in HERE.iterdir() if path.suffix != ".json"}
    assert sources == {path.name.split(".")[0] for path in HERE.glob("*.expected.json")}


def respelled(pattern: str, by: str) -> Callable[[str], str]:
    return lambda text: re.sub(pattern, by, text, flags=re.MULTILINE)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(respelled("\n", "\r\n"), id="CRLF"),
        pytest.param(respelled("\n", "\r"), id="CR"),
        pytest.param(respelled("\n", "\u2028"), id="line separators"),
        pytest.param(respelled("^", "\ufeff"), id="byte order marks"),
        pytest.param(respelled("$", " \t\u3000"), id="trailing blanks"),
        pytest.param(respelled("^", "  "), id="indented"),
        pytest.param(respelled("\n", "\n\n"), id="blank lines"),
        pytest.param(respelled("^- ", "* "), id="stars"),
        pytest.param(respelled("^- ", "• "), id="dots"),
        pytest.param(respelled("^- ", ""), id="no bullets"),
        pytest.param(respelled("^- ", "> - "), id="quoted"),
        pytest.param(respelled(r"^- ([\w ]+)", r"- **\1**"), id="bold"),
        pytest.param(respelled(r"^- ([\w ]+:)", r"- **\1**"), id="bold with the colon"),
        pytest.param(respelled(r"^- ([\w ]+)", r"__\1__"), id="bold and no bullets"),
        pytest.param(respelled("^- ", "- 📄 "), id="emoji"),
        pytest.param(respelled(r"^(- [\w ]+|Keyword):", r"\1："), id="full-width colons"),
        pytest.param(respelled(r"^(- [\w ]+|Keyword):", r"\1 : "), id="blanks around colons"),
        pytest.param(respelled(r"^- (Abstract|中文摘要)$", r"- \1:"), id="colons after abstract"),
        pytest.param(respelled(r"^- (Abstract|中文摘要)\n", r"- \1: "), id="abstract on the line"),
        pytest.param(respelled(r"^- (Abstract|中文摘要)\n", r"- \1 "), id="abstract joined"),
        pytest.param(respelled(r"Subjects: Subjects:\n", "Subjects: "), id="subjects on the line"),
        pytest.param(
            lambda text: text.replace("Authors", "ＡＵＴＨＯＲＳ"), id="full-width letters"
        ),
        pytest.param(lambda text: LABELS.sub(lambda label: label[0].upper(), text), id="capitals"),
        pytest.param(respelled("^Keyword", "\n----\nKeyword"), id="rules"),
        pytest.param(respelled("^Keyword", "## Keyword"), id="Markdown keywords"),
    ],
)
def test_the_same_digest_in_another_spelling_says_the_same(change: Callable[[str], str]) -> None:
    expected, found = parse(PLAIN), parse(change(PLAIN))
    assert [(e.keyword, e.position, e.paper) for e in found.entries] == [
        (e.keyword, e.position, e.paper) for e in expected.entries
    ]
    assert (found.date, found.problems) == (expected.date, ())


def test_a_digest_cut_anywhere_keeps_what_came_before_and_says_so() -> None:
    whole = [entry.paper for entry in parse(PLAIN).entries]
    for end in range(PLAIN.index("Walking"), PLAIN.index("Keyword: spoons")):
        cut = parse(PLAIN[:end])
        before = [entry.paper for entry in cut.entries][:-1]
        assert before == whole[: len(before)]
        assert cut.problems or PLAIN[:end].rstrip().endswith(("$", "}", ")", "/", "URL", "。"))


def test_decomposed_text_stays_decomposed() -> None:
    text = unicodedata.normalize("NFD", PLAIN.replace("Ada", "Añá"))
    assert parse(text).entries[0].paper.authors[0] == unicodedata.normalize("NFD", "Añá Moss")
    assert parse(text).problems == ()


def written(digest: Digest) -> Iterator[str]:
    """The lines of a real digest, written anew from what was read of it."""
    made, told = digest.generated_at, digest.announced_at
    assert made
    assert told
    here = told.astimezone(made.tzinfo)
    yield (
        f"生成时间: {made:%Y-%m-%d %H:%M:%S} (UTC+8); Arxiv 发布时间: {told:%Y-%m-%d %H:%M} EDT"
        f" ({here:%Y-%m-%d %H:%M} UTC+8)"
    )
    yield f"今天共有 {digest.declared} 篇相关文章"
    for keyword in digest.keywords:
        yield f"Keyword: {keyword}"
        papers = [entry.paper for entry in digest.entries if entry.keyword == keyword]
        yield from () if papers else ("There is no result",)
        for paper in papers:
            yield from (paper.title, paper.title_zh, f"- Authors: {', '.join(paper.authors)}")
            yield from ("- Subjects: Subjects:", "; ".join(map(str, paper.subjects)))
            yield from (f"- Arxiv link: {paper.abs_url}", f"- Pdf link: {paper.pdf_url}")
            yield from ("- Abstract", *paper.abstract.split("\n"))
            yield from ("- 中文摘要", *paper.abstract_zh.split("\n"))


@real
def test_a_real_digest_is_read_whole(path: Path) -> None:
    text, problems = decode(path.read_bytes())
    digest = parse(text, path.name)
    assert (digest.format, problems, digest.problems) == ("text", (), ())
    assert list(written(digest)) == text.split("\n")
    assert all(entry.paper.id in entry.paper.abs_url for entry in digest.entries)
    assert [text.split("\n")[e.line - 1] for e in digest.entries] == [
        e.paper.title for e in digest.entries
    ]


@real
def test_a_real_digest_holds_as_many_papers_as_counted(path: Path) -> None:
    digest = parse(path.read_text(encoding="utf-8"))
    found = [(kw, sum(entry.keyword == kw for entry in digest.entries)) for kw in digest.keywords]
    papers, sections = {"2025-10-16": (34, [33, 2]), "2026-04-22": (35, [35, 0])}[path.stem]
    assert found == list(zip(("reinforcement learning", "diffusion policy"), sections, strict=True))
    assert (len(digest.entries), len(digest.papers)) == (35, papers)


LINES = {
    "text": """
        生成时间: 2026-03-02 17:20:00 (UTC+8); Arxiv 发布时间: 2026-03-02 20:00 EST
        今天共有 2 篇相关文章
        Keyword: @
        There is no result
        Title @ of it
        标题 @ 之类
        - Authors: A @, B (lab @)
        Authors: A @
        - Subjects: Subjects:
        Field @ (cs.RO)
        - Arxiv link: https://arxiv.org/abs/2603.0000%?@
        - Pdf link: https://arxiv.org/pdf/2603.0000%?@ and @
        - Abstract
        - Abstract: we @
        We see @.
        - 中文摘要
        我们 @ 看。
        - Comments: @ pages
        - Title: @
        - 中文标题: 也 @
        ----
    """,
    "markdown": """
        # Showing new listings for Monday, 2 March 2026
        ## Keyword: @
        There is no result
        ### Title @ of it
        ### Title:
        # Something @
        标题 @ 之类
        loose @
         - **Authors:** A @, B (lab @)
         - **Subjects:** Subjects:
        Field @ (cs.RO)
         - **Arxiv link:** https://arxiv.org/abs/2603.0000%?@
         - **Pdf link:** [@](https://arxiv.org/pdf/2603.0000%?@) @
         - **Abstract**
         We see @.
         - **中文摘要**
         我们 @ 看。
         - **Comments:** @ pages
         - **标题:** 也 @
        ---
    """,
    "export": """
        # Papers of 2026-03-02
        ## Keyword: @
        ### Title @ of it
        标题 @ 之类
        loose @
        - **Authors:** A @, B (lab @)
        - **Subjects:** Field @ (cs.RO)
        - **Arxiv link:** https://arxiv.org/abs/2603.0000%?@
        - **Pdf link:** https://arxiv.org/pdf/2603.0000%?@
        - **Also under:** a @; b @
        - **Abstract**
        We see @.
        - **中文摘要**
        我们 @ 看。
    """,
}
FIRST = {
    "text": "Keyword: @",
    "markdown": "## Keyword: @",
    "export": "<!-- digest-tui markdown 1 -->",
}


@st.composite
def shuffled_digests(draw: st.DrawFn) -> str:
    """A digest whose lines stand in nearly any order, with a word of its own for every `@`."""
    format_ = draw(st.sampled_from(sorted(LINES)))
    known = LINES[format_].strip("\n").replace("\n        ", "\n").strip().split("\n")
    usual = draw(st.integers(0, 3)) * known
    lines = [
        FIRST[format_],
        *usual,
        *draw(st.lists(st.sampled_from([*known, "", "- "]), max_size=12)),
    ]
    for _ in range(draw(st.integers(0, 4))):
        at, by = draw(st.integers(1, len(lines))), draw(st.sampled_from([*known, "", "@ @"]))
        lines[at : at + draw(st.integers(0, 2))] = [by] if draw(st.booleans()) else []
    words = iter(range(10_000))
    text = re.sub("@", lambda _: f"w{next(words)}w", "\n".join(lines)) + "\nhttps://arxiv.org/"
    return re.sub("%", lambda _: str(draw(st.integers(0, 3))), text)


def said(digest: Digest) -> str:
    """Everything that a digest says, in one text."""
    papers = (str(list(asdict(entry.paper).values())) for entry in digest.entries)
    problems = (problem.message for problem in digest.problems)
    return "\n".join((*digest.keywords, *papers, *problems))


@settings(max_examples=150)
@given(shuffled_digests())
def test_every_word_of_a_digest_is_in_a_field_or_in_a_problem(text: str) -> None:
    digest = parse(text)
    assert digest.format
    found = said(digest)
    assert [word for word in re.findall("w[0-9]+w", text) if word not in found] == []
    assert all(0 <= problem.line <= text.count("\n") + 1 for problem in digest.problems)


@settings(max_examples=100)
@given(shuffled_digests(), st.text(), st.integers(0, 2000))
@example("", "- Authors: a\n- lınk: b\n- abſtract\nc\n", 400)
@example("", "- Authors: a\n- 中文摘要\n\ufa6e\n", 400)
def test_no_text_makes_the_reader_raise(digest: str, junk: str, at: int) -> None:
    for text in (junk, digest[:at] + junk + digest[at:], PLAIN[:at] + junk + PLAIN[at:]):
        parsed = parse(text, junk)
        assert parsed.format or parsed.problems


@settings(max_examples=100)
@given(st.binary(max_size=40), st.integers(0, 2000))
@example(b"\xff\xfea", 0)
def test_no_bytes_make_the_reader_raise(junk: bytes, at: int) -> None:
    data = PLAIN.encode()
    text, problems = decode(data[:at] + junk + data[at:])
    parse(text)
    assert "\ufffd" in text or not problems


@settings(max_examples=200)
@given(st.text(st.characters(max_codepoint=0xFFFF) | st.sampled_from("\x1b[];m\x07\x9b\u202e\r\n")))
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    cleaned = clean(text)
    assert not [c for c in cleaned if unicodedata.category(c) in ("Cc", "Cs") and c != "\n"]
    assert not re.search("[\u202a-\u202e\u2066-\u2069\ufeff\u2028\u2029]", cleaned)
    assert clean(cleaned) == cleaned


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("a\x1b[1;31mb\x1b[0mc", "abc"),
        ("a\x1b]0;title\x07b\x1b]8;;https://a.example\x1b\\c", "abc"),
        ("a\x1bPpayload\x1b\\b\x90payload\x9cc", "abc"),
        ("a\x1b]never closed\nb", "anever closed\nb"),
        ("a\x1b(Bb\x1bcc\x9b2Jd", "abcd"),
        ("a\tb\x00\x7f\x85c", "a bc"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("\ufeffa\u202eb\u2066c\U000e0041", "abc"),
        ("a\ud800b", "a\ufffdb"),
        ("e\u0301\u200d\u3000\u00a0$\\alpha$", "e\u0301\u200d\u3000\u00a0$\\alpha$"),
    ],
)
def test_control_sequences_go_as_a_whole(raw: str, cleaned: str) -> None:
    assert clean(raw) == cleaned


@pytest.mark.parametrize(
    ("data", "text", "lines"),
    [
        ("a\n中".encode(), "a\n中", []),
        ("a\n中".encode("utf-8-sig"), "a\n中", []),
        ("a\n中".encode("utf-16"), "a\n中", []),
        (b"a\n\xffb\xfe", "a\n\ufffdb\ufffd", [2]),
        (b"\xff\xfea\x00b", "a\ufffd", [1]),
        (b"", "", []),
    ],
)
def test_bytes_become_text_and_name_what_is_none(data: bytes, text: str, lines: list[int]) -> None:
    decoded, problems = decode(data)
    assert (decoded, [problem.line for problem in problems]) == (text, lines)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"%PDF-1.7", "a PDF file"),
        (b"PK\x03\x04", "a ZIP archive or an office document"),
        (b"Keyword: a\x00", "not text: it holds NUL bytes"),
        ("Keyword: a".encode("utf-16"), ""),
        ("关键词：".encode(), ""),
        (b"", ""),
    ],
)
def test_a_file_that_holds_no_text_is_told_by_its_bytes(data: bytes, reason: str) -> None:
    assert why_not_text(data) == reason


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("New submissions for Fri, 10 Feb 23", date(2023, 2, 10)),
        ("New submissions for Tue,  2 May 23 (showing 9 of 9 entries )", date(2023, 5, 2)),
        ("Showing new listings for Monday, 5 October 2026", date(2026, 10, 5)),
        ("Latest 15 Papers - August 21, 2026", date(2026, 8, 21)),
        ("论文全览：2024-08-16", date(2024, 8, 16)),
        ("2026年4月22日", date(2026, 4, 22)),
        ("2026-04-22-Arxiv-Daily-Paper.md", date(2026, 4, 22)),
        ("Updated on 2026.06.29", date(2026, 6, 29)),
        ("31 Feb 2026", None),
        ("5 Papers 2026", None),
        ("120260422-1-2", None),
        ("", None),
    ],
)
def test_a_day_is_read_as_people_write_it(text: str, day: date | None) -> None:
    assert in_text(text) == day


@pytest.mark.parametrize(
    ("announced", "iso"),
    [
        ("2026-03-02 20:00 EST", "2026-03-02T20:00:00-05:00"),
        ("2026-07-02 20:00 EDT (2026-07-03 08:00 UTC+8)", "2026-07-02T20:00:00-04:00"),
        ("2026-07-03 08:00:01 (UTC+8)", "2026-07-03T08:00:01+08:00"),
        ("2026-07-03 08:00", None),
        ("2026-07-03 08:00 UTC+99", None),
        ("2026-07-03 25:00 EDT", None),
    ],
)
def test_a_moment_without_its_zone_is_no_moment(announced: str, iso: str | None) -> None:
    stated = in_header(f"生成时间: 2026-07-01; Arxiv 发布时间: {announced}")
    assert (stated.announced_at and stated.announced_at.isoformat()) == iso
    assert stated.day
    assert str(stated.day) == announced[:10]
    assert stated.generated_at is None


def test_the_day_is_the_headings_or_the_front_matters_or_the_names_or_the_callers() -> None:
    body = "## Keyword: a\nThere is no result\n"
    front = "---\ndate: 2026-03-02\n---\n"
    heading = "# New submissions for Sun, 1 Mar 26\n"
    name, last = "2026-03-03.md", date(2026, 3, 4)
    days = [parse(text, name, last).date for text in (front + heading + body, front + body, body)]
    assert days == [date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3)]
    by_caller = parse(body, "notes.md", last)
    assert by_caller.date == last
    assert [p.message for p in by_caller.problems] == [f"the digest states no day; taken as {last}"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\n",
        "Keyword: a",
        "# Heading\n\nText.",
        "Title: a\nLink: https://arxiv.org/abs/2603.00001",
    ],
)
def test_a_text_that_is_no_digest_gives_no_entries_and_says_so(text: str) -> None:
    digest = parse(text, "2026-03-02.txt")
    assert (digest.format, digest.entries) == ("", ())
    assert [problem.line for problem in digest.problems] == [0]


@pytest.mark.parametrize(
    ("text", "subjects"),
    [
        (
            "Robotics (cs.RO); Graphs, Trees (cs.DS)",
            "cs.RO|Robotics cs.DS|Graphs, Trees",
        ),
        ("Robotics (cs.RO), Machine Learning (stat.ML)", "cs.RO|Robotics stat.ML|Machine Learning"),
        ("机器人（cs.RO）；Theory (hep-th)", "cs.RO|机器人 hep-th|Theory"),
        ("cs.RO cs.CV, math-ph", "cs.RO| cs.CV| math-ph|"),
        ("Something (else); ", "|Something (else)"),
        ("", ""),
    ],
)
def test_subjects_are_names_with_codes(text: str, subjects: str) -> None:
    found = split_subjects(text)
    assert " ".join(f"{subject.code}|{subject.name}" for subject in found) == subjects
    assert split_subjects("; ".join(map(str, found))) == found


@pytest.mark.parametrize("name", ["two_keywords.txt", "f1_bilingual.md", "plain.txt", "topics.md"])
def test_an_excerpt_is_the_papers_own_lines(name: str) -> None:
    text = (HERE / name).read_text("utf-8")
    digest = parse(text)
    own = [excerpt(text, digest, paper.id) for paper in digest.papers]
    for paper, lines in zip(digest.papers, own, strict=True):
        assert paper.title in lines.split("\n")[0]
        assert paper.abstract.split("\n")[0] in lines
        assert [other.title for other in digest.papers if other.title in lines] == [paper.title]
        assert "Keyword:" not in lines
        assert lines in text
    assert excerpt(text, digest, "no such paper") == ""
