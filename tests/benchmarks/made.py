"""Made-up bilingual digests in the format of the real ones, the same ones for the same seed."""

from __future__ import annotations

import random
from datetime import date, timedelta

_VOCABULARY = (
    "policy reward agent value learning model robot graph transformer diffusion offline sample "
    "exploration control gradient latent planning language visual sparse causal bandit regret "
    "simulation contact grasp token attention memory hierarchy goal skill safety constraint"
)
_WORDS = _VOCABULARY.split()
_HAN = (
    "强化学习策略奖励智能体模型机器人图扩散离线样本探索控制梯度潜在规划语言视觉稀疏因果"
    "遗憾仿真接触抓取注意力记忆层级目标技能安全约束方法结果实验证明我们提出一种新的框架"
)


def digest(number: int, papers: int = 35) -> str:
    """The text of a digest; paper p of it holds the words `mark<p>x` and `read<p>x`."""
    chance = random.Random(number)
    day = date(2026, 1, 1) - timedelta(days=number)
    lines = [
        f"生成时间: {day} 17:00:00 (UTC+8); Arxiv 发布时间: {day} 20:00 EST ({day} 09:00 UTC+8)",
        f"今天共有 {papers} 篇相关文章",
        "Keyword: reinforcement learning",
    ]
    for place in range(papers):
        identity = f"{day:%y%m}.{number % 100:02}{place:03}"
        lines += [
            f"mark{place}x {_words(chance, 8).capitalize()}",
            _han(chance, 18),
            "- Authors: " + ", ".join(_words(chance, 2).title() for _ in range(5)),
            "- Subjects: Subjects:",
            "Machine Learning (cs.LG); Robotics (cs.RO)",
            f"- Arxiv link: https://arxiv.org/abs/{identity}",
            f"- Pdf link: https://arxiv.org/pdf/{identity}",
            "- Abstract",
            f"{_words(chance, 20).capitalize()} read{place}x {_words(chance, 170)}.",
            "- 中文摘要",
            _han(chance, 400) + "。",
        ]
    return "\n".join(lines)


def _words(chance: random.Random, count: int) -> str:
    # Zipf: the n-th word is n times as rare as the first.
    weights = [1 / rank for rank in range(1, len(_WORDS) + 1)]
    return " ".join(chance.choices(_WORDS, weights, k=count))


def _han(chance: random.Random, count: int) -> str:
    pieces = [chance.choice(_HAN) for _ in range(count)]
    for place in range(20, count, 25):
        pieces[place] = "，"
    return "".join(pieces)
