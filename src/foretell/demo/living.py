"""Playing the shop's world and the product against each other, slot by slot, on a moved clock.

In each slot the people of the world act, what they did is taken in like any other event, the product
does what is due, and what it sent reaches the people in the next slot. They answer as people do: an
opening is the pixel of the very mail that lies in the inbox, loaded, and a survey is answered on its page.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from foretell import app, collect, deliver
from foretell.app import Workspace
from foretell.clock import SteppedClock, micros
from foretell.demo import slips, team
from foretell.demo.shop import ShopWorld
from foretell.demo.visiting import Visitors, measures
from foretell.engine import scratch, table_of

SLOT = timedelta(hours=12)
_LAG = timedelta(seconds=30)
_SHORTEST, _LONGEST = timedelta(days=30), timedelta(days=365)
_DAYS_OF_PEOPLE = 75_000
"""How much history is taken in at once: thirty days of 2,500 people, longer of fewer."""
_SENT = {
    "message_id": pa.string(), "address": pa.string(), "channel": pa.string(), "at": pa.int64(),
    "kind": pa.string(), "variables": pa.string(), "survey": pa.string(), "second": pa.string(),
}  # fmt: skip
_BY_BROWSER = pa.array(["answer", "scan"])
"""Engagements that browsers make on the pages of surveys; pixel, links and mail provider tell the others."""


class Told(Protocol):
    """Where the work tells how far it is."""

    def done(self, completed: float, total: float) -> None:
        """The present piece stands at ``completed`` of ``total``."""
        ...


def tell_history(workspace: Workspace, world: ShopWorld, until: datetime, told: Told) -> None:
    """Let the world live until ``until`` on its own, and take in what happened as history."""
    begin = world.now
    piece = min(max(timedelta(days=_DAYS_OF_PEOPLE // world.settings.people), _SHORTEST), _LONGEST)
    with workspace.engine.bulk():
        while world.now < until:
            step = world.step(min(world.now + piece, until))
            # What is put aside counts by its arrival: soon after it happened, and never after the present.
            arrived = min(world.now + 2 * _LAG, workspace.clock.now())
            _take_in(workspace, slips.lines_of(step), step.events.num_rows, arrived)
            told.done((world.now - begin) / (until - begin), 1.0)


def live(workspace: Workspace, world: ShopWorld, clock: SteppedClock, until: datetime, told: Told) -> None:
    """Let the world and the product go on together from the world's present to ``until``."""
    begin, sent, seen = world.now, None, micros(world.now)
    with Visitors(workspace, clock) as visitors:
        while world.now < until:
            step = world.step(world.now + SLOT, sent)
            by_browser = pc.is_in(step.engagements["kind"], _BY_BROWSER)
            visitors.follow(step.engagements.filter(by_browser).to_pylist())
            clock.instant = world.now
            _take_in(workspace, slips.lines_of(step, until), step.events.num_rows, clock.instant)
            reported = answers(step.engagements.filter(pc.invert(by_browser)))
            deliver.engaged(workspace.engine, workspace.catalog, reported, now=clock.instant)
            team.close_called(workspace, step.engagements, clock.instant)
            app.advance(workspace, clock.instant)
            written, seen = _sent_since(workspace, seen), micros(clock.instant)
            called = team.calls(workspace, clock.instant).select(written.column_names)
            sent = pa.concat_tables([written, called], promote_options="permissive")
            told.done((world.now - begin) / (until - begin), 1.0)


def answers(engagements: pa.Table) -> pa.Table:
    """What people did with messages, in the words of ``deliver.engaged``."""
    return scratch(
        "SELECT message_id, CASE WHEN kind = 'machine_open' THEN 'open' ELSE kind END AS kind, e.at, "
        "CASE WHEN kind = 'click' THEN 'https://shop.example/' END AS url, kind = 'machine_open' AS machine FROM e",
        {"e": engagements},
    )


def _take_in(workspace: Workspace, lines: bytes, count: int, arrived: datetime) -> None:
    if not count:
        return
    origin = collect.Origin("shop", "", arrived)
    frame = collect.lines_frame(lines, origin, arrival="import", first_line=None, lag=_LAG)
    workspace.engine.spool_append([frame])
    workspace.engine.apply_pending()


def _sent_since(workspace: Workspace, instant: int) -> pa.Table:
    """What went out after ``instant``, as the world wants to know it."""
    rows = workspace.engine.ops.query(
        "SELECT m.message_id, m.address, m.medium, m.at, m.template, m.variables, min(s.survey), "
        "CASE WHEN count(*) > 1 THEN max(s.survey) END FROM messages m "
        "LEFT JOIN message_surveys s ON s.message_id = m.message_id "
        "WHERE m.sent_at > ? AND m.medium IN ('email', 'sms', 'ads') "
        "GROUP BY m.message_id, m.address, m.medium, m.at, m.template, m.variables ORDER BY m.message_id",
        (instant,),
    )
    told = table_of(_SENT, rows)
    return scratch(
        "SELECT message_id, address, channel, make_timestamp(m.at) AS sent_at, kind, "
        "CASE WHEN json_exists(variables, '/offer_code') THEN CAST($percent AS DOUBLE) END AS offer_percent, "
        "json_extract_string(variables, '/offer_code') AS offer_code, a.measure, b.measure AS also "
        "FROM m LEFT JOIN a ON a.survey = m.survey LEFT JOIN a b ON b.survey = m.second ORDER BY message_id",
        {"m": told, "a": _measures(workspace)},
        {"percent": 0.15},
    )


def _measures(workspace: Workspace) -> pa.Table:
    """What each survey asks first: ``survey``, ``measure``."""
    told = measures(workspace)
    return pa.table({"survey": pa.array(told, pa.string()), "measure": pa.array(told.values(), pa.string())})


def lines_told(workspace: Workspace) -> int:
    """How many events the shop has told."""
    found = workspace.engine.analytics.query("SELECT count(*) AS n FROM event_log WHERE source = 'shop'")
    return int(found["n"][0].as_py())
