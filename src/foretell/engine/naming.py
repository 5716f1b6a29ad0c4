"""What the analytics store is asked for, as its own pages show it: ``segment lapsed``, ``prediction churn``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_asked_for: ContextVar[str] = ContextVar("foretell_asked_for", default="")


@contextmanager
def naming(what: str) -> Iterator[None]:
    """Queries in the block are asked for ``what``; within a block of another name, for that and ``what``."""
    outer = _asked_for.get()
    token = _asked_for.set(f"{outer}: {what}" if outer else what)
    try:
        yield
    finally:
        _asked_for.reset(token)


def asked_for(otherwise: str) -> str:
    """What is asked for now."""
    return _asked_for.get() or otherwise
