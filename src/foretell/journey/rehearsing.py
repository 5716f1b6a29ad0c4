"""One person through a journey on a fast clock: every step at its instant, nothing kept, nothing sent.

The steps are the real ones, in a transaction that is taken back at the end: the gate decides by the person's consent,
caps and quiet hours, codes are made, cases opened, and all of it is undone. Waits are jumped over. What would have been
sent is rendered for the person.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import pyarrow as pa

from foretell import deliver
from foretell.clock import from_micros, micros, naive_utc, utc
from foretell.condition import Reader
from foretell.definitions import Catalog, suggestion
from foretell.engine import Batch, Engine, Tx, table_of
from foretell.errors import ForetellError, UsageError
from foretell.ids import stable_id
from foretell.journey import runs
from foretell.journey.document import JourneySpec, spec_of
from foretell.journey.published import Published, Revisions
from foretell.journey.rounds import play_rows, settle
from foretell.journey.steps import kind_of, moves
from foretell.journey.work import Work

MOST_STEPS = 200
"""A journey that does not end by then turns in a circle that somebody chose."""
_REVISION = 0
_AT_ONCE = "then"
_READ = f"SELECT {', '.join(runs.STORED)} FROM journey_runs WHERE run = ?"


@dataclass(frozen=True)
class Person:
    """Who goes through."""

    profile_key: int
    profile_id: str


@dataclass(frozen=True)
class Rendered:
    """What the person would get; ``error`` where the template could not be rendered for this person."""

    channel: str
    medium: str
    subject: str = ""
    html: str = ""
    text: str = ""
    error: str = ""


@dataclass(frozen=True)
class Rehearsed:
    """A step as it would happen.

    Args:
        at: by the run's own time, UTC.
        next: the step that follows, the same one where it waits, None at the end.
        decision: what the gate said, of a step that sends: ``decision reason until checks``.
        chosen: whether somebody chose the way.
    """

    step: str
    kind: str
    at: datetime
    outcome: str
    next: str | None
    decision: Mapping[str, Any] | None = None
    message: Rendered | None = None
    chosen: bool = False


@dataclass(frozen=True)
class Rehearsal:
    """What would happen to one person.

    Args:
        enters: whether ``enter`` holds now; None where the journey has no such condition.
        state: how it ends, or ``active`` where it was cut off.
    """

    journey: str
    profile_id: str
    began_at: datetime
    enters: bool | None
    state: str
    steps: tuple[Rehearsed, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def rehearse(
    engine: Engine,
    catalog: Catalog,
    reader: Reader,
    key: str,
    person: Person,
    *,
    choose: Mapping[str, str] | None = None,
    variables: Mapping[str, Any] | None = None,
    now: datetime,
) -> Rehearsal:
    """Let ``person`` go through the journey as its document stands, applied or not, treated and beginning ``now``.

    Args:
        choose: for a step the way that is taken whatever its condition says; of a wait ``then`` as soon as it begins.
        variables: what an entry would have brought: ``{"event": {…}}``.

    Raises:
        UsageError: ``UNKNOWN_DEFINITION``, ``UNKNOWN_STEP``, ``UNKNOWN_WAY``.
    """
    spec = spec_of(catalog.get("journey", key))
    published = Published(key, _REVISION, spec)
    _check(published, choose or {})
    run = _Run(engine, catalog, reader, published, person, choose or {}, now)
    steps: list[Rehearsed] = []
    told: list[str] = []

    def work(tx: Tx, batch: Batch) -> None:
        told.append(run.play(tx, batch, steps, variables or {}))

    engine.rehearse(work, now=now)
    enters = None if spec.enter is None else _enters(reader, published, person, now)
    shown = tuple(_with_message(engine, catalog, published, person, one) for one in steps)
    return Rehearsal(key, person.profile_id, now, enters, told[0], shown)


@dataclass(frozen=True)
class _Told(Rehearsed):
    """A step with the run's variables at that moment."""

    variables: str = "{}"


@dataclass(frozen=True)
class _Run:
    engine: Engine
    catalog: Catalog
    reader: Reader
    published: Published
    person: Person
    choose: Mapping[str, str]
    now: datetime

    def play(self, tx: Tx, batch: Batch, steps: list[Rehearsed], variables: Mapping[str, Any]) -> str:
        """Step after step; returns the run's state at the end."""
        revisions = Revisions(self.engine.ops)
        revisions.pin(self.published)
        row = self._begin(tx, batch, variables)
        while row["due_at"][0].is_valid and len(steps) < MOST_STEPS:
            at = from_micros(row["due_at"][0].as_py())
            work = Work(self.engine, self.catalog, self.reader, at, revisions)
            batch.now, batch.outputs = at, {}
            way = self._chosen(row)
            at_row = runs.replaced(row, at=naive_utc(at))
            if way is None:
                settled = play_rows(tx, batch, work, self.published.key, _acting(at_row))
            else:
                to = self.published.spec.exits(way[0])[way[1]]
                settled = settle(batch, at_row, moves(_named(at_row), f"chosen: {way[1]}", to))
            runs.write(tx, batch, settled)
            steps += self._told(batch, row, way is not None)
            row = table_of(runs.STORED, tx.query(_READ, (row["run"][0].as_py(),)))
        return str(row["state"][0].as_py())

    def _begin(self, tx: Tx, batch: Batch, variables: Mapping[str, Any]) -> pa.Table:
        at = micros(self.now)
        told: dict[str, object] = dict.fromkeys(runs.STORED) | {
            "run": stable_id("rehearsal", self.published.key, self.person.profile_id, str(at)),
            "journey": self.published.key, "revision": _REVISION, "profile_key": self.person.profile_key,
            "node_key": self.person.profile_key, "profile_id": self.person.profile_id, "arm": "treated",
            "entered_at": at, "state": "active", "step": self.published.first, "arrived_at": at, "waiting": 0,
            "due_at": at, "variables": json.dumps(dict(variables)), "entry_message_id": "", "contaminated": 0,
            "entry_key": "",
        }  # fmt: skip
        if self.published.spec.goal is not None:
            told["goal_until"] = micros(self.published.goal_within.after(self.now, self.catalog.settings.zone_info))
        row = table_of(runs.STORED, [tuple(told.values())])
        runs.write(tx, batch, row)
        return row

    def _chosen(self, row: pa.Table) -> tuple[str, str] | None:
        """Step and way that somebody chose for what comes now."""
        step = row["step"][0].as_py()
        way = self.choose.get(step)
        rests = kind_of(self.published.spec.step(step)).rests
        return None if way is None or (rests and way != _AT_ONCE and not row["waiting"][0].as_py()) else (step, way)

    def _told(self, batch: Batch, row: pa.Table, chosen: bool) -> list[Rehearsed]:
        rows = batch.rows()
        happened = rows.get("journey_step_rows")
        decisions = rows["decision_rows"].to_pylist() if "decision_rows" in rows else []
        found: list[Rehearsed] = []
        for one in happened.to_pylist() if happened is not None else []:
            decision = next((each for each in decisions if each["step"] == one["step"]), None)
            found.append(
                _Told(
                    step=one["step"],
                    kind=kind_of(self.published.spec.step(one["step"])).name,
                    at=utc(one["happened_at"]),
                    outcome=one["outcome"],
                    next=one["next"],
                    decision=None if decision is None else _decision(decision),
                    chosen=chosen,
                    variables=row["variables"][0].as_py(),
                )
            )
        return found


def _check(published: Published, choose: Mapping[str, str]) -> None:
    spec: JourneySpec = published.spec
    known = [step.key for step in spec.steps]
    for step, way in choose.items():
        thing = f"journey {published.key}"
        if step not in known:
            told = suggestion(step, known, what="steps")
            raise UsageError("UNKNOWN_STEP", f"there is no step called {step!r}", thing=thing, next_step=told)
        ways = list(spec.exits(step))
        if way not in ways:
            told = suggestion(way, ways, what="ways")
            raise UsageError("UNKNOWN_WAY", f"the step {step!r} has no way {way!r}", thing=thing, next_step=told)


def _enters(reader: Reader, published: Published, person: Person, now: datetime) -> bool:
    people = pa.table({"profile_key": pa.array([person.profile_key], pa.int64())})
    return bool(reader.members(published.tree("enter"), as_of=now, of="all", people=people).num_rows)


def _decision(row: Mapping[str, Any]) -> dict[str, Any]:
    until = row["until"]
    named = {name: row[name] for name in ("decision", "reason", "checks")}
    return {**named, "until": None if until is None else utc(until)}


def _acting(rows: pa.Table) -> pa.Table:
    return rows.append_column("acted", pa.array([0] * rows.num_rows, pa.int64()))


def _named(rows: pa.Table) -> pa.Table:
    return rows.select(["run", "at"])


def _with_message(engine: Engine, catalog: Catalog, published: Published, person: Person, told: Rehearsed) -> Rehearsed:
    """A step that asks for a message with what it would say, also where the gate refuses it."""
    step = published.spec.step(told.step)
    assert isinstance(told, _Told)
    plain = Rehearsed(**{name: getattr(told, name) for name in Rehearsed.__dataclass_fields__})
    if not kind_of(step).sends or told.chosen or told.decision is None:
        return plain
    channel, template = str(getattr(step, "channel", "")), str(getattr(step, "template", ""))
    medium, _ = deliver.obstacle(catalog, channel, template)
    variables = json.loads(told.variables)
    if surveys := getattr(step, "surveys", ()):
        variables[deliver.CARRIED] = [{"survey": key} for key in surveys]
    try:
        shown = deliver.preview(
            engine, catalog, template, person.profile_key, medium=medium, variables=variables,
            journey=published.key, step=step.key, at=told.at,
        )  # fmt: skip
    except ForetellError as error:
        return replace(plain, message=Rendered(channel, medium, error=str(error)))
    found = shown.outgoing
    if found is None:
        return replace(plain, message=Rendered(channel, medium, error=shown.error))
    return replace(plain, message=Rendered(channel, medium, found.subject, found.html, found.text))
