"""Making requests durable together: what arrives while the disk is busy is one group, and one answer for all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from foretell.collect import Request, request_frames
from foretell.engine import Engine, Frame

GROUPS_AT_ONCE = 2
"""One on its way to the disk, and one that is packed meanwhile; more would be smaller ones."""

_Waiting = list[tuple[Request, "asyncio.Future[None]"]]
_Answers = list["asyncio.Future[None]"]


class Keeper:
    """Keeps requests in the spool.

    Args:
        kept: called each time some are durable.
    """

    def __init__(self, engine: Engine, kept: Callable[[], None]) -> None:
        self._engine = engine
        self._kept = kept
        self._waiting: _Waiting = []
        self._groups = 0

    def keep(self, request: Request) -> asyncio.Future[None]:
        """Hand over ``request``; the future is done when it is on the disk.

        Raises:
            ForetellError: the future: ``DISK_FULL`` and the like; it is not kept then.
        """
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[None] = loop.create_future()
        self._waiting.append((request, answered))
        if len(self._waiting) == 1 and self._groups < GROUPS_AT_ONCE:
            loop.call_soon(self._submit, loop)  # with all that this turn of the loop brings
        return answered

    def _submit(self, loop: asyncio.AbstractEventLoop) -> None:
        group, self._waiting = self._waiting, []
        if not group:
            return
        answers = [answered for _, answered in group]
        try:
            future = self._engine.spool_submit(_frames([request for request, _ in group]))
        except BaseException as error:  # noqa: BLE001 - every sender is told, whatever it was
            _answer(answers, error)
            return
        self._groups += 1

        def durable(future: Future[Any]) -> None:
            with suppress(RuntimeError):  # the loop has ended, and nobody waits
                loop.call_soon_threadsafe(self._settle, loop, answers, future.exception())

        future.add_done_callback(durable)

    def _settle(self, loop: asyncio.AbstractEventLoop, answers: _Answers, error: BaseException | None) -> None:
        self._groups -= 1
        _answer(answers, error)
        if error is None:
            self._kept()
        self._submit(loop)


def _frames(requests: Sequence[Request]) -> Iterator[Frame]:
    """The frames of ``requests``, made by whoever takes them: not by the thread that answers requests."""
    yield from request_frames(requests)


def _answer(answers: _Answers, error: BaseException | None) -> None:
    for answered in answers:
        if answered.done():  # its sender went away
            continue
        if error is None:
            answered.set_result(None)
        else:
            answered.set_exception(error)
