"""What a few people of the demo say of consent on its last day: tips asked for, some confirmed; objections; a lapse.

It is said when all else is counted, so that it changes no number of the demo.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from foretell import collect, deliver
from foretell.app import Workspace
from foretell.ids import stable_id

AGO = timedelta(hours=14)
"""The morning before: no quiet hours, and links that still work."""
_ASK, _CONFIRM, _OBJECT, _KEEP = 6, 3, 4, 2
_PEOPLE = """
SELECT n.profile_id, i.value FROM identifiers i LEFT JOIN merged m ON m.node_key = i.node_key
JOIN nodes n ON n.node_key = coalesce(m.profile_key, i.node_key)
WHERE i.kind = 'email' AND NOT EXISTS (SELECT 1 FROM journey_runs r WHERE r.profile_key = n.node_key)
ORDER BY n.profile_id, i.value LIMIT 60"""
"""Whom no journey has touched, so that none is changed."""


def speak(workspace: Workspace, now: datetime) -> int:
    """Let people say their wishes, and Foretell ask those back who have to confirm; returns how many spoke."""
    at = now - AGO
    people = dict(workspace.engine.ops.query(_PEOPLE))
    lines = [_line(person, email, said, at) for (person, email), said in zip(people.items(), _wishes(at), strict=False)]
    if not lines:
        return 0
    text = "".join(json.dumps(line) + "\n" for line in lines)
    workspace.engine.spool_append(collect.request_frames([collect.Request("shop", text.encode(), len(lines), at)]))
    workspace.engine.apply_pending()
    deliver.dispatch(workspace.engine, workspace.catalog, now=at)
    _confirm(workspace, at + timedelta(minutes=7))
    return len(lines)


def _wishes(at: datetime) -> list[dict[str, str]]:
    asks = {"purpose": "email.tips", "state": "requested", "source": "footer form", "wording": "2026-01"}
    objects = {"purpose": "profiling", "state": "denied", "source": "call centre"}
    keeps = {"purpose": "export", "state": "denied", "source": "letter"}
    lapsed = {"purpose": "sms.marketing", "state": "granted", "source": "raffle", "expires_at": at.isoformat()}
    return [asks] * _ASK + [objects] * _OBJECT + [keeps] * _KEEP + [lapsed]


def _line(person: str, email: str, said: dict[str, str], at: datetime) -> dict[str, Any]:
    return {
        "type": "track",
        "event": "Consent Updated",
        "messageId": stable_id("w", person, said["purpose"]),
        "timestamp": at.isoformat(),
        "properties": said,
        "context": {"externalIds": [{"type": "email", "id": email, "collection": "users", "encoding": "none"}]},
    }


def _confirm(workspace: Workspace, at: datetime) -> None:
    """Half of those who were asked press the button."""
    engine, catalog = workspace.engine, workspace.catalog
    signer = deliver.signer_of(engine, catalog.settings)
    asked = engine.ops.query("SELECT request FROM consent_requests ORDER BY request LIMIT ?", (_CONFIRM,))
    for (request,) in asked:
        token = deliver.confirm_url(signer, request).rpartition("/")[2]
        deliver.confirm(engine, catalog, token, proof={}, now=at)
