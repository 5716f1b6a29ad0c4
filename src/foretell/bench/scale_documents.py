"""What is kept and done for the people of ``bench scale``: a source, a prediction, a hundred segments, a journey."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from foretell import definitions
from foretell.bench.segment_documents import written

AS_OF = datetime(2026, 1, 1, 1, tzinfo=UTC)
"""The events are of the year before."""
SOURCE, PREDICTION, JOURNEY = "log", "stays_away", "wave"
SEGMENTS = 100
_WINDOWS_DAYS = (7, 30, 90, 365)
_KINDS: tuple[dict[str, Any], ...] = (
    {"did": "Order Completed"},
    {"did": "Product Viewed", "where": {"category": "c{n}"}},
    {"did": "Product Page Viewed", "where": {"path": "/p/{n}"}},
    {"did": "Order Completed", "where": {"revenue": {"gt": "{n}0"}}},
    {"did": "Product Viewed", "where": {"price": {"lt": "{n}"}}},
)
_SOURCE: dict[str, Any] = {"kind": "source", "key": SOURCE, "spec": {"format": "jsonl", "history": True}}
_PREDICTION: dict[str, Any] = {
    "kind": "prediction",
    "key": PREDICTION,
    "spec": {
        "outcome": {"did_not": "Order Completed"},
        "horizon": "90d",
        "population": {"did": "Order Completed", "within": "365d"},
    },
}
_TEMPLATE: dict[str, Any] = {
    "kind": "template",
    "key": "hello",
    "spec": {"subject": "Hello", "html": "<p>Hello {{ person.first_name }}</p>"},
}
_JOURNEY: dict[str, Any] = {
    "kind": "journey",
    "key": JOURNEY,
    "spec": {
        "enter": {"did": "Order Completed", "within": "365d"},
        "holdout": 0,
        "steps": [
            {"key": "viewed", "branch": {"did": "Product Viewed", "within": "90d"}, "then": "mail", "else": "day"},
            {"key": "mail", "send": "hello", "purpose": "service"},
            {"key": "day", "wait": "24h"},
            {"key": "finish", "end": "done"},
        ],
    },
}


def workspace(root: Path, settings: str = "") -> None:
    """A workspace with these documents in a new folder.

    Args:
        settings: further lines of ``foretell.yaml``.
    """
    definitions.init(root)
    with (root / "foretell.yaml").open("a", encoding="utf-8") as file:
        file.write(settings)
    (root / "predictions" / "churn.yaml").unlink()
    (root / "segments" / "recent_buyers.yaml").unlink()
    folders = {
        "sources": [_SOURCE],
        "predictions": [_PREDICTION],
        "templates": [_TEMPLATE],
        "journeys": [_JOURNEY],
        "segments": [segment(number) for number in range(SEGMENTS)],
    }
    for name, documents in folders.items():
        (root / name).mkdir(exist_ok=True)
        (root / name / "all.yaml").write_text(written(documents), encoding="utf-8")


def segment(number: int) -> dict[str, Any]:
    """One of the hundred: five kinds of questions over four windows, no two alike."""
    kind = _filled(_KINDS[number % len(_KINDS)], number // len(_KINDS) + 1)
    days = _WINDOWS_DAYS[number // len(_KINDS) % len(_WINDOWS_DAYS)]
    times = {"gte": 1 + number // len(_KINDS) // len(_WINDOWS_DAYS)}
    return {
        "kind": "segment",
        "key": f"s{number:03d}",
        "spec": {"condition": kind | {"times": times, "within": f"{days}d"}},
    }


def _filled(part: Any, number: int) -> Any:
    if isinstance(part, dict):
        return {name: _filled(value, number) for name, value in part.items()}
    text = part.replace("{n}", str(number))
    return int(text) if text.isdigit() else text
