"""The request that is being answered: its id goes along into threads, log lines, errors and spans."""

from __future__ import annotations

import itertools
import re
import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass

_WELL_FORMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}\Z")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, or a piece of work that nobody asked for.

    Args:
        request_id: of a request; empty for work.
        door: which part of the server answers (``v1``, ``hooks``, ``api``, …), or ``worker``.
    """

    request_id: str
    door: str


_PROCESS = secrets.token_hex(8)
_NUMBERS = itertools.count()
"""Ids are told apart, and nothing is let in by one: drawing 16 bytes each time lets other threads in."""
_ASKED: ContextVar[Asked | None] = ContextVar("foretell_asked", default=None)


def asked() -> Asked | None:
    """What is answered here; None where nobody asked."""
    return _ASKED.get()


def request_id() -> str:
    """Id of the request that is answered here; empty where there is none."""
    found = _ASKED.get()
    return "" if found is None else found.request_id


def asking(door: str, given: str = "") -> AbstractContextManager[Asked]:
    """While the block runs, what happens in it happens for a request.

    Args:
        given: the id that the caller proposed; a new one is made where it is not :func:`well_formed`.
    """
    return _Asking(Asked(given if given and well_formed(given) else f"{_PROCESS}{next(_NUMBERS):016x}", door))


class _Asking(AbstractContextManager[Asked]):
    """No generator: every request goes through here."""

    __slots__ = ("_asked", "_token")

    def __init__(self, asked: Asked) -> None:
        self._asked = asked

    def __enter__(self) -> Asked:
        self._token: Token[Asked | None] = _ASKED.set(self._asked)
        return self._asked

    def __exit__(self, *_: object) -> None:
        _ASKED.reset(self._token)


@contextmanager
def working() -> Iterator[None]:
    """While the block runs, what happens in it is work that nobody asked for."""
    token = _ASKED.set(Asked("", "worker"))
    try:
        yield
    finally:
        _ASKED.reset(token)


def well_formed(text: str) -> bool:
    """True for what may be an id of a request: 8 to 64 letters, digits, dots, dashes and underscores.

    Anything else could break a log line, or carry something of a person into it (an address holds an ``@``).
    """
    return _WELL_FORMED.match(text) is not None
