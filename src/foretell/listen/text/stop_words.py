"""Words that say nothing of what a text is about, by language."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

_FOLDER = Path(__file__).with_name("stop_words")


@lru_cache(maxsize=1)
def by_language() -> Mapping[str, frozenset[str]]:
    """ISO 639-1 code → its words, of every language that there is a list of."""
    return {path.stem: frozenset(path.read_text("utf-8").split()) for path in sorted(_FOLDER.glob("*.txt"))}


@lru_cache(maxsize=1)
def stop_words() -> frozenset[str]:
    """Those of all languages together; a word that says nothing in one of them names no theme."""
    return frozenset[str]().union(*by_language().values())
