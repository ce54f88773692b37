"""Papers, digests and libraries for the tests, made as small as a test wants them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from digest_tui import formats
from digest_tui.index_writer import FileStamp
from digest_tui.library import Library
from digest_tui.paper import Paper, Subject
from digest_tui.prepared import Prepared, prepare
from digest_tui.settings import throwaway

DAY = date(2026, 4, 22)
REINFORCEMENT, DIFFUSION = "reinforcement learning", "diffusion"


def paper(number: int, **fields: Any) -> Paper:
    """A bilingual paper with the id `2604.<number>`, some of its fields as they are given."""
    id_ = fields.get("id", f"2604.{number:05}")
    made = Paper(
        id_,
        f"Paper {number} on sparse rewards",
        f"第{number}篇稀疏奖励论文",
        ("Ada Lovelace", "Li Wei (Example University, Nowhere)"),
        (Subject("cs.LG", "Machine Learning"), Subject("cs.RO", "Robotics")),
        f"https://arxiv.org/abs/{id_}",
        f"https://arxiv.org/pdf/{id_}",
        f"Agents learn task {number} from few rewards.",
        f"智能体用很少的奖励学会第{number}个任务。",
    )
    return replace(made, **fields)


def papers(*numbers: int) -> list[Paper]:
    return [paper(number) for number in numbers]


def text(listed: Mapping[str, Sequence[Paper]] | Sequence[Paper], day: date = DAY) -> str:
    """A digest as the generator writes it: papers by keyword, or under one keyword."""
    sections = listed if isinstance(listed, Mapping) else {REINFORCEMENT: listed}
    count = sum(map(len, sections.values()))
    lines = [
        f"生成时间: {day} 17:23:58 (UTC+8); Arxiv 发布时间: {day} 20:00 EDT ({day} 08:00 UTC+8)",
        f"今天共有 {count} 篇相关文章",
    ]
    for keyword, found in sections.items():
        lines.append(f"Keyword: {keyword}")
        lines += [line for paper in found for line in _lines(paper)] or ["There is no result"]
    return "\n".join(lines) + "\n"


def _lines(paper: Paper) -> list[str]:
    lines = [paper.title]
    lines += [paper.title_zh] if paper.title_zh else []
    lines += ["- Authors: " + ", ".join(paper.authors), "- Subjects: Subjects:"]
    lines += ["; ".join(map(str, paper.subjects))]
    lines += [f"- Arxiv link: {paper.abs_url}", f"- Pdf link: {paper.pdf_url}"]
    lines += ["- Abstract", paper.abstract] if paper.abstract else []
    lines += ["- 中文摘要", paper.abstract_zh] if paper.abstract_zh else []
    return lines


def digest(content: str, name: str) -> tuple[FileStamp, Prepared]:
    """A digest as the index takes it, in a file of this name."""
    data = content.encode()
    file = FileStamp(name, len(data), 1, hashlib.sha256(data).hexdigest())
    return file, prepare(formats.parse(content, fallback_day=DAY))


def put(folder: Path, name: str, content: str) -> Path:
    """A file in a folder, which is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(content, "utf-8")
    return path


def library(folder: Path, *contents: str) -> Library:
    """An up-to-date library in a folder that holds these digests; they are `0.txt`, `1.txt`, …"""
    for number, content in enumerate(contents):
        put(folder / "digests", f"{number}.txt", content)
    opened = Library(throwaway(folder))
    opened.refresh()
    return opened
