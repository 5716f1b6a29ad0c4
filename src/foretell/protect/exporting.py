"""Everything that is known about one person, for them: machine-readable by view, and one page to read.

Regulation (EU) 2016/679, Articles 15 and 20.
"""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

from foretell import deliver, predict
from foretell.clock import naive_utc
from foretell.engine import Engine
from foretell.errors import UsageError, explain_os_errors
from foretell.identify import Match
from foretell.profile import privacy
from foretell.protect.artifacts import register_artifact
from foretell.protect.erasing import Opened
from foretell.protect.pages import person_page
from foretell.segment import personas

_NOT_TOLD = {"machine_sessions", "violations"}
_TRAITS = (
    "SELECT t.trait, t.s, t.n, t.ts AS told_at, t.known_at, e.source FROM log_traits t "
    "LEFT JOIN event_log e ON e.seq = t.seq WHERE t.profile_key = $person ORDER BY t.trait, t.ts DESC, t.seq DESC"
)


def everything_about(place: Opened, person: Match, *, now: datetime) -> dict[str, list[dict[str, Any]]]:
    """Section → rows as plain values: every published view that names people, traits with their sources, messages as
    sent, predictions with their reasons, restrictions and requests. Empty sections are left out."""
    engine = place.engine
    scores = predict.person_scores(engine.analytics, person.profile_key, as_of=now)
    found: dict[str, list[dict[str, Any]]] = {
        "traits": _traits(engine, person.profile_key),
        "predictions_explained": [asdict(one) for one in scores],
        "messages_as_sent": deliver.sent_to(engine, person.profile_key),
        "interviews": [one.as_dict() for one in personas.interviews_of(engine.ops, person.profile_key)],
        "interview_notes": [one.as_dict() for one in personas.notes_from(engine.ops, person.profile_key)],
        "restrictions": privacy.restrictions_of(engine.ops, person.profile_key),
        "requests": _requests(engine, person.profile_key),
    }
    for room in place.rooms:
        for view in room.views:
            if "profile_id" in view.columns and view.name not in _NOT_TOLD:
                found[view.name] = _rows_of(engine, view.name, person.profile_id)
    found["events"] = _rows_of(engine, "events", person.profile_id)
    return {name: [_plain(row) for row in rows] for name, rows in sorted(found.items()) if rows}


def export_person(
    place: Opened, person: Match, path: Path, *, made_by: str, now: datetime, register: bool = True
) -> Path:
    """Write everything about a person to a zip file: ``data/SECTION.json`` and ``person.html``.

    The file is registered, so that an erasure removes it, but where it is handed over at once (``register``); open
    requests for access are closed.

    Raises:
        UsageError: ``BAD_NAME`` for a name that does not end in .zip; ForetellError: ``DISK_FULL`` and the like.
    """
    if path.suffix != ".zip":
        raise UsageError("BAD_NAME", "the copy is a zip file", thing=str(path), next_step="End the name in .zip.")
    told = everything_about(place, person, now=now)
    with explain_os_errors("copy of a person's data"):
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.new")
        try:
            with zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED) as packed:
                for name, rows in told.items():
                    packed.writestr(f"data/{name}.json", json.dumps(rows, ensure_ascii=False, indent=1))
                packed.writestr("person.html", person_page(person.profile_id, told, now))
            os.replace(fresh, path)
        finally:
            fresh.unlink(missing_ok=True)
    if register:
        register_artifact(place.engine, path, "person", now)
    for request in privacy.open_requests_of(place.engine.ops, [person.profile_key], "access"):
        privacy.close_request(place.engine, request, "done", made_by=made_by, now=now)
    return path


def _traits(engine: Engine, profile_key: int) -> list[dict[str, Any]]:
    """All that was ever told; numbers are texts too, in whole units."""
    rows = engine.analytics.query(_TRAITS, {"person": profile_key}).to_pylist()
    told = []
    for row in rows:
        text, number = row.pop("s"), row.pop("n")
        value = text if text is not None or number is None else str(number / 1_000_000)
        told.append({"trait": row.pop("trait"), "value": value, **row})
    return told


def _rows_of(engine: Engine, view: str, profile_id: str) -> list[dict[str, Any]]:
    columns = engine.analytics.columns(view)
    if "profile_id" not in columns:
        return []
    first = next((name for name, kind in columns.items() if kind.startswith("TIMESTAMP")), "profile_id")
    ties = [name for name, kind in columns.items() if kind == "VARCHAR" and name != first]
    order = ", ".join(f'"{name}"' for name in (first, *ties))
    sql = f"SELECT * FROM {view} WHERE profile_id = $person ORDER BY {order}"
    rows: list[dict[str, Any]] = engine.analytics.query(sql, {"person": profile_id}).to_pylist()
    return rows


def _requests(engine: Engine, profile_key: int) -> list[dict[str, Any]]:
    kept = ("request", "kind", "received_at", "due_at", "state", "closed_at")
    return [{name: getattr(one, name) for name in kept} for one in privacy.requests_about(engine.ops, profile_key)]


def _plain(value: Any) -> Any:
    """A value as JSON knows it; texts that are JSON themselves as what they say."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, datetime):
        return (naive_utc(value) if value.tzinfo else value).isoformat() + "Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str) and value[:1] in "{[":
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
