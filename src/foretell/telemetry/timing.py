"""How long stores take, by the room that asked. The text of a query is never kept."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from time import perf_counter
from typing import Literal, ParamSpec, TypeVar

from foretell.telemetry.measures import QUERY_SECONDS

Store = Literal["operational", "analytics"]
Kind = Literal["read", "write"]
P = ParamSpec("P")
R = TypeVar("R")
_DEEPEST = 40
_BELOW = ("engine", "telemetry")


def timed(store: Store, kind: Kind) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Measure a method of a store."""

    def measuring(method: Callable[P, R]) -> Callable[P, R]:
        @wraps(method)
        def measured(*args: P.args, **kwargs: P.kwargs) -> R:
            began = perf_counter()
            try:
                return method(*args, **kwargs)
            finally:
                QUERY_SECONDS.observe(perf_counter() - began, store, kind, asking_room())

        return measured

    return measuring


def timed_block(
    store: Store, kind: Kind
) -> Callable[[Callable[P, AbstractContextManager[R]]], Callable[P, AbstractContextManager[R]]]:
    """Measure a block that a method of a store opens, from asking for it until it is left."""

    def measuring(method: Callable[P, AbstractContextManager[R]]) -> Callable[P, AbstractContextManager[R]]:
        @wraps(method)
        @contextmanager
        def measured(*args: P.args, **kwargs: P.kwargs) -> Iterator[R]:
            began, room = perf_counter(), asking_room()
            try:
                with method(*args, **kwargs) as inner:
                    yield inner
            finally:
                QUERY_SECONDS.observe(perf_counter() - began, store, kind, room)

        return measured

    return measuring


def timed_stream(store: Store, kind: Kind) -> Callable[[Callable[P, Iterator[R]]], Callable[P, Iterator[R]]]:
    """Measure what a method of a store takes for all the parts that are taken, without what is done with them."""

    def measuring(method: Callable[P, Iterator[R]]) -> Callable[P, Iterator[R]]:
        @wraps(method)
        def measured(*args: P.args, **kwargs: P.kwargs) -> Iterator[R]:
            return _measured_parts(method(*args, **kwargs), store, kind, asking_room())

        return measured

    return measuring


def _measured_parts(parts: Iterator[R], store: Store, kind: Kind, room: str) -> Iterator[R]:
    seconds, began = 0.0, perf_counter()
    try:
        for part in parts:
            seconds += perf_counter() - began
            yield part
            began = perf_counter()
        seconds += perf_counter() - began
    finally:
        QUERY_SECONDS.observe(seconds, store, kind, room)


def asking_room() -> str:
    """The nearest room above the stores among the callers; ``engine`` where it asks for itself."""
    frame = sys._getframe(1).f_back
    for _ in range(_DEEPEST):
        if frame is None:
            break
        name = str(frame.f_globals.get("__name__", ""))
        if name.startswith("foretell."):
            room = name.split(".", 2)[1]
            if room not in _BELOW:
                return room
        frame = frame.f_back
    return "engine"
