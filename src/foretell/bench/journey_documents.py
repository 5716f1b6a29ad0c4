"""The wave of ``benchmarks/rivals.py`` as a journey: the same six steps, with gate, ledger and holdout."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from foretell import definitions
from foretell.bench.segment_documents import written

AS_OF = datetime(2026, 1, 1, 1, tzinfo=UTC)
SOURCE, JOURNEY = "log", "wave"
WAITS = (timedelta(), timedelta(days=1), timedelta(days=3), timedelta(days=4))
"""When something is due, counted from the entry."""
_SETTINGS = "sending: {caps: [{messages: 5, per: 7d, channel: email}]}\n"
_SOURCE: dict[str, Any] = {"kind": "source", "key": SOURCE, "spec": {"format": "jsonl", "history": True}}
_SEND = {"purpose": "service"}
_JOURNEY: dict[str, Any] = {
    "kind": "journey",
    "key": JOURNEY,
    "spec": {
        "enter": {"trait": "plan", "in": ["pro", "free"]},
        "holdout": 0.1,
        "steps": [
            {"key": "welcome", "send": "hello", **_SEND},
            {"key": "day", "wait": "1d"},
            {
                "key": "promising",
                "branch": {"all": [{"trait": "plan", "is": "pro"}, {"trait": "score", "gt": 0.5}]},
                "then": "upgrade",
                "else": "tips",
            },
            {"key": "upgrade", "send": "hello", **_SEND, "next": "two_days"},
            {"key": "tips", "send": "hello", **_SEND},
            {"key": "two_days", "wait": "2d"},
            {
                "key": "valuable",
                "branch": {"all": [{"trait": "email_ok", "is": 1}, {"trait": "ltv", "gt": 100}]},
                "then": "offer",
                "else": "finish",
            },
            {"key": "offer", "send": "hello", **_SEND},
            {"key": "finish", "end": "done"},
        ],
    },
}
TEMPLATE: dict[str, Any] = {
    "kind": "template",
    "key": "hello",
    "spec": {
        "subject": "Hello {{ person.first_name | default: 'you' }}",
        "html": '<p>Your plan is {{ person.plan }}.</p><p><a href="https://shop.example/offers">See the offers</a></p>',
    },
}
_LINES = """
SELECT '{{"type":"identify","messageId":"i' || i || '","userId":"u' || i || '","timestamp":"2025-06-01T00:00:00Z",'
  || '"traits":{{"email":"u' || i || '@people.example","plan":"'
  || CASE WHEN (i * 7919) % 3 = 0 THEN 'pro' ELSE 'free' END || '","score":' || ((i * 2654435761) % 1000) / 1000.0
  || ',"ltv":' || (i * 40503) % 300 || ',"email_ok":' || CASE WHEN (i * 31) % 10 <> 0 THEN 1 ELSE 0 END || '}}}}'
FROM range(1, {people} + 1) t(i)
"""
"""The people of the rival: the same formulas."""


def workspace(root: Path) -> None:
    """A workspace with the journey in a new folder."""
    definitions.init(root)
    with (root / "foretell.yaml").open("a", encoding="utf-8") as file:
        file.write(_SETTINGS)
    (root / "predictions" / "churn.yaml").unlink()
    (root / "segments" / "recent_buyers.yaml").unlink()
    for name, document in (("sources", _SOURCE), ("templates", TEMPLATE), ("journeys", _JOURNEY)):
        (root / name).mkdir(exist_ok=True)
        (root / name / "all.yaml").write_text(written([document]), encoding="utf-8")


def write_people(path: Path, people: int) -> None:
    """What is told of ``people`` people, one line each."""
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY ({_LINES.format(people=int(people))}) TO '{path}' "
            "(FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\x01')"
        )
