"""Writing traits of people back: as ``identify`` events of the source ``api``, durable when the answer comes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Header
from pydantic import BaseModel, ConfigDict, Field

from foretell import collect, identify
from foretell.errors import UsageError
from foretell.identify import Match
from foretell.ids import stable_id
from foretell.web.api.profiles import MOST_PROFILES, Given
from foretell.web.api.shapes import iso
from foretell.web.messages import single_message
from foretell.web.site import Here, Site

router = APIRouter(prefix="/profiles", tags=["profiles"])
SOURCE = "api"
Traits = Annotated[
    dict[Annotated[str, Field(min_length=1, max_length=200)], Any],
    Field(min_length=1, max_length=500, description="Trait → value; null takes it away."),
]
By = Annotated[str, Field(min_length=1, max_length=200, description="Who writes it; it is kept with the event.")]
Key = Annotated[
    str | None,
    Header(min_length=1, max_length=200, description="The same key for the same person counts once."),
]


class GivenTraits(BaseModel):
    """Traits of one person."""

    model_config = ConfigDict(extra="forbid")

    traits: Traits
    by: By = "team"


class GivenRow(BaseModel):
    """Traits of one of many people."""

    model_config = ConfigDict(extra="forbid")

    id: Given
    traits: Traits


class GivenRows(BaseModel):
    """Traits of many people."""

    model_config = ConfigDict(extra="forbid")

    rows: list[GivenRow] = Field(min_length=1, max_length=MOST_PROFILES)
    by: By = "team"


class Written(BaseModel):
    """What is durable now; it counts as soon as it is taken in, a moment later."""

    kept: int
    message_ids: list[str]
    unknown: list[str] = Field(description="Nobody is known by these; nothing of them is kept.")


@router.patch("/{identifier:path}/traits")
def write_traits(site: Here, identifier: str, given: GivenTraits, idempotency_key: Key = None) -> Written:
    """Tell traits of a person; what is not named stays as it is."""
    match = identify.find(site.workspace.engine, identifier)
    return _keep(site, [(match, given.traits)], given.by, idempotency_key, [])


@router.post("/traits")
def write_many_traits(site: Here, given: GivenRows, idempotency_key: Key = None) -> Written:
    """Tell traits of up to 1,000 people; rows of people whom nobody knows are left out and listed."""
    matches = identify.find_all(site.workspace.engine, [row.id for row in given.rows])
    pairs = list(zip(matches, given.rows, strict=True))
    known = [(match, row.traits) for match, row in pairs if match is not None]
    return _keep(site, known, given.by, idempotency_key, [row.id for match, row in pairs if match is None])


def _keep(
    site: Site, told: Sequence[tuple[Match, Mapping[str, Any]]], by: str, key: str | None, unknown: list[str]
) -> Written:
    names = _names(site, [match for match, _ in told])
    at = iso(site.now)
    lines, ids = [], []
    for place, (match, traits) in enumerate(told):
        kind, value = names[match.profile_key]
        text = _text(traits)
        # Without a key each request is one of its own, also with the same content.
        ids.append(stable_id("w", key or f"{at} {place} {text}", kind, value))
        lines.append(single_message(_line(ids[-1], kind, value, at, by, text), "identify").lines)
    if lines:
        request = collect.Request(SOURCE, b"".join(lines), len(lines), site.now)
        site.workspace.engine.spool_append(collect.request_frames([request]))
        site.worker.wake()
    return Written(kept=len(lines), message_ids=ids, unknown=unknown)


def _names(site: Site, matches: Sequence[Match]) -> dict[int, tuple[str, str]]:
    """By which identifier each person is spoken of: the one that was given, or any where a public id was."""
    names = {match.profile_key: (match.kind, match.value) for match in matches if match.kind != "profile_id"}
    lacking = sorted({match.profile_key for match in matches} - set(names))
    return names | identify.known_by(site.workspace.engine.ops, lacking)


def _line(message_id: str, kind: str, value: str, at: str, by: str, traits: str) -> bytes:
    plain = {"user_id": "userId", "anonymous_id": "anonymousId"}
    outer = {"externalIds": [{"type": kind, "id": value, "collection": "users", "encoding": "none"}]}
    context: dict[str, Any] = {"written": {"by": by, "through": "profile api"}}
    who = {plain[kind]: value} if kind in plain else {}
    told: dict[str, Any] = {"type": "identify", "messageId": message_id, "timestamp": at, **who}
    told["context"] = context if who else {**context, **outer}
    return f'{json.dumps(told)[:-1]}, "traits": {traits}}}'.encode()


def _text(traits: Mapping[str, Any]) -> str:
    try:
        return json.dumps(traits, allow_nan=False)
    except ValueError as error:
        raise UsageError("BAD_VALUE", "a trait is no number that can be kept", where="traits") from error
