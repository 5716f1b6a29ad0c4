"""A workspace that can send: stores with the rooms up to ``deliver``, a catalog, and people with consent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from foretell import collect, deliver, identify, profile
from foretell.clock import FixedClock, naive_utc
from foretell.definitions import Catalog, Positions, WorkspaceSettings, catalog_of, raise_errors
from foretell.engine import TIMESTAMP, Engine, EngineSettings, Mode, open_engine
from foretell.identify import find
from tests.support.small_events import NOW, decode, event, frame

TEMPLATE: dict[str, Any] = {
    "kind": "template",
    "key": "hello",
    "spec": {
        "subject": "Hello {{ person.first_name | default: 'you' }}",
        "html": '<p>Dear {{ person.first_name }},</p><p><a href="https://shop.example/?a=1&amp;b=2">Look</a></p>',
        "sms": "Hello, see https://shop.example/sms.",
        "alert": "Your parcel is late.",
    },
}
AUDIENCE: dict[str, Any] = {"kind": "audience", "key": "winback", "spec": {"title": "Win back", "platform": "Big Ads"}}


def catalog(root: Path, *documents: Mapping[str, Any], settings: Mapping[str, Any] | None = None) -> Catalog:
    """A catalog of ``documents`` (default: a template and an audience); raises where one is wrong."""
    raws = [(raw, Positions("test.yaml")) for raw in documents or (TEMPLATE, AUDIENCE)]
    kinds = (deliver.TEMPLATE, deliver.CHANNEL, deliver.AUDIENCE)
    read, problems = catalog_of(raws, kinds, root=root, settings=WorkspaceSettings.model_validate(settings or {}))
    raise_errors(problems)
    return read


def open_sending(data: Path, mode: Mode = "write") -> Engine:
    """Stores under ``data`` with the rooms up to deliver."""
    return open_engine(
        EngineSettings(data),
        [collect.PARTS, identify.PARTS, profile.PARTS, profile.PRIVACY_PARTS, deliver.PARTS],
        [identify.IdentifyStage(), collect.CollectStage("EUR"), profile.ProfileStage(), deliver.DeliverStage()],
        {"small": decode},
        FixedClock(NOW),
        mode,
    )


def person(name: str, *channels: str, **traits: Any) -> list[dict[str, Any]]:
    """The events of a person with an e-mail address, a phone number and consent to marketing over ``channels``."""
    ids = {"user_id": name, "email": f"{name}@customers.example", "phone": "+4917012345" + str(len(name)).zfill(2)}
    told = [event("Identified", f"{name}-i", -100, ids=ids, traits={"first_name": name.title(), **traits})]
    return told + [
        event(
            "Consent Updated",
            f"{name}-{channel}",
            -90,
            ids={"user_id": name},
            properties={"channel": channel, "purpose": "marketing", "state": "granted"},
        )
        for channel in channels
    ]


def arrive(engine: Engine, *events: Mapping[str, Any]) -> None:
    """Let events come in."""
    engine.spool_append([frame(events)])
    engine.apply_pending()


def candidates(engine: Engine, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Candidates from mappings with ``id`` and ``who``; ``hours`` after NOW, channel, template, run and so on."""
    built = []
    for row in rows:
        key = find(engine, f"user_id:{row['who']}").profile_key
        built.append(
            {
                "message_id": row["id"],
                "profile_key": key,
                "node_key": key,
                "at": naive_utc(NOW + timedelta(hours=row.get("hours", 0))),
                "channel": row.get("channel", "email"),
                "template": row.get("template", "hello"),
                "purpose": row.get("purpose", "marketing"),
                "journey": row.get("journey", "rescue"),
                "run": row.get("run", f"run-{row['who']}"),
                "step": row.get("step", "first"),
                "campaign": row.get("campaign"),
                "topic": row.get("topic", "winback"),
                "variables": row.get("variables", "{}"),
            }
        )
    texts = [name for name in built[0] if name not in ("profile_key", "node_key", "at")]
    kinds = {"profile_key": pa.int64(), "node_key": pa.int64(), "at": TIMESTAMP, **dict.fromkeys(texts, pa.string())}
    return pa.table({name: pa.array([row[name] for row in built], kinds[name]) for name in built[0]})


def ask(engine: Engine, read: Catalog, *rows: Mapping[str, Any], now: datetime = NOW) -> list[tuple[str, str]]:
    """Ask for messages; (decision, reason) of each."""
    answers: list[pa.Table] = []
    asked = candidates(engine, rows)
    engine.act(
        "test",
        lambda tx, batch: answers.append(deliver.decide(tx, batch, deliver.Sending(read, now), asked)),
        now=now,
    )
    return [(row["decision"], row["reason"]) for row in answers[0].to_pylist()]


def states(engine: Engine) -> dict[str, str]:
    """Message id → state; the view says the same as the ledger."""
    kept = dict(engine.ops.query("SELECT message_id, state FROM messages ORDER BY 1"))
    view = engine.analytics.query("SELECT message_id, state FROM messages ORDER BY 1").to_pylist()
    shown = {row["message_id"]: row["state"] for row in view}
    assert {key: state for key, state in kept.items() if state != "claimed"} == {
        key: state for key, state in shown.items() if kept[key] != "claimed"
    }
    return kept


def told(engine: Engine, name: str) -> list[dict[str, Any]]:
    """Own events called ``name``, by time."""
    rows: list[dict[str, Any]] = engine.analytics.query(
        "SELECT message_id, timestamp, properties FROM events WHERE event = $name AND source = 'foretell' "
        "ORDER BY timestamp, message_id",
        {"name": name},
    ).to_pylist()
    return rows
