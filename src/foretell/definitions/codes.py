"""Codes of ISO lists that settings hold."""

from __future__ import annotations

from collections.abc import Collection

from foretell.definitions.problem import nearest
from foretell.errors import UsageError


def listed(written: str, known: Collection[str], *, error: str, message: str, next_step: str) -> str:
    """The code itself, where it is one of ``known``.

    Raises:
        UsageError: ``error`` with ``message`` where it is none; its next step names the code in capitals or the
            nearest one, else it is ``next_step``.
    """
    if written in known:
        return written
    capitals = written.upper()
    if capitals in known:
        next_step = f"Write it in capitals: {capitals}."
    elif (near := nearest(capitals, known)) is not None:
        next_step = f"Did you mean {near!r}?"
    raise UsageError(error, message, next_step=next_step)
