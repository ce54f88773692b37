"""The screen: the only part of digest-tui that knows Textual and Rich."""

from __future__ import annotations
