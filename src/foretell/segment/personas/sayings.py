"""What people of a persona said: motivations, triggers and habits with their sources, and quotes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from foretell.clock import Duration, naive_utc, utc
from foretell.definitions import Catalog
from foretell.engine import Engine
from foretell.segment.personas.document import Words, spec_of
from foretell.segment.personas.membership import members
from foretell.segment.personas.notes import Note, notes_of

FINDINGS = ("motivation", "trigger", "habit")
_MOST = 8
_LONGEST = 400
"""Of a quote so many characters are shown."""


@dataclass(frozen=True)
class Saying:
    """Something that was said or found.

    Args:
        source: ``answer`` (an event of people, ``event``) or ``note`` (of the team, ``by``).
        people: how many said it; of a note 1.
        at: when it was last said or noted.
    """

    text: str
    source: str
    people: int
    at: datetime
    event: str | None = None
    by: str | None = None
    note_id: str | None = None


@dataclass(frozen=True)
class Sayings:
    """What was said in a persona; empty where nothing was.

    Args:
        findings: motivation, trigger and habit → what is known of it.
        quotes: people's own words.
    """

    findings: dict[str, list[Saying]]
    quotes: list[Saying]


def sayings(engine: Engine, catalog: Catalog, persona: str, *, as_of: datetime, now: datetime) -> Sayings:
    """What people of a persona said within the document's window, and what the team noted; who objects to profiling
    is not quoted."""
    spec = spec_of(catalog)
    people = members(engine, catalog, as_of=as_of, now=now, key=persona)
    since = Duration.parse(spec.window).before(as_of, catalog.settings.zone_info)

    def said(places: Sequence[Words]) -> list[Saying]:
        found = [one for place in places for one in _said(engine, people, place, since, as_of)]
        return sorted(found, key=lambda one: (-one.people, -one.at.timestamp(), one.text))[:_MOST]

    answers: Mapping[str, Sequence[Words]] = {str(kind): places for kind, places in spec.answers.items()}
    noted = notes_of(engine.ops, persona)
    findings = {kind: [*_noted(noted, kind), *said(answers.get(kind, ()))] for kind in FINDINGS}
    return Sayings(findings, [*_noted(noted, "quote"), *said(spec.words)])


def _noted(notes: Sequence[Note], kind: str) -> list[Saying]:
    return [Saying(one.text, "note", 1, one.at, by=one.by, note_id=one.note_id) for one in notes if one.kind == kind]


def _said(engine: Engine, people: pa.Table, place: Words, since: datetime, as_of: datetime) -> list[Saying]:
    """What people wrote there; equal words together."""
    column = engine.log.properties().of(place.property)
    if column is None or column.array is not None or not people.num_rows:
        return []
    rows = engine.analytics.query(
        f"SELECT trim(e.{column.text}) AS text, count(DISTINCT e.profile_key) AS people, max(e.ts) AS last_at "
        "FROM log_events e JOIN people p ON p.profile_key = e.profile_key WHERE e.event = $event AND e.ts > $since "
        f"AND e.ts <= $as_of AND trim(e.{column.text}) <> '' GROUP BY trim(e.{column.text}) "
        f"ORDER BY people DESC, last_at DESC, text LIMIT {_MOST}",
        {"event": place.event, "since": naive_utc(since), "as_of": naive_utc(as_of)},
        {"people": people.select(["profile_key"])},
    )
    return [
        Saying(row["text"][:_LONGEST], "answer", row["people"], utc(row["last_at"]), event=place.event)
        for row in rows.to_pylist()
    ]
