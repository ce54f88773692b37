"""Made-up bilingual digests in the format of the real ones, the same ones for the same seed.

Words are distributed as in a language (Zipf: the n-th word is n times as rare as the first), so
that a library of them is searched at the price of a real one: a few words stand in nearly every
paper, most words in hardly any. Paper p of a library, counted from the newest, holds the word
`read<p>x` in its abstract and `mark<p>x` in its title, and no other paper does.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path

PAPERS_A_DIGEST = 35
NEWEST = date(2026, 1, 2)
RARE = "quokka"
"""An English word in the abstract of one paper of a thousand."""
RARE_ZH = "量子"
"""A Chinese word in the abstract of one paper of two hundred."""

_COMMON = (
    "the of and a to in we is that for with on our this are by as from policy reward agent value "
    "learning model robot graph transformer diffusion offline sample exploration control gradient "
    "latent planning language visual sparse causal bandit regret simulation contact grasp token "
    "attention memory hierarchy goal skill safety constraint"
)
_COMMON_ZH = (
    "的 我们 在 和 是 方法 模型 学习 强化 强化学习 策略 奖励 智能体 机器人 图 扩散 离线 样本 "
    "探索 控制 梯度 潜在 规划 语言 视觉 稀疏 因果 仿真 接触 抓取 注意力 记忆 层级 目标 技能 安全 "
    "约束 结果 实验 证明 提出 一种 新的 框架"
)
_SYLLABLES = "ba ce di fo gu ha li mo nu pe ra si to va we xi yo zu tri ster con pro"
_HAN = [chr(0x4E00 + 11 * place) for place in range(1500)]
_KEYWORDS = (
    "reinforcement learning",
    "diffusion policy",
    "large language model",
    "robot manipulation",
    "world model",
    "offline RL",
    "multi-agent",
    "embodied AI",
    "imitation learning",
    "preference optimization",
)
_SUBJECTS = (
    "Machine Learning (cs.LG)",
    "Artificial Intelligence (cs.AI)",
    "Robotics (cs.RO)",
    "Computation and Language (cs.CL)",
    "Computer Vision and Pattern Recognition (cs.CV)",
    "Systems and Control (eess.SY)",
    "Machine Learning (stat.ML)",
    "Optimization and Control (math.OC)",
)


class _Zipf:
    """Words, the first of which are drawn most often."""

    def __init__(self, words: list[str], glue: str) -> None:
        self._words = words
        self._weights = list(accumulate(1 / rank for rank in range(1, len(words) + 1)))
        self._glue = glue

    def text(self, chance: random.Random, count: int) -> str:
        return self._glue.join(chance.choices(self._words, cum_weights=self._weights, k=count))


def _coined(
    chance: random.Random, parts: list[str], sizes: tuple[int, int], count: int
) -> list[str]:
    coined: dict[str, None] = {}
    while len(coined) < count:
        coined["".join(chance.choices(parts, k=chance.randint(*sizes)))] = None
    return list(coined)


_CHANCE = random.Random(0)
_ENGLISH = _Zipf(_COMMON.split() + _coined(_CHANCE, _SYLLABLES.split(), (2, 5), 30_000), " ")
_CHINESE = _Zipf(_COMMON_ZH.split() + _coined(_CHANCE, _HAN, (1, 3), 8_000), "")
_NAMES = _Zipf([name.title() for name in _coined(_CHANCE, _SYLLABLES.split(), (2, 3), 5_000)], " ")


def digests(papers: int, seed: int = 0) -> Iterator[tuple[str, str]]:
    """Yields the file name and the text of every digest of a library, the newest first."""
    for number, (first, day) in enumerate(
        zip(range(0, papers, PAPERS_A_DIGEST), days(), strict=False)
    ):
        count = min(PAPERS_A_DIGEST, papers - first)
        yield f"{day}.txt", digest(number, count, day=day, seed=seed)


def days() -> Iterator[date]:
    """Yields the days of a library's digests, the newest first: every day but the weekends'."""
    day = NEWEST
    while True:
        yield day
        day -= timedelta(days=3 if day.weekday() == 0 else 1)


def write(folder: Path, papers: int, seed: int = 0) -> None:
    """Writes the digests of a library into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in digests(papers, seed):
        (folder / name).write_text(text, "utf-8")


def digest(
    number: int, papers: int = PAPERS_A_DIGEST, day: date | None = None, seed: int = 0
) -> str:
    """Returns the text of a library's digest, counted from the newest; of that day, if given."""
    chance = random.Random(seed * 1_000_003 + number)
    day = day or NEWEST - timedelta(days=number)
    words = chance.sample(_KEYWORDS, min(1 + number % 4, papers))
    lines = [
        f"生成时间: {day} 17:00:00 (UTC+8); Arxiv 发布时间: {day} 20:00 EST ({day} 09:00 UTC+8)",
        f"今天共有 {papers} 篇相关文章",
    ]
    for place, keyword in enumerate(words):
        lines.append(f"Keyword: {keyword}")
        for paper in range(papers * place // len(words), papers * (place + 1) // len(words)):
            lines += _paper(chance, day, number, paper)
    return "\n".join(lines) + "\n"


def _paper(chance: random.Random, day: date, number: int, place: int) -> list[str]:
    paper = number * PAPERS_A_DIGEST + place
    identity = f"{day:%y%m}.{(number % 400) * PAPERS_A_DIGEST + place:05}"
    rare = f" {RARE}" if chance.random() < 1 / 1000 else ""
    rare_zh = f"{RARE_ZH}，" if chance.random() < 1 / 200 else ""
    authors = (_NAMES.text(chance, 2) for _ in range(chance.randint(2, 8)))
    return [
        f"mark{paper}x {_ENGLISH.text(chance, 8).capitalize()}",
        _CHINESE.text(chance, 9),
        f"- Authors: {', '.join(authors)}",
        "- Subjects: Subjects:",
        "; ".join(chance.sample(_SUBJECTS, chance.randint(1, 3))),
        f"- Arxiv link: https://arxiv.org/abs/{identity}",
        f"- Pdf link: https://arxiv.org/pdf/{identity}",
        "- Abstract",
        f"{_ENGLISH.text(chance, 20).capitalize()} read{paper}x{rare}"
        f" {_ENGLISH.text(chance, chance.randint(120, 220))}.",
        "- 中文摘要",
        "，".join(_CHINESE.text(chance, 12) for _ in range(18)) + f"{rare_zh}。",
    ]
