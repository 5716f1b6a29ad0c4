"""Parts that the store is asked about: of the people something happened to, or of everybody."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pyarrow as pa

from foretell.clock import micros
from foretell.condition import Reader
from foretell.engine import Engine, integers
from foretell.errors import UsageError
from foretell.segment.live.arena import Places
from foretell.segment.live.people import People
from foretell.segment.live.plan import Asked
from foretell.segment.live.runs import Truth
from foretell.segment.live.state import State

_SCORED = "SELECT CAST(max(as_of) AS VARCHAR) AS stamp FROM {table}"
_TABLES = {"Prediction": "score_rows", "Persona": "persona_rows"}


def refresh_asked(engine: Engine, reader: Reader, state: State, touched: Places, *, as_of: datetime) -> Places:
    """Ask about each part what is due: everybody where its time has come, else those to whom something happened.

    Returns of whom a part now says something else; they are left to be looked at.
    """
    now, stamps = micros(as_of), _stamps(engine, state)
    changed = [np.zeros(0, np.int64)]
    for place, part in state.plan.asked():
        name = state.plan.prints[place]
        if _is_due(state, name, part, now, stamps.get(name, "")):
            who = np.arange(len(state.people), dtype=np.int64)
            truth = _answer(reader, part, state, None, as_of)
            state.asked_at[name] = now
            state.stamps[name] = stamps.get(name, "")
        elif part.fresh.by_event and len(touched):
            who, truth = touched, _answer(reader, part, state, touched, as_of)
        else:
            continue
        if truth is not None:
            changed.append(_say(state.people, place, who, truth))
    return np.unique(np.concatenate(changed))


def _say(people: People, place: int, who: Places, truth: Truth) -> Places:
    """Note what a part says of people; returns of whom it is something else than before."""
    bit = np.uint8(1 << place % 8)
    column = people.parts[who, place // 8]
    changed = ((column & bit) != 0) != truth
    people.parts[who, place // 8] = np.where(truth, column | bit, column & ~bit)
    found: Places = who[changed]
    return found


def _is_due(state: State, name: str, part: Asked, now: int, stamp: str) -> bool:
    asked = state.asked_at.get(name)
    if asked is None or state.stamps.get(name, "") != stamp:
        return True
    every = part.fresh.every
    return every is not None and every.exact is not None and now - asked >= every.exact.total_seconds() * 1_000_000


def _answer(reader: Reader, part: Asked, state: State, who: Places | None, as_of: datetime) -> Truth | None:
    """For which people the part holds; None where it leans on something that is wrong, which `plan` tells."""
    keys = state.people.keys if who is None else state.people.keys[who]
    asked = None if who is None else pa.table({"profile_key": keys})
    try:
        found = reader.members(part.tree, as_of=as_of, of=part.of, people=asked)
    except UsageError:
        return None
    truth: Truth = np.isin(keys, integers(found["profile_key"]))
    return truth


def _stamps(engine: Engine, state: State) -> dict[str, str]:
    """By part that reads stored scores: which are the newest."""
    found, known = {}, {}
    for place, part in state.plan.asked():
        table = _TABLES.get(type(part.tree).__name__)
        if table is None:
            continue
        if table not in known:
            known[table] = str(engine.analytics.query(_SCORED.format(table=table))["stamp"][0].as_py())
        found[state.plan.prints[place]] = known[table]
    return found
