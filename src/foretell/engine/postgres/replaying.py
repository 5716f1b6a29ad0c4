"""The applied frames of a live schema's spool, to be applied once more by stores beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from foretell.engine.claims import BATCH_BYTES, BATCH_FRAMES, OwnedByOne
from foretell.engine.framing import Frame, Position, Waiting
from foretell.engine.ports import Claim, OperationalStore, Tx
from foretell.engine.postgres.filling import frames_of
from foretell.engine.settings import PostgresPlace
from foretell.engine.spool_rewriting import Change, Rewritten
from foretell.errors import ForetellError


@dataclass(frozen=True)
class ReplayedClaim:
    """Frames that are applied once more."""

    ops: OperationalStore
    frames: Sequence[Frame]
    place: tuple[int, int, int] | None = None

    def writing(self) -> AbstractContextManager[Tx]:
        """The transaction of the stores beside the live ones."""
        return self.ops.write()

    def close(self) -> None:
        """Nothing is held."""


class ReplayedSpool(OwnedByOne):
    """Fills :class:`~foretell.engine.ports.Spooling` for stores that are built beside those of ``live``; nothing
    arrives in it.

    Args:
        ops: in whose transactions frames are applied.
    """

    shared = False

    def __init__(self, live: PostgresPlace, ops: OperationalStore) -> None:
        super().__init__(ops)
        self._live = live
        self._given = False

    def append(self, frames: Iterable[Frame]) -> object:
        """Refused."""
        raise _only_read()

    def submit(self, frames: Iterable[Frame]) -> Future[Any]:
        """Refused."""
        raise _only_read()

    def claims(self) -> Iterator[Claim]:
        """Every applied frame, once."""
        if self._given:
            return
        self._given = True
        kept: list[Frame] = []
        size = 0
        for part in frames_of(self._live, waiting=False):
            for frame in part:
                if kept and (size + len(frame.body) > BATCH_BYTES or len(kept) >= BATCH_FRAMES):
                    yield ReplayedClaim(self._ops, kept)
                    kept, size = [], 0
                kept.append(frame)
                size += len(frame.body)
        if kept:
            yield ReplayedClaim(self._ops, kept)

    def waiting_bytes(self) -> int:
        """Nothing arrives."""
        return 0

    def waiting(self) -> Waiting:
        """Nothing arrives."""
        return Waiting()

    def trial(self) -> None:
        """Refused."""
        raise _only_read()

    def rewrite(
        self, change: Change, settle: Callable[[Position | None], None], progress: Callable[[str], None] | None = None
    ) -> Rewritten:
        """Refused."""
        raise _only_read()

    def close(self) -> None:
        """Nothing is held."""


def _only_read() -> ForetellError:
    return ForetellError("WORKSPACE_READ_ONLY", "nothing arrives in stores that are built beside the live ones")
