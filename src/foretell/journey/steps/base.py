"""What every kind of step is made of: its model in the document, what it does, where it leads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from foretell.clock import Duration
from foretell.condition import Condition
from foretell.definitions import Catalog, Document, KeyText, Problem
from foretell.engine import TIMESTAMP, Batch, Engine, Tx

_LONGEST_DAYS = 3_653
RUNS = pa.schema(
    [
        ("run", pa.string()),
        ("profile_key", pa.int64()),
        ("node_key", pa.int64()),
        ("profile_id", pa.string()),
        ("entered_at", TIMESTAMP),
        ("at", TIMESTAMP),
        ("arrived_at", TIMESTAMP),
        ("waiting", pa.bool_()),
        ("variables", pa.string()),
        ("entry_message_id", pa.string()),
    ]
)
"""The runs that a step is asked to advance. ``at`` is the instant at which it happens, by the run's own
time; ``waiting`` is true where the step was asked before and told to wait; ``variables`` is the JSON of
what earlier steps found for the person."""

MOVES = pa.schema(
    [
        ("run", pa.string()),
        ("outcome", pa.string()),
        ("next", pa.string()),
        ("due_at", TIMESTAMP),
        ("variables", pa.string()),
    ]
)
"""What a step says of every run it was given, one row each. ``next`` is a step's key, its own to be asked
again at ``due_at``, or null where the journey ends; ``outcome`` is one word, with a reason behind ``:``;
``variables`` replaces the run's, null keeps them."""


class Step(BaseModel):
    """What all steps share."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: KeyText = Field(description="Name of the step within the journey.")
    title: str | None = Field(None, description="What people call it.")
    next: KeyText | None = Field(None, description="Step that follows; without it, the next of the list.")


Holds = Callable[[Condition, pa.Table, bool], npt.NDArray[np.bool_]]
"""For each run whether a condition holds for it as of its ``at``; event heads read only what happened
since its entry where the third argument is true."""


@dataclass(frozen=True)
class StepContext:
    """What a step may know while it advances runs.

    Args:
        journey: key of the journey.
        step: the step's content.
        following: key of the step that follows, None where the journey ends behind it.
        holds: answers conditions about runs.
        tree: the parsed condition of the step's field of that name.
        priority: of the journey's messages among those of others.
        most: so often a run may come to the step, which lies on a loop; None where it lies on none.
        engine: for what is asked besides: send times, other journeys; None where nothing is open.
    """

    journey: str
    revision: int
    step: Step
    following: str | None
    catalog: Catalog
    now: datetime
    zone: ZoneInfo
    holds: Holds
    tree: Callable[[str], Condition]
    priority: int = 0
    most: int | None = None
    engine: Engine | None = None


@dataclass(frozen=True)
class Foresight:
    """What a step may know in a back-test, where it writes nothing: the same as it would have known then.

    Args:
        following, priority, most, engine: see :class:`StepContext`, as for all that is not named here; what ``engine``
            keeps is of today.
        holds: as of each run's ``at``, by what was known then; replies to messages that were never sent are assumed.
        first: since when a condition holds for each run: the first instant from its ``at`` up to ``until`` (timestamps,
            one a run), null where there is none. Arguments: condition, runs, until, since the entry.
        sent_at: when a step's message was sent for each run, or decided against; see ``sends.instants_of``.
        zones: IANA name of each person's zone as of ``at``, the workspace's where theirs was not known.
        send: lets candidates (columns of :func:`foretell.deliver.decide`) through the gate, as of their instants;
            answers ``decision reason until`` in their order.
    """

    journey: str
    revision: int
    step: Step
    following: str | None
    catalog: Catalog
    zone: ZoneInfo
    tree: Callable[[str], Condition]
    holds: Holds
    first: Callable[[Condition, pa.Table, pa.Array | pa.ChunkedArray, bool], pa.Array]
    sent_at: Callable[[pa.Table, str], pa.Array]
    zones: Callable[[pa.Table], pa.Array]
    send: Callable[[pa.Table], pa.Table]
    priority: int = 0
    most: int | None = None
    engine: Engine | None = None


@dataclass(frozen=True)
class StepPlace:
    """A step while its document is checked.

    Args:
        at: gives a path within the step its ``file:line``.
        earlier: the steps from which it can be reached.
        senders: the steps that send a message.
    """

    document: Document
    catalog: Catalog
    step: Step
    at: Callable[[tuple[str | int, ...]], str]
    earlier: frozenset[str]
    senders: Sequence[str]

    def length(self, field_name: str, text: str | None) -> Iterable[Problem]:
        """A problem where the field's duration cannot be waited for, see :func:`unfit_length`."""
        if text is not None and unfit_length(text):
            yield self.problem(field_name, "BAD_DURATION", unfit_length(text), LENGTHS)

    def problem(self, field_name: str, code: str, message: str, next_step: str) -> Problem:
        """A problem at one of the step's fields."""
        return Problem(code, message, self.document.name, self.at((field_name,)), next_step)


LENGTHS = "Write more than 0 and at most 10 years."


def unfit_length(text: str) -> str:
    """Why a valid duration is none for a journey; empty where it is. A wait of nothing could turn in a circle
    for ever, and what leads out of the calendar would stop everybody's runs."""
    days = Duration.parse(text).days
    return "" if 0 < days <= _LONGEST_DAYS else f"{text!r} is {'no time at all' if days == 0 else 'too long'}"


def _nothing(_place: StepPlace) -> Iterable[Problem]:
    return ()


def _no_names(_step: Step) -> Iterable[tuple[str, str]]:
    return ()


def _nothing_to_undo(_tx: Tx, _batch: Batch, _step: Step, _runs: pa.Table) -> None:
    return None


def _only_next(_step: Step, following: str | None) -> Mapping[str, str | None]:
    return {"next": following}


def _goes_on(context: Foresight, runs: pa.Table) -> pa.Table:
    return moves(runs, "passed", context.following)


@dataclass(frozen=True)
class StepKind:
    """A kind of step: one file of this folder, found by being there.

    Args:
        name: the key that marks such a step in a document (``send``, ``wait``).
        model: its content.
        advance: what it does with runs, set-wise, inside one transaction; answers :data:`MOVES`.
        check: what is wrong with a valid step by its meaning.
        refers: the (kind, key) pairs of documents it names.
        exits: where it can lead, by the name of the way; None is the end.
        conditions: its fields that hold conditions; True: event heads read since the entry.
        undo: takes back what still acts on people whose runs are stopped (``profile_key node_key run at``).
        rests: True where a run stays at it until a later instant.
        reads: True where it reads traits, which an earlier step of the same run may have set.
        sends: True where a message is sent, so that ``message:`` and ``from:`` may name it; its model has ``template``
            and ``channel``.
        wakes: the condition among ``conditions`` that lets a run which rests here go on as soon as it holds.
        since_arrival: True where ``wakes`` reads only what happened since the run came to the step: on a loop, what let
            it go on the last time does not do so again.
        foresee: what it would have done with runs in a back-test; writes nothing. Answers :data:`MOVES` in the order
            of the runs (:data:`RUNS`, and ``row``, their number); a run that rests is told where it goes on and when,
            in one answer.
        unforeseen: what of it a back-test cannot know, a sentence for its report; empty where it knows all.
    """

    name: str
    model: type[Step]
    advance: Callable[[Tx, Batch, StepContext, pa.Table], pa.Table]
    check: Callable[[StepPlace], Iterable[Problem]] = _nothing
    refers: Callable[[Step], Iterable[tuple[str, str]]] = _no_names
    exits: Callable[[Step, str | None], Mapping[str, str | None]] = _only_next
    conditions: Mapping[str, bool] = field(default_factory=dict)
    undo: Callable[[Tx, Batch, Step, pa.Table], None] = _nothing_to_undo
    rests: bool = False
    sends: bool = False
    wakes: str = ""
    since_arrival: bool = False
    reads: bool = False
    foresee: Callable[[Foresight, pa.Table], pa.Table] = _goes_on
    unforeseen: str = ""


def moves(
    runs: pa.Table,
    outcome: str | pa.Array | pa.ChunkedArray,
    following: str | pa.Array | pa.ChunkedArray | None,
    due_at: pa.Array | pa.ChunkedArray | None = None,
    variables: pa.Array | None = None,
) -> pa.Table:
    """:data:`MOVES` for ``runs``; without ``due_at`` they go on at the same instant."""
    count = runs.num_rows

    def column(value: str | pa.Array | pa.ChunkedArray | None) -> pa.Array | pa.ChunkedArray:
        return pa.repeat(pa.scalar(value, pa.string()), count) if value is None or isinstance(value, str) else value

    parts = [
        runs["run"],
        column(outcome),
        column(following),
        runs["at"] if due_at is None else due_at,
        pa.nulls(count, pa.string()) if variables is None else variables,
    ]
    return pa.table(parts, schema=MOVES)
