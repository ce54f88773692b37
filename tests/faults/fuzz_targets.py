"""What is fuzzed: what reads inputs, and what they are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from digest_tui.export.markdown import markdown
from digest_tui.formats.exported import SIGNATURE
from digest_tui.index import Index
from digest_tui.paper import Holding
from digest_tui.store import LONGEST
from tests.faults import fuzz_checks as of
from tests.made import DAY, digest, paper, papers, text

DIGESTS = Path(__file__).parents[1] / "digests"

SIGNS = [
    "\\", "$", "{", "}", "(", ")", "（", "）", "[", "]", "|", '"', "“", "-", "_", "^", "*", "`",
    "'", "''", "~", "<", ">", "#", "%", "&", ";", ":", "：", ",", "，", "=", ".", "/", "!", " ",
    "\n", "\r", "\t", "\0", "\u2028", "\u3000", "\ufeff", "\x1b[31m", "\x1b]0;", "\x9b",
    "\u202e", "\u200d", "\u0301", "中", "学习", "é", "ı", "ﬀ", "㊀", "\U0001f4c4", "\U00020000",
    "a", "0", "1", "a,", "a ", "中，", "https://arxiv.org/abs/2603.00001",
]  # fmt: skip
LATEX = [
    r"\textbf{", r"\emph{", r"{\bf ", r"\(", r"\)", r"\[", r"\]", "$$", r"\$", "``", "--", "al.~[",
    r"\alpha", r"\frac", r"\sqrt[3]", r"\sqrt{", "x_{", "^{", r"\mathbb{", r"\not", r"\le ", r"\'e",
    r"\text{", r"\left.", r"\right)", r"\operatorname*{", r"\'{", r"\href{", r"\url{", r"\hat{",
    r"\textsuperscript{", r"\method", r"\约", "https://", r"\ss", r"\dots", r"\~n", r"\c c",
]  # fmt: skip
LINES = [
    "Keyword: ", "## Keyword:", "# ", "### ", "- Authors: ", "- **Authors:** ", "Authors: ", "__",
    "- Subjects: Subjects:\n", "Machine Learning (cs.LG); ", "- Arxiv link: ", "- Pdf link: ", "**",
    "- Abstract\n", "- Abstract ", "- 中文摘要\n", "中文摘要：", "- Title: ", "中文标题: ", "----",
    "There is no result", "今天共有 2 篇相关文章", "生成时间: 2026-03-02 17:20:00 (UTC+8); ", "> ",
    "Arxiv 发布时间: 2026-03-02 20:00 EST", "New submissions for Mon, 2 Mar 26", "---\ndate: ",
    "[翻译失败]", "- Comments: ", "- ", "* ", "2604.18616v2", SIGNATURE, "(cs.RO)", "Excluded: ",
    "- **Also under:** ", "2026-03-02", "- **Abstract**\n", "\n\n", ": ",
]  # fmt: skip
TYPING = [
    "ti:", "au:", "abs:", "zh:", "id:", "kw:", "cat:", "date:", "is:", "作者：", "分类:", "x:",
    " OR ", " AND ", " NOT ", "-(", "NOT ", '"a b"', '"a"*', '""', "*a", "＊ab", "unread", "f(x)",
    "2026-04-22", "2026..", ">=2026-04", "7d", "..", "9999", "0000", "999999w", "cs.LG,cs.RO",
    "robot", "2604.00001v1", "https://arxiv.org/abs/2604.00001", "NEAR(", "rowid", "sparse",
    "已读", "任务", "\udc80",
]  # fmt: skip
RECORDS = [
    '{"t":[1,0],"k":"2604.00001","f":"star","v":true}\n', '{"h":1,"d":"bbbbbb"}\n', '{"h":2}\n',
    '"t":', '"k":', '"f":', '"v":', '"h":1,', "[1,0]", "[2,1]", "[1,true]", "true", "null", "NaN",
    "-Infinity", "1e999", "9007199254740992", "1.5", "-0", '"\\ud800"', '"\\u0000"', '"note"',
    "{}", "9" * 5000, "[" * 3000, "x" * LONGEST, "\r\n", "\0\0\0\0", "\x0c\n", "\x85\n", '"2604.1"',
]  # fmt: skip
TOML = [
    "theme", "folders", "language", "density", "glyphs", "keys", "[keys]\n", "[[keys]]\n", "keys.",
    ' = "', '"\n', "= '''\n", '"""', '= ["/srv", "~/x"]\n', "= true\n", '= "zh"\n', "= 1\n",
    'read = "x, ctrl+x"\n', 'star = ","\n', '"read-all" = "f12"\n', "down = ", "# ", "1979-05-27",
    "\\u0061", "1" * 5000, "[" * 3000, "a." * 500, "nan", "inf", "0x", "~nobody/x", "..",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Target:
    """What reads inputs, and what they are made of."""

    check: Callable[[bytes], str]
    """Raises where something does not hold; returns the shape of what was made of the input."""
    read: Callable[[bytes], object]
    """What the program does with an input, without any looking at what comes of it."""
    corpus: Sequence[bytes]
    tokens: Sequence[bytes]
    openings: Sequence[bytes] = ()
    """Beginnings behind which a token is repeated."""
    longest: int = 1500
    """Bytes of an input at most, unless it is one to measure."""


def encoded(*tokens: str) -> list[bytes]:
    return [token.encode("utf-8", "surrogateescape") for token in tokens]


def indexed(folder: Path) -> Index:
    """An index of five papers, of which two are Chinese."""
    index = Index(folder / "index.sqlite3")
    listed = [*papers(1, 2, 3), paper(4, title="扩散策略", title_zh=""), paper(5, authors=())]
    with index.change() as writer:
        writer.add(*digest(text(listed), "0.txt"))
    return index


@contextmanager
def targets(folder: Path) -> Iterator[dict[str, Target]]:
    """Every target by its name; they write into a folder."""
    digests = [path.read_bytes() for path in sorted(DIGESTS.iterdir()) if path.suffix != ".json"]
    digests += encoded("".join(markdown([Holding(paper(1), ((DAY, "a"), (DAY, "b;c")))])))
    typed = encoded(
        'ti:"a b" OR (au:levine -is:read) cat:cs.RO,cs.CV', "date:2026-01..2026-03 强化"
    )
    journals = encoded("".join(RECORDS[:2] * 3), RECORDS[1] + RECORDS[0][:-1])
    configs = encoded('theme = "nord"\nfolders = ["/srv"]\n[keys]\nread = "x"\nstar = "y"\n')
    abstracts = encoded(paper(1).abstract, " ".join(LATEX), r"$\frac{1}{2}$--\% of ``$x_i$''")
    lines, latex, typing = (encoded(*tokens, *SIGNS) for tokens in (LINES, LATEX, TYPING))
    records, toml = (encoded(*tokens, *SIGNS) for tokens in (RECORDS, TOML))
    journal = partial(of.check_journal, folder), partial(of.read_journal, folder)
    queries = encoded("", "ti:", 'kw:"', "a (")
    papers = encoded("", "Keyword: a\nTitle\n- Authors: ", "## Keyword: a\n### b\n- **Abstract**\n")
    with closing(indexed(folder)) as index:
        search = partial(of.check_search, index)
        yield {
            "digest": Target(of.check_digest, of.read_digest, digests, lines, papers),
            "markdown": Target(
                of.check_markdown, of.exported, digests, [*lines, *encoded(*LATEX)], papers
            ),
            "query": Target(of.check_query, of.read_query, typed, typing, queries, 400),
            "search": Target(search, of.read_query, typed, typing, longest=400),
            "journal": Target(*journal, journals, records, encoded("", '{"v":"')),
            "settings": Target(
                of.check_settings,
                of.read_settings,
                configs,
                toml,
                encoded("", 'theme = "', "x = ["),
            ),
            "latex": Target(
                of.check_latex, of.read_latex, abstracts, latex, encoded("", "$", r"\textbf{", "``")
            ),
        }
