"""``build``: look for personas as of an instant, and keep what is found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import Duration, naive_utc
from foretell.condition import Reader, parse
from foretell.definitions import Catalog
from foretell.engine import TIMESTAMP, Batch, Engine, Tx
from foretell.errors import UsageError
from foretell.profile import purposes_of
from foretell.segment.personas import kept
from foretell.segment.personas.asking import asked
from foretell.segment.personas.clustering import Candidate, Kinds, kinds_of
from foretell.segment.personas.document import PersonaSpec, spec_of
from foretell.segment.personas.identities import Match, matched
from foretell.segment.personas.interviews import put_interviews
from foretell.segment.personas.kept import Build, Persona
from foretell.segment.personas.membership import PERSONAS, stored
from foretell.segment.personas.naming import differences, key_of, titles
from foretell.segment.personas.portrait import portraits
from foretell.segment.personas.reading import Behaved, behaved, first_seen, halves, seen_only
from foretell.segment.personas.rules import Rules, rules_for
from foretell.segment.personas.scaling import Scaled, scaled
from foretell.segment.personas.tables import ROOM

_ADDRESSES = ("build", "interviews", "notes")
"""No persona's keys: they are addresses of the API."""


@dataclass(frozen=True)
class Found:
    """What the people of a build come to.

    Args:
        people: profile keys, ascending; ``kinds.labels`` says the kind of each.
    """

    people: pa.Array
    behaved: Behaved
    scaled: Scaled
    kinds: Kinds
    rules: Rules | None


def build(
    engine: Engine, catalog: Catalog, reader: Reader, *, as_of: datetime, now: datetime, by: str = "foretell"
) -> Build:
    """Look for personas as of ``as_of``, known then; who objects to profiling now is left out, and counted.

    Where personas are found they take the place of those before: who shares enough people with one of these is the same
    persona and keeps its key and the title people gave it; one without a successor is told as vanished. Where there are
    too few people, or no stable kinds, that is kept as the result and the personas of before stay.
    """
    spec = spec_of(catalog)
    people, left_out = _people(engine, catalog, reader, spec, as_of, now)
    first = first_seen(reader, people, as_of)
    since = naive_utc(Duration.parse(spec.history).before(as_of, catalog.settings.zone_info))
    enough = first.filter(pc.less_equal(first["first_seen"], pa.scalar(since, first["first_seen"].type)))
    previous = kept.last_build(engine.ops)
    _refuse_older(kept.last_build(engine.ops, state="built"), as_of)
    made = Build(
        1 if previous is None else previous.number + 1, "too_few", as_of, now, by, people.num_rows, enough.num_rows,
        spec.people_needed, spec.history, spec.window, left_out,
    )  # fmt: skip
    if enough.num_rows < spec.people_needed:
        return _only_told(engine, made)
    found = look(reader, spec, enough, as_of=as_of)
    made = replace(made, state="unstable", **_told(spec, found))
    if found.rules is None:
        return _only_told(engine, made)
    return _keep(engine, catalog, reader, spec, found, made)


def _only_told(engine: Engine, made: Build) -> Build:
    """Keep that nothing was found."""
    with engine.ops.write() as tx:
        kept.put_build(tx, made)
    return made


def _refuse_older(last: Build | None, as_of: datetime) -> None:
    if last is not None and as_of < last.as_of:
        raise UsageError(
            "PERSONAS_NEWER",
            f"personas were built as of {last.as_of:%Y-%m-%d %H:%M} UTC, which is later",
            next_step="Build them as of a later instant; what was found for the past stays as it was told.",
        )


def look(reader: Reader, spec: PersonaSpec, people: pa.Table, *, as_of: datetime) -> Found:
    """The kinds among ``people`` (profile_key, first_seen), and the rules that say them; nothing is kept."""
    known = seen_only(reader, spec.behaviours, as_of)
    numbers = behaved(reader, known, people, as_of=as_of, window=spec.window)
    space = scaled(numbers, halves(reader, known, people, as_of=as_of, window=spec.window))
    kinds = kinds_of(space.points)
    rules = None
    if kinds.chosen is not None:
        rules = rules_for(
            numbers, space.used, kinds.labels, kinds=kinds.chosen.kinds, window=spec.window, population=spec.population
        )
    return Found(pa.array(numbers.people, pa.int64()), numbers, space, kinds, rules)


def _people(
    engine: Engine, catalog: Catalog, reader: Reader, spec: PersonaSpec, as_of: datetime, now: datetime
) -> tuple[pa.Table, Mapping[str, int]]:
    whole = reader.members(parse(spec.population), as_of=as_of, known_at=as_of)
    if not whole.num_rows:
        return whole.select(["profile_key"]), {}
    kept = PERSONAS.only(engine.ops, whole["profile_key"], now, purposes_of(catalog))
    return pa.table({"profile_key": kept.kept}), kept.left_out


def _told(spec: PersonaSpec, found: Found) -> dict[str, Any]:
    """What a build says of how it was found."""
    unseen = {one.key: "was never seen" for one in spec.behaviours if one not in found.behaved.behaviours}
    why = {**unseen, **found.scaled.left_out}
    return {
        "behaviours": [
            {
                "key": one.key,
                "title": one.title,
                "left_out": why.get(one.key),
                "kept_up": found.scaled.kept_up.get(one.key),
            }
            for one in spec.behaviours
        ],
        "candidates": [_candidate(one, found.kinds.chosen) for one in found.kinds.candidates],
        "fidelity": None if found.rules is None else found.rules.fidelity,
        "leaves": 0 if found.rules is None else found.rules.leaves,
    }


def _candidate(one: Candidate, chosen: Candidate | None) -> dict[str, Any]:
    return {
        "kinds": one.kinds, "silhouette": one.silhouette, "worst_jaccard": min(one.jaccard),
        "smallest_share": min(one.shares), "stable": one.stable, "chosen": one == chosen,
    }  # fmt: skip


def _keep(engine: Engine, catalog: Catalog, reader: Reader, spec: PersonaSpec, found: Found, made: Build) -> Build:
    before = stored(engine, as_of=made.as_of)
    assert found.kinds.chosen is not None
    number = found.kinds.chosen.kinds
    matches = {one.kind: one for one in matched(found.people, found.kinds.labels, number, before)}
    cards = _personas(engine, found, made, matches)
    keys = [one.key for one in cards]
    people = pa.table({"profile_key": found.people, "persona": pa.array(keys).take(pa.array(found.kinds.labels))})
    drawn = portraits(engine, catalog, reader, spec, people, as_of=made.as_of)
    cards = [replace(one, card={**one.card, "portrait": drawn[one.key]}) for one in cards]
    there = {one.key for one in kept.personas(engine.ops)}
    made = replace(
        made, state="built", appeared=tuple(sorted(set(keys) - there)), vanished=tuple(sorted(there - set(keys)))
    )
    rows = _rows(people, found, before, made)
    picked = asked(
        engine, catalog, reader, spec, found.behaved, found.scaled, found.kinds.labels, people["persona"],
        as_of=made.as_of, now=made.built_at,
    )  # fmt: skip

    def work(tx: Tx, batch: Batch) -> None:
        kept.put_build(tx, made)
        order = sorted(cards, key=lambda one: (-one.card["share"], one.key))
        for place, one in enumerate(order):
            kept.put_persona(tx, one, place)
        kept.put_vanished(tx, made.vanished, made.number)
        put_interviews(tx, picked, now=made.built_at, by=made.by)
        batch.emit("persona_rows", rows)

    engine.act(ROOM, work, now=made.built_at)
    return made


def _personas(engine: Engine, found: Found, made: Build, matches: Mapping[int, Match]) -> list[Persona]:
    """A persona a kind, in the order of the kinds."""
    assert found.kinds.chosen is not None
    assert found.rules is not None
    chosen, labels = found.kinds.chosen, found.kinds.labels
    told = [differences(found.scaled, found.behaved, labels, kind) for kind in range(chosen.kinds)]
    named = titles(told, found.behaved.behaviours)
    known = {one.key: one for one in kept.personas(engine.ops, vanished=True)}
    taken = {*known, *_ADDRESSES}
    made_: list[Persona] = []
    for kind in range(chosen.kinds):
        match = matches.get(kind)
        past = known.get(match.persona) if match else None
        key = past.key if past else key_of(named[kind], taken)
        taken.add(key)
        card = {
            "people": int((labels == kind).sum()),
            "share": chosen.shares[kind],
            "stability": chosen.jaccard[kind],
            "differences": [one.as_dict() for one in told[kind]],
            "rule": found.rules.conditions[kind],
            "precision": found.rules.precision[kind],
            "recall": found.rules.recall[kind],
            "shared": match.shared if match else None,
        }
        title = past.title if past and past.named_by else named[kind]
        made_.append(
            Persona(key, title, past.named_by if past else None, past.born if past else made.number, made.number, None,
                    card)
        )  # fmt: skip
    return made_


def _rows(people: pa.Table, found: Found, before: pa.Table, made: Build) -> pa.Table:
    """The facts of a build: who is of which persona from now on, and who is of none any more."""
    gone = before.filter(pc.invert(pc.is_in(before["profile_key"], found.people)))["profile_key"].combine_chunks()
    count = people.num_rows + len(gone)
    at = pa.array(np.full(count, np.datetime64(naive_utc(made.as_of), "us")), TIMESTAMP)
    known = pa.array(np.full(count, np.datetime64(naive_utc(made.built_at), "us")), TIMESTAMP)
    return pa.table(
        {
            "node_key": pa.concat_arrays([found.people, gone]),
            "persona": pa.concat_arrays([people["persona"].combine_chunks(), pa.nulls(len(gone), pa.string())]),
            "as_of": at,
            "known_at": known,
            "fit": pa.concat_arrays([pa.array(found.kinds.fit), pa.nulls(len(gone), pa.float64())]),
            "build": pa.array(np.full(count, made.number, np.int64)),
        }
    )
