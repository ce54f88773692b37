"""The digests of `digest-tui demo`: true papers, summaries in our own words."""

from __future__ import annotations
