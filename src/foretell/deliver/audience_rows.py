"""A change of an audience, as its channel is handed it: hashed identifiers, the list, consent, the run's offer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa

from foretell.definitions import Catalog
from foretell.deliver import audience_document
from foretell.deliver.audience_told import told_by_address
from foretell.deliver.channels.base import Outgoing
from foretell.deliver.outbox import Queued

NAME_BREAK = " · "
"""Between the name of an audience and the offer or product for which a list of it is."""


def audience_row(catalog: Catalog, message: Queued) -> Outgoing:
    """The row of a queued join or leave; its address is the hashed e-mail address.

    Raises:
        ForetellError: ``UNKNOWN_DEFINITION`` where the audience is gone.
    """
    variables = json.loads(message.variables)
    told = variables.get("told")
    if told is None:  # queued by an earlier version
        told = json.loads(told_by_address(pa.array([message.address], pa.string())).to_pylist()[0])
        told |= {"code": variables["code"]} if variables.get("code") else {}
    return change(catalog, message.template, message.message_id, variables["action"], told, message.at)


def change(
    catalog: Catalog, audience: str, message_id: str, action: str, told: Mapping[str, Any], at: datetime
) -> Outgoing:
    """A join or leave of somebody of whom the platform is told ``told``: see
    :func:`foretell.deliver.audience_told.told_of`."""
    spec = audience_document.spec_of(catalog.get("audience", audience))
    hashed = dict(told.get("hashed") or {})
    address = hashed.get("email") or hashed.get("phone") or hashed.get("external_id") or ""
    named = {name: told[name] for name in ("code", "offer", "product", "expires") if name in told}
    row = {
        "audience": audience,
        "platform": spec.platform or "",
        "action": action,
        "hashed_email": hashed.get("email"),
        **named,
    }
    text = json.dumps({name: value for name, value in row.items() if value is not None}, ensure_ascii=False)
    data = {
        **row,
        "hashed": hashed,
        "consent": told.get("consent") == "granted",
        "list_id": spec.list,
        "list_name": list_name(spec, audience, told),
    }
    subject = f"{action} {spec.title or audience}"
    return Outgoing(message_id, "ads", address, subject, "", text, at, {}, data)


def list_name(spec: audience_document.AudienceSpec, audience: str, told: Mapping[str, Any]) -> str:
    """The name of the list at the platform."""
    name = spec.title or audience
    part = told.get(spec.split) if spec.split else None
    return f"{name}{NAME_BREAK}{part}" if part else name
