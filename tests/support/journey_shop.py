"""A small workspace with the churn-rescue journey, played on a moved clock."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from foretell import app, definitions, deliver, identify, journey
from foretell.clock import FixedClock, naive_utc
from foretell.condition import Reader
from foretell.definitions import Catalog
from foretell.engine import TIMESTAMP, Engine, EngineSettings, open_engine
from tests.support.small_events import NOW, decode, event, frame
from tests.support.small_workspace import write

JOURNEY = """\
kind: journey
key: churn_rescue
spec:
  title: Churn rescue
  enter: {all: [{prediction: churn, horizon: 90d, gte: 0.7}, {did: Order Completed}]}
  leave: {did: Order Completed}
  goal: {did: Order Completed}
  goal_within: 30d
  holdout: 0%
  steps:
    - {key: code, offer: winback}
    - {key: miss_you, send: we_miss_you, channel: email, topic: winback}
    - {key: ads, audience: winback_ads}
    - {key: day, wait: 24h, from: miss_you, until: {message: miss_you, is: opened}}
    - {key: opened, branch: {message: miss_you, is: opened}, then: three_days, else: text}
    - {key: text, send: winback_sms, channel: sms}
    - {key: three_days, wait: 72h, from: miss_you}
    - key: silent
      branch:
        any:
          - {message: miss_you, is: opened}
          - {message: text, is: clicked}
          - {did: {in: [Page Viewed, Session Ended, Product Viewed, Order Completed]}, within: 72h}
      then: finish
      else: call
    - {key: call, case: winback_call, priority: high, due: 48h, owner: service}
    - {key: finish, end: done}
"""
DOCUMENTS = {
    "foretell.yaml": "name: Shop\ncurrency: EUR\nzone: UTC\nsending: {base_url: https://shop.example}\n",
    "predictions/churn.yaml": "kind: prediction\nkey: churn\nspec:\n  outcome: {did_not: Order Completed}\n"
    "  horizon: 90d\n  population: {did: Order Completed}\n  max_age: 90d\n"
    "  accept_uncalibrated: scores are put there by hand\n",
    "offers/winback.yaml": "kind: offer\nkey: winback\nspec: {title: Win back, percent: 10}\n",
    "audiences/winback_ads.yaml": "kind: audience\nkey: winback_ads\nspec: {title: Win back}\n",
    "templates/we_miss_you.yaml": "kind: template\nkey: we_miss_you\nspec:\n  subject: We miss you\n"
    "  html: '<p>Your code: {{ offer.code }} <a href=\"https://shop.example/\">Shop</a></p>'\n",
    "templates/winback_sms.yaml": "kind: template\nkey: winback_sms\nspec: {sms: 'Your code: {{ offer.code }}'}\n",
    "journeys/churn_rescue.yaml": JOURNEY,
}
QUIET = "sending: {base_url: https://shop.example, quiet_hours: {from: '21:00', to: '08:00'}}\n"
CHANNELS = ("email", "sms", "ads")


@dataclass
class JourneyShop:
    """The opened workspace; hours count from :data:`NOW`, which is midnight UTC."""

    engine: Engine
    catalog: Catalog

    @property
    def reader(self) -> Reader:
        return Reader(self.engine, self.catalog)

    def tick(self, hours: float) -> journey.TickReport:
        """A tick, and handing over what is due."""
        report = journey.tick(self.engine, self.catalog, self.reader, now=at(hours))
        deliver.dispatch(self.engine, self.catalog, now=at(hours))
        return report

    def happened(self, *events: dict[str, Any]) -> None:
        """Events arrive."""
        self.engine.spool_append([frame(events)])
        self.engine.apply_pending()

    def scored(self, score: float = 0.9, hours: float = 0) -> None:
        """Everybody is scored anew."""
        keys = [key for (key,) in self.engine.ops.query("SELECT node_key FROM node_seen ORDER BY node_key")]
        rows = {
            "prediction": pa.array(["churn"] * len(keys)),
            "horizon": pa.array(["90d"] * len(keys)),
            "node_key": pa.array(keys, pa.int64()),
            "as_of": pa.array([naive_utc(at(hours))] * len(keys), TIMESTAMP),
            "score": pa.array([score] * len(keys)),
        }
        self.engine.publish("predict", {"score_rows": pa.table(rows)}, now=at(hours))

    def start(self) -> None:
        """Let the journey run."""
        journey.start(self.engine, self.catalog, "churn_rescue", now=NOW)

    def engaged(self, name: str, step: str, kind: str, hours: float) -> None:
        """Somebody opens or clicks the message of a step."""
        found = self.engine.ops.query(
            "SELECT message_id FROM messages WHERE profile_key = ? AND step = ?", (self.key(name), step)
        )
        rows = {
            "message_id": pa.array([found[0][0]]),
            "kind": pa.array([kind]),
            "at": pa.array([naive_utc(at(hours))], TIMESTAMP),
        }
        deliver.engaged(self.engine, self.catalog, pa.table(rows), now=at(hours))

    def key(self, name: str) -> int:
        return identify.find(self.engine, f"email:{_email(name)}").profile_key

    def messages(self) -> set[tuple[str, str, float | None, str]]:
        """(person, step, hours, state) of every message."""
        rows = self.engine.ops.query("SELECT profile_key, step, at, state FROM messages WHERE medium <> 'ads'")
        names = self._names()
        return {(names[key], step, _hours(stamp), state) for key, step, stamp, state in rows}

    def decisions(self) -> set[tuple[str, str, float | None, str, str]]:
        """(person, step, hours, decision, reason) of every decision row of a run."""
        rows = self.engine.analytics.query(
            "SELECT d.profile_key, d.step, epoch_us(d.at) AS stamp, d.decision, d.reason FROM log_decisions d "
            "WHERE d.step IS NOT NULL"
        ).to_pylist()
        names = self._names()
        return {
            (names[row["profile_key"]], row["step"], _hours(row["stamp"]), row["decision"], row["reason"])
            for row in rows
        }

    def cases(self) -> set[tuple[str, float | None, float | None]]:
        """(person, opened, due) in hours."""
        rows = self.engine.ops.query("SELECT profile_key, opened_at, due_at FROM cases")
        return {(self._names()[key], _hours(opened), _hours(due)) for key, opened, due in rows}

    def runs(self) -> dict[str, tuple[str, str, float | None, float | None]]:
        """person → (state, step, ended, goal) of the view ``journey_runs``; the latest of several."""
        rows = self.engine.analytics.query(
            "SELECT r.*, epoch_us(ended_at) AS ended, epoch_us(goal_at) AS goal FROM log_journey_runs r "
            "ORDER BY entered_at, run"
        ).to_pylist()
        names = self._names()
        return {
            names[row["profile_key"]]: (row["state"], row["step"], _hours(row["ended"]), _hours(row["goal"]))
            for row in rows
        }

    def steps(self, name: str) -> list[tuple[str, float, str]]:
        """(step, hours, outcome) of a person's runs, in order."""
        rows = self.engine.analytics.query(
            "SELECT s.step, epoch_us(s.happened_at) AS stamp, s.outcome FROM log_journey_steps s "
            "WHERE s.profile_key = $key ORDER BY s.happened_at",
            {"key": self.key(name)},
        ).to_pylist()
        return [(row["step"], _hours(row["stamp"]), row["outcome"]) for row in rows]  # type: ignore[misc]

    def _names(self) -> dict[int, str]:
        found = self.engine.ops.query(
            "SELECT coalesce(m.profile_key, i.node_key), i.value FROM identifiers i "
            "LEFT JOIN merged m ON m.node_key = i.node_key WHERE i.kind = 'email' ORDER BY i.value DESC"
        )
        return {key: address.partition("@")[0] for key, address in found}


@contextmanager
def opened(
    root: Path, *, documents: Mapping[str, str] | None = None, environ: Mapping[str, str] | None = None
) -> Iterator[JourneyShop]:
    """The workspace at ``root``, written and applied where it is new; ``documents`` replace or add files."""
    if not (root / "foretell.yaml").exists():
        write(root, {**DOCUMENTS, **(documents or {})})
    catalog, problems = definitions.load(root, app.KINDS, environ=environ or {})
    definitions.raise_errors(problems)
    settings = EngineSettings(root / "data")
    stages = app.stages(catalog.settings)
    with open_engine(settings, app.ROOMS, stages, {"small": decode}, FixedClock(NOW)) as engine:
        shop = JourneyShop(engine, catalog)
        apply(shop)
        yield shop


def apply(shop: JourneyShop, hours: float = 0) -> None:
    """Put the catalog in force."""
    planned = definitions.plan(shop.catalog, shop.engine.ops)
    with shop.engine.ops.write() as tx:
        definitions.apply(planned, tx, at(hours))


def with_people(shop: JourneyShop, *names: str) -> None:
    """People who have bought and may be written to, at risk; the journey runs."""
    events = []
    for place, name in enumerate(names):
        ids = {**ids_of(name), "phone": f"+49170123450{place:02d}"}
        events.append(event("Order Completed", f"{name}-order", -200, ids=ids))
        for channel in CHANNELS:
            said = {"channel": channel, "purpose": "marketing", "state": "granted"}
            events.append(event("Consent Updated", f"{name}-{channel}", -190, ids=ids_of(name), properties=said))
    shop.happened(*events)
    shop.scored()
    shop.start()


def ids_of(name: str) -> dict[str, str]:
    """Who somebody is; people at the till (``till_…``) have no account, and so can turn out to be another."""
    account = {} if name.startswith("till_") else {"user_id": name}
    return {**account, "email": _email(name)}


def bought(name: str, hours: float) -> dict[str, Any]:
    """An order."""
    return event("Order Completed", f"{name}-order-{hours}", hours, ids=ids_of(name))


def viewed(name: str, hours: float) -> dict[str, Any]:
    """A page view."""
    return event("Page Viewed", f"{name}-view-{hours}", hours, ids=ids_of(name))


def _email(name: str) -> str:
    return f"{name}@customers.example"


def at(hours: float) -> datetime:
    """An instant of the played time."""
    return NOW + timedelta(hours=hours)


def copied(source: Path, target: Path) -> Path:
    """A copy of a closed workspace."""
    shutil.copytree(source, target)
    return target


def _hours(stamp: int | None) -> float | None:
    if stamp is None:
        return None
    start = int(NOW.timestamp()) * 1_000_000
    return (stamp - start) / 3_600_000_000
