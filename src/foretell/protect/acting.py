"""What can be asked for beside erasure: to be left alone, wholly or for a while, and never to come back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow as pa

from foretell.collect import email_identifier
from foretell.errors import UsageError
from foretell.identify import Match, find
from foretell.profile import privacy
from foretell.protect.erasing import Opened, found_or_erased


def suppress(place: Opened, identifier: str, *, reason: str, made_by: str, now: datetime) -> dict[str, Any]:
    """Leave a person alone for good: nothing more is done with them, and nothing more of them is taken in.

    Args:
        identifier: of a person, who stays with what is known until they are erased; or ``TYPE:VALUE`` of nobody yet.

    Returns:
        ``person`` (profile id or None) and ``identifiers`` (how many are new on the list).
    """
    person = _known(place, identifier)
    names = _names(place, person, identifier)
    with place.engine.ops.write() as tx:
        listed = privacy.suppress_identifiers(tx, names, place.key, reason=reason or "suppressed", at=now)
        if person is not None:
            privacy.restrict(tx, person.profile_key, "suppression", reason=reason, made_by=made_by, at=now)
    return {"person": None if person is None else person.profile_id, "identifiers": listed}


def unsuppress(place: Opened, identifier: str, *, now: datetime) -> dict[str, Any]:
    """Let a person come back.

    Raises:
        UsageError: ``NOT_SUPPRESSED``.
    """
    person = _known(place, identifier)
    with place.engine.ops.write() as tx:
        taken = privacy.unsuppress_identifiers(tx, _names(place, person, identifier), place.key)
        if not taken:
            raise UsageError("NOT_SUPPRESSED", f"{identifier!r} is not suppressed", thing="suppression")
        if person is not None and privacy.is_barred(tx, person.profile_key, "suppression"):
            privacy.lift(tx, person.profile_key, "suppression", now)
    return {"person": None if person is None else person.profile_id, "identifiers": taken}


def restrict(
    place: Opened, identifier: str, kind: privacy.Restriction, *, reason: str, made_by: str, now: datetime
) -> Match:
    """Bar a person, or note that a guardian has agreed; open requests for restriction are closed."""
    person = found_or_erased(place, identifier)
    requests = privacy.open_requests_of(place.engine.ops, [person.profile_key], "restriction")
    with place.engine.ops.write() as tx:
        privacy.restrict(tx, person.profile_key, kind, reason=reason, made_by=made_by, at=now)
        for request in requests if kind == "restriction" else []:
            privacy.settle_request(tx, request, "done", made_by=made_by, at=now)
    return person


def lift(place: Opened, identifier: str, kind: privacy.Restriction, *, now: datetime) -> Match:
    """Take a restriction back.

    Raises:
        UsageError: ``NOT_RESTRICTED``.
    """
    person = found_or_erased(place, identifier)
    with place.engine.ops.write() as tx:
        privacy.lift(tx, person.profile_key, kind, now)
    return person


def ask(
    place: Opened,
    identifier: str,
    kind: privacy.RequestKind,
    *,
    received_at: datetime | None,
    note: str,
    made_by: str,
    now: datetime,
) -> privacy.PrivacyRequest:
    """Note that a person asked for something; it is due 30 days after it was received."""
    person = found_or_erased(place, identifier)
    return privacy.open_request(
        place.engine, kind, subject=f"{person.kind}:{person.value}", profile_key=person.profile_key, key=place.key,
        now=now, received_at=received_at, note=note, made_by=made_by,
    )  # fmt: skip


def _known(place: Opened, identifier: str) -> Match | None:
    """The person; None where nobody is known by it but it names its kind.

    Raises:
        UsageError: ``PROFILE_AMBIGUOUS``, ``PROFILE_UNKNOWN``.
    """
    try:
        return find(place.engine, identifier)
    except UsageError as error:
        if error.code != "PROFILE_UNKNOWN" or not identifier.partition(":")[2].strip():
            raise
        return None


def _names(place: Opened, person: Match | None, identifier: str) -> pa.Table:
    if person is not None:
        nodes = privacy.nodes_of(place.engine.ops, [person.profile_key])
        return privacy.identifiers_of(place.engine.ops, nodes)
    kind, _, value = identifier.partition(":")
    value = email_identifier(value) if kind == "email" else value.strip()
    return pa.table({"kind": [kind.strip()], "value": [value]})
