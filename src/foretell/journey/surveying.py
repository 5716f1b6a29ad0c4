"""Runs that wait for the answer to a survey: how often they were asked, what their message tells, when it is time."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from foretell import deliver
from foretell.journey.sends import message_id
from foretell.journey.steps.base import MOVES
from foretell.listen import asking

Counts = npt.NDArray[np.int64]
_ASKED = "asked"
"""Of a run's variables: step → how many messages it sent since the run came to it."""
_EVENT = "event"


def asked_counts(runs: pa.Table, step: str) -> Counts:
    """How many messages of ``step`` each run was sent, or refused, since it came to it; 0 for those just come."""
    counts = np.zeros(runs.num_rows, np.int64)
    waiting = runs["waiting"].to_pylist()
    for place, text in enumerate(runs["variables"].to_pylist()):
        if waiting[place] and f'"{_ASKED}"' in text:
            counts[place] = int(json.loads(text).get(_ASKED, {}).get(step, 0))
    return counts


def with_counts(runs: pa.Table, step: str, moved: pa.Table, counts: Counts) -> pa.Table:
    """``moved`` (in the order of ``runs``) that remembers ``counts``; 0: nothing is remembered of the step any more."""
    before = asked_counts(runs, step)
    texts: list[str | None] = moved["variables"].to_pylist()
    known: list[str] = runs["variables"].to_pylist()
    for place in np.flatnonzero(before != counts).tolist():
        told = json.loads(texts[place] or known[place])
        asked = {key: value for key, value in told.pop(_ASKED, {}).items() if key != step}
        if counts[place]:
            asked[step] = int(counts[place])
        texts[place] = json.dumps({**told, **({_ASKED: asked} if asked else {})}, sort_keys=True)
    columns = {name: moved[name] for name in MOVES.names} | {"variables": pa.array(texts, pa.string())}
    return pa.table([columns[name] for name in MOVES.names], schema=MOVES)


def with_surveys(
    asked: pa.Table, step: str, terms: Sequence[asking.Terms], *, touchpoint: str | None, reminder: int
) -> pa.Table:
    """``asked`` whose variables name the surveys of their message, with what it is about.

    Args:
        asked: ``run variables visit``.
        touchpoint: instead of the surveys' own.
        reminder: number of the message behind the invitation.
    """
    texts = []
    columns = (asked[name].to_pylist() for name in ("run", "variables", "visit"))
    for run, known, visit in zip(*columns, strict=True):
        told = json.loads(known)
        event = told.get(_EVENT)
        about = asking.about(event if isinstance(event, Mapping) else {})
        thread = message_id(run, step, max(visit - reminder, 1))
        rows = [asking.carried(one, about, touchpoint=touchpoint, thread=thread, reminder=reminder) for one in terms]
        texts.append(json.dumps({**told, deliver.CARRIED: rows}, sort_keys=True))
    place = asked.column_names.index("variables")
    return asked.set_column(place, "variables", pa.array(texts, pa.string()))


def pauses(reminders: Sequence[timedelta], patience: timedelta) -> list[timedelta]:
    """From each message to what follows it: the next reminder, at last the end of the wait."""
    ends = [timedelta(0), *reminders, max([patience, *reminders])]
    return [later - earlier for earlier, later in pairwise(ends)]


def due_after(asked_at: pa.Array | pa.ChunkedArray, counts: Counts, spans: Sequence[timedelta]) -> pa.ChunkedArray:
    """When what follows the latest of ``counts`` messages is due."""
    table = pa.array(list(spans), pa.duration("us"))
    place = np.clip(counts - 1, 0, len(spans) - 1)
    found = pc.add(asked_at, table.take(pa.array(place)))
    return found if isinstance(found, pa.ChunkedArray) else pa.chunked_array([found])


def answer_condition(surveys: Sequence[str]) -> dict[str, Any]:
    """That somebody answered one of ``surveys``."""
    test: Any = surveys[0] if len(surveys) == 1 else {"in": list(surveys)}
    return {"did": "Survey Answered", "where": {"survey": test}}
