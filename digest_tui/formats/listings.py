"""From blocks to listings: which blocks make a paper, and which lines are its titles.

One machine reads plain text and Markdown. A paper begins at a heading that a label follows, or at
a label that cannot belong to the paper before. In the second case its titles are the last lines
of the block before, and how many they are is told by letters: an abstract in between stays whole.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from digest_tui.formats import dates
from digest_tui.formats.lines import (
    ABSTRACTS,
    FIELDS,
    HEAD,
    Block,
    Kind,
    Row,
    han_share,
    is_chinese,
    left_out,
)
from digest_tui.paper import Problem, has_han

_KNOWN = re.compile(
    r"there (?:is|are) no results?\W*$|(?:keyword list|excluded)\s*:", re.IGNORECASE
)
"""What a section may say where its papers would stand."""
_SENTENCE_END = re.compile(r"(?:[.!?。！？…)）\]】}”’\"'」』$]|URL|/\S*)$")


@dataclass(frozen=True, slots=True)
class Listing:
    """A paper as it stands in the digest: its titles, and a block for each labelled field."""

    keyword: str
    line: int
    titles: tuple[str, ...]
    fields: tuple[Block, ...]


class Reader:
    """Reads blocks one after the other; what it has read so far is in its attributes."""

    def __init__(self) -> None:
        self.keywords: dict[str, None] = {}
        self.listings: list[Listing] = []
        self.problems: list[Problem] = []
        self.declared: int | None = None
        self.declared_line = 0
        self.stated = dates.Stated()
        self._keyword = ""
        self._unproven: Block | None = None
        self._titles: tuple[Row, ...] = ()
        self._fields: list[Block] = []
        self._headed = False
        self._loose: tuple[Row, ...] = ()

    def read(self, blocks: Sequence[Block]) -> None:
        """Reads a whole digest."""
        nothing = Block(Kind.START, 0, "")
        for block, following in pairwise((*blocks, nothing)):
            if block.kind in FIELDS:
                self._field(block)
            elif block.kind is Kind.HEADING and following.kind in FIELDS:
                self._headed_paper(block)
            elif block.kind is Kind.RULE and not block.rows:
                continue
            else:
                self._section(block)
        self._end()

    def _field(self, block: Block) -> None:
        block = self._second_abstract(block)
        if self._begins_paper(block.kind):
            labelled = block.kind in (Kind.TITLE, Kind.TITLE_ZH)
            titles = () if labelled else self._take_titles()
            self._close()
            self._begin(titles)
        if self._loose:
            self._drop_loose()
        self._fields.append(block)

    def _second_abstract(self, block: Block) -> Block:
        """`摘要` beside `Abstract`: of two with one meaning, the second is the other language."""
        if block.kind is not Kind.ABSTRACT:
            return block
        abstracts = [field for field in self._fields if field.kind in ABSTRACTS]
        if [field.kind for field in abstracts] != [Kind.ABSTRACT]:
            return block
        same = is_chinese(block.text) == is_chinese(abstracts[0].text)
        return block if same else replace(block, kind=Kind.ABSTRACT_ZH)

    def _begins_paper(self, kind: Kind) -> bool:
        if not self._fields:
            return not self._headed
        kinds = [field.kind for field in self._fields]
        if kind in kinds:
            return True
        return kind in HEAD and not self._headed and not ABSTRACTS.isdisjoint(kinds)

    def _begin(self, titles: tuple[Row, ...]) -> None:
        self._titles, self._headed, self._unproven = titles, False, None
        self.keywords.setdefault(self._keyword)

    def _headed_paper(self, block: Block) -> None:
        self._close()
        self._drop_loose()
        rows = block.rows
        if block.value:
            rows = (Row(block.line, block.value), *rows)
        self._begin(rows[:2])
        self._loose = rows[2:]
        self._headed = True

    def _section(self, block: Block) -> None:
        if block.kind is not Kind.RULE:
            self._close()
        self._drop_loose()
        if block.kind in (Kind.KEYWORD, Kind.HEADING):
            self._open(block)
        elif block.kind is Kind.COUNT:
            self.declared = (self.declared or 0) + int(block.value)
            self.declared_line = block.line
        elif block.kind is Kind.HEADER:
            self._header(block, dates.in_header(block.value))
        self._loose = tuple(row for row in block.rows if not _KNOWN.match(row.text))

    def _open(self, block: Block) -> None:
        if self._unproven:
            self.problems += left_out([Row(self._unproven.line, self._unproven.value)])
            self._unproven = None
        if block.kind is Kind.HEADING and dates.in_text(block.value):
            self._header(block, dates.Stated())
            return
        self._keyword = block.value
        if block.kind is Kind.KEYWORD:
            self.keywords.setdefault(block.value)
        else:
            self._unproven = block

    def _header(self, block: Block, stated: dates.Stated) -> None:
        message = ""
        if stated.day is None:
            stated = dates.Stated(dates.in_text(block.value))
        elif not (stated.announced_at and stated.generated_at):
            message = "not every time in this line could be read"
        if stated.day is None:
            message = "the day could not be read from this line"
        elif self.stated.day is None:
            self.stated = stated
        elif self.stated.day != stated.day:
            message = "another day than the one stated first, left out"
        if message:
            self.problems.append(Problem(block.line, f"{message}: “{block.value}”"))

    def _take_titles(self) -> tuple[Row, ...]:
        """The lines before the block at hand that are the titles of its paper, taken away."""
        if self._loose or not self._fields:
            rows, kind, needed = self._loose, Kind.KEYWORD, 0
        else:
            last = self._fields[-1]
            rows, kind = last.rows, last.kind
            needed = int(kind not in ABSTRACTS and not last.value)
        number = count_titles([row.text for row in rows], kind, needed)
        kept, titles = rows[: len(rows) - number], rows[len(rows) - number :]
        if kind is Kind.KEYWORD:
            self._loose = kept
        elif titles:
            self._fields[-1] = _before(last, titles[0])
        return titles

    def _drop_loose(self) -> None:
        self.problems += left_out(self._loose)
        self._loose = ()

    def _close(self) -> None:
        if self._titles or self._fields:
            line = self._titles[0].line if self._titles else self._fields[0].line
            titles = tuple(row.text for row in self._titles)
            self.listings.append(Listing(self._keyword, line, titles, tuple(self._fields)))
        self._titles, self._fields, self._headed = (), [], False

    def _end(self) -> None:
        self._footer()
        self._dangling_title()
        self._cut_off()
        self._close()
        self._drop_loose()
        if self._unproven:
            self.problems += left_out([Row(self._unproven.line, self._unproven.value)])

    def _footer(self) -> None:
        """Where a generator indents its abstracts, flush lines after a blank one end the file."""
        last = self._fields[-1] if self._headed and self._fields else None
        if last is None or last.kind not in ABSTRACTS or not last.body[:1]:
            return
        if not last.body[0].text.startswith(" "):
            return
        for above, row in pairwise(last.body):
            if not above.text.strip() and row.text.strip() and not row.text.startswith(" "):
                self._fields[-1] = _before(last, row)
                self._loose = last.rows[len(self._fields[-1].rows) :]
                return

    def _dangling_title(self) -> None:
        """Titles at the end make a paper where one more is announced and titles usually stand."""
        listed = len(self.listings) + bool(self._fields)
        if self._headed or (self.declared or 0) <= listed:
            return
        if not self._loose:
            usual = self.listings[-1].fields[-1].kind if self.listings else Kind.ABSTRACT_ZH
            if not self._fields or self._fields[-1].kind is not usual:
                return
            self._drop_fragment()
            if "\n" not in self._fields[-1].text:
                return
        fields, loose = self._fields.copy(), self._loose
        titles = self._take_titles()
        if titles and not _ends_sentence(titles[0].text):
            self._close()
            self._begin(titles)
        else:
            self._fields, self._loose = fields, loose

    def _drop_fragment(self) -> None:
        """The first letters of a label, where the end of the file cuts it off."""
        last = self._fields[-1]
        if last.rows and last.rows[-1].text.startswith(("- ", "* ", "• ")):
            fragment = last.rows[-1]
            self._fields[-1] = _before(last, fragment)
            self.problems += left_out([fragment])

    def _cut_off(self) -> None:
        """A last paper without an abstract, or one that stops within a sentence."""
        last = self._fields[-1] if self._fields else None
        if self._titles and ABSTRACTS.isdisjoint(field.kind for field in self._fields):
            line, message = self._titles[0].line, "the digest ends within this paper"
        elif last and last.kind in ABSTRACTS and not _ends_sentence(last.text or "."):
            line, message = last.line, "the digest ends within a sentence"
        else:
            return
        self.problems.append(Problem(line, f"{message} and may be cut off; kept as it stands"))


def _before(block: Block, row: Row) -> Block:
    return replace(block, body=tuple(each for each in block.body if each.line < row.line))


def _ends_sentence(text: str) -> bool:
    return _SENTENCE_END.search(text[-200:]) is not None


def count_titles(lines: Sequence[str], kind: Kind, needed: int) -> int:
    """How many of the last lines of a block are titles: 2 with a Chinese one, 1, or 0.

    `needed` lines belong to the block itself, whatever they look like.
    """
    available = len(lines) - needed
    if available <= 1:
        return max(available, 0)
    before, last = lines[-2:]
    if has_han(last) and not is_chinese(before) and han_share(before) < han_share(last):
        return 2
    if kind is Kind.KEYWORD:
        return 2 if available == 2 else 1
    if kind is Kind.ABSTRACT_ZH and available == 3 and has_han(before) == has_han(last):
        return 2
    follows_chinese = available > 2 and has_han(lines[-3])
    return 2 if follows_chinese and not has_han(before) and not has_han(last) else 1
