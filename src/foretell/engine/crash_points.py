"""Counted points at which tests kill the process to prove that nothing is lost or doubled.

In the product :func:`reached` calls a function that does nothing; ``foretell.testing`` installs one
that counts and kills.
"""

from __future__ import annotations

from collections.abc import Callable

_observer: Callable[[str], None] | None = None


def reached(name: str) -> None:
    """Say that execution has come to the point called ``name``."""
    if _observer is not None:
        _observer(name)


def observe(observer: Callable[[str], None] | None) -> None:
    """Install what happens at every point (tests), or take it away with None."""
    global _observer
    _observer = observer
