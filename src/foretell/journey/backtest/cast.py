"""Everybody who would have entered, and where their runs are: arrays with a row a run, or a run in some draws."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from foretell.journey.backtest.spans import NEVER, Draws, Instants, Places, Truth

Texts = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Entered:
    """Runs.

    Args:
        person: place in the crowd.
        at: the entry, microseconds.
        draws: in which draws it is.
        held_out: whether it gets nothing.
        run, profile_id, message_id: ids; the last of the event that began it, empty where there is none.
        goal_until: up to when the goal counts.
    """

    person: Places
    at: Instants
    draws: Draws
    held_out: Truth
    run: Texts
    profile_id: Texts
    message_id: Texts
    goal_until: Instants

    def __len__(self) -> int:
        return len(self.person)

    def take(self, which: Truth | Places) -> Entered:
        """Some of them."""
        return Entered(*(getattr(self, one.name)[which] for one in fields(self)))

    @classmethod
    def together(cls, parts: list[Entered]) -> Entered:
        """Several after each other."""
        if not parts:
            whole = [np.zeros(0, np.int64) for _ in fields(cls)]
            return cls(*whole)  # type: ignore[arg-type]
        return cls(*(np.concatenate([getattr(one, name.name) for one in parts]) for name in fields(cls)))


@dataclass(frozen=True)
class Lines:
    """Runs on their way, each as often as the draws take it different ways.

    Args:
        run: place among those who entered.
        draws: the draws that it speaks for.
        draw: the one of them, while replies are asked about; -1 where none of them has a reply.
        step: place of the step where it is.
        at: its next instant; ``arrived``: when it came to the step; ``waiting``: it was asked there before.
        text: what earlier steps found, by number.
        decided, sent: by step that sends: when the gate decided, and when a message went; NEVER where not.
    """

    run: Places
    draws: Draws
    draw: Places
    step: Places
    at: Instants
    arrived: Instants
    waiting: Truth
    text: Places
    decided: Instants
    sent: Instants

    def __len__(self) -> int:
        return len(self.run)

    def take(self, which: Truth | Places) -> Lines:
        """Some of them."""
        return Lines(*(getattr(self, one.name)[which] for one in fields(self)))

    def changed(self, **columns: npt.NDArray[np.generic]) -> Lines:
        """The same with other columns."""
        return replace(self, **columns)  # type: ignore[arg-type]

    @classmethod
    def beginning(cls, runs: Places, entered: Entered, senders: int) -> Lines:
        """Runs at their first step."""
        count = len(runs)
        at = entered.at[runs]
        never = np.full((count, senders), NEVER, np.int64)
        zeros = np.zeros(count, np.int64)
        return cls(
            runs, entered.draws[runs], np.full(count, -1, np.int64), zeros, at, at, np.zeros(count, bool), zeros,
            never, never.copy(),
        )  # fmt: skip

    @classmethod
    def together(cls, parts: list[Lines]) -> Lines:
        """Several after each other."""
        return cls(*(np.concatenate([getattr(one, name.name) for one in parts]) for name in fields(cls)))


def split_by_draw(lines: Lines, loud: npt.NDArray[np.bool_]) -> tuple[Lines, Places]:
    """Lines apart in the draws that have replies, the others of each together; and of which line each is.

    Args:
        loud: by line and draw, whether there is a reply.
    """
    numbers = np.arange(loud.shape[1], dtype=np.uint64)
    own = (lines.draws[:, None] >> numbers[None, :]) & np.uint64(1) == 1
    line, draw = np.nonzero(own & loud)
    quiet = np.bitwise_or.reduce(np.where(own & ~loud, np.uint64(1) << numbers[None, :], np.uint64(0)), axis=1)
    still = np.flatnonzero(quiet)
    origin = np.concatenate([still, line])
    made = lines.take(origin).changed(
        draws=np.concatenate([quiet[still], np.uint64(1) << draw.astype(np.uint64)]),
        draw=np.concatenate([np.full(len(still), -1, np.int64), draw.astype(np.int64)]),
    )
    return made, origin


def hashed(columns: list[npt.NDArray[np.generic]]) -> Draws:
    """A number for each row, of equal rows the same; two that differ share one as good as never."""
    found = np.zeros(len(columns[0]), np.uint64)
    with np.errstate(over="ignore"):
        for column in columns:
            found = (found ^ column.astype(np.int64).view(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
            found ^= found >> np.uint64(32)
    return found
