"""Measures how long the lines of a Chinese abstract take to be broken."""

from __future__ import annotations

import random
import time

from digest_tui.ui.text import wrap

_LENGTH = 1500
_WIDTHS = (40, 57, 88)
_ROUNDS = 100
_HAN = "强化学习策略奖励智能体模型机器人图扩散离线样本探索控制梯度潜在规划语言视觉因果遗憾仿真"
_LATIN = (
    "PPO",
    "GPT-4",
    "GraphRAG-IRL",
    " 76.8% ",
    "(RLHF)",
    "“对齐税”",
    " fine-tuning ",
    "（12 层）",
)


def wrap_seconds() -> list[float]:
    """Returns the seconds of each call that wraps a made abstract of 1,500 characters."""
    text = _abstract()
    wrap(text, _WIDTHS[0])
    times = []
    for number in range(_ROUNDS):
        began = time.perf_counter()
        wrap(text, _WIDTHS[number % len(_WIDTHS)])
        times.append(time.perf_counter() - began)
    return times


def _abstract() -> str:
    chance = random.Random(0)
    text = ""
    while len(text) < _LENGTH:
        text += "".join(chance.choices(_HAN, k=chance.randint(2, 14)))
        text += chance.choice(("，", "。", "、", *_LATIN))
    return text[:_LENGTH]
