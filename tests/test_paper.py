"""The values of a digest: ids, authors, subjects."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest_tui.paper import (
    ARXIV_URL,
    Digest,
    Entry,
    Paper,
    Subject,
    fallback_id,
    has_han,
    is_web_link,
    name_of,
    split_authors,
)


@pytest.mark.parametrize(
    ("link", "is_one"),
    [
        ("https://arxiv.org/help", True),
        ("http://export.arxiv.org", True),
        ("HTTPS://Example.org:8080/a?b#c@d", True),
        ("", False),
        ("example.org/a", False),
        ("file://host/etc/passwd", False),
        ("https:///etc/passwd", False),
        ("https://arxiv.org/abs/", False),
        ("https://example.org@evil.example/", False),
        ("https://arxiv.org.evil.example/", False),
        ("https://xn--e1awd7f.example/", False),
        ("http://127.0.0.1/", False),
        ("http://[::1]/", False),
        ("https://example.org/a b", False),
    ],
)
def test_a_web_link_is_a_plain_one(link: str, is_one: bool) -> None:
    assert is_web_link(link) == is_one


@pytest.mark.parametrize(
    ("link", "id_"),
    [
        ("https://arxiv.org/abs/2604.18616", "2604.18616"),
        ("http://arxiv.org/pdf/2604.18616v3.pdf", "2604.18616"),
        ("https://www.arxiv.org/abs/0704.0001v1", "0704.0001"),
        ("https://export.arXiv.org/html/2604.18616v1", "2604.18616"),
        ("https://arxiv.org/abs/hep-th/9901001v2", "hep-th/9901001"),
        ("https://arxiv.org/pdf/math.GT/0309136", "math.GT/0309136"),
        ("https://arxiv.org/abs/", None),
        ("https://example.org/abs/2604.18616", None),
    ],
)
def test_a_link_holds_its_id_without_the_version(link: str, id_: str | None) -> None:
    found = ARXIV_URL.match(link)
    assert (found and found[1]) == id_


@pytest.mark.parametrize(
    ("text", "authors"),
    [
        ("Ada Moss, Bo Lin", ("Ada Moss", "Bo Lin")),
        (
            "Ada Moss (Lab (North, Upper), 1), Bo Lin",
            ("Ada Moss (Lab (North, Upper), 1)", "Bo Lin"),
        ),
        ("莫爱达（雪所，三部），林波", ("莫爱达（雪所，三部）", "林波")),
        ("Ada (never closed, Bo", ("Ada (never closed", "Bo")),
        ("Ada), Bo (x, y)", ("Ada)", "Bo (x, y)")),
        (" , Ada,, ", ("Ada",)),
        ("", ()),
    ],
)
def test_authors_are_split_outside_parentheses(text: str, authors: tuple[str, ...]) -> None:
    assert split_authors(text) == authors


@given(st.lists(st.sampled_from("ab(（)）,， "), max_size=12).map("".join))
def test_splitting_authors_joined_again_changes_nothing(text: str) -> None:
    authors = split_authors(text)
    assert split_authors(", ".join(authors)) == authors
    assert "".join(authors).replace(" ", "") or not set(text) - set(",， ")


@pytest.mark.parametrize(
    ("author", "name"),
    [
        ("Ada Moss (Lab)", "Ada Moss"),
        ("林波（雪所）", "林波"),
        ("Bo Lin", "Bo Lin"),
        ("(Lab)", "(Lab)"),
    ],
)
def test_a_name_stands_without_its_affiliation(author: str, name: str) -> None:
    assert name_of(author) == name


@pytest.mark.parametrize(
    ("title", "authors"),
    [
        ("walking  ROBOTS: on ice", ("Ada Moss (Lab)", "Another")),
        (r"\textbf{Walking} Robots on $\it Ice$", ("ada moss",)),
        (unicodedata.normalize("NFD", "Wálking Robots on Ice"), ("Ada Moss",)),
        ("Ｗalking Robots on Ice", ("Ada Moss",)),
    ],
)
def test_a_fallback_id_survives_spelling(title: str, authors: tuple[str, ...]) -> None:
    assert fallback_id(title, authors) == fallback_id("Walking Robots on Ice", ("Ada Moss",))


@pytest.mark.parametrize(
    ("title", "authors"),
    [
        ("Walking Robots on Ice", ("Bo Lin",)),
        ("Walking Robots on Ice", ()),
        ("Walking Robots", ("Ada Moss",)),
        ("冰上行走的机器人", ("Ada Moss",)),
    ],
)
def test_a_fallback_id_tells_papers_apart(title: str, authors: tuple[str, ...]) -> None:
    assert fallback_id(title, authors) != fallback_id("Walking Robots on Ice", ("Ada Moss",))


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        (Subject("cs.RO", "Robotics"), "Robotics (cs.RO)"),
        (Subject("cs.RO", ""), "cs.RO"),
        (Subject("", "Robotics"), "Robotics"),
    ],
)
def test_a_subject_is_written_as_arxiv_does(subject: Subject, text: str) -> None:
    assert str(subject) == text


@pytest.mark.parametrize(
    ("text", "han"), [("a", False), ("é，。", False), ("㐀", True), ("a中", True)]
)
def test_chinese_is_told_by_its_characters(text: str, han: bool) -> None:
    assert has_han(text) is han


def test_a_digest_lists_each_paper_once_at_its_first_place() -> None:
    ice, caves = Paper("1", "Ice"), Paper("2", "Caves")
    again = Paper("1", "Ice, again")
    entries = (Entry("a", 0, ice), Entry("a", 1, caves), Entry("b", 2, again))
    assert Digest("text", None, entries=entries).papers == (ice, caves)


@pytest.mark.parametrize(
    ("id_", "url", "link"),
    [
        ("2604.18616", "http://arxiv.org/abs/2604.18616v2", "http://arxiv.org/abs/2604.18616v2"),
        ("2604.18616", "https://arxiv.org@evil.example/x", "https://arxiv.org/abs/2604.18616"),
        ("2604.18616", "javascript:x", "https://arxiv.org/abs/2604.18616"),
        ("2604.18616", "https://arxiv.org/abs/", "https://arxiv.org/abs/2604.18616"),
        ("2604.18616", "", ""),
        ("title:c0ffee", "https://example.org/x", "https://example.org/x"),
    ],
)
def test_a_file_for_others_holds_no_link_that_leads_elsewhere(
    id_: str, url: str, link: str
) -> None:
    assert Paper(id_, "", abs_url=url).links == (link, "")
