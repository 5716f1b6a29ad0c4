"""Consent: what people are asked, how many said what, what one person ever said, and taking in their words."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import pyarrow as pa
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from foretell import collect, identify, profile
from foretell.clock import utc
from foretell.errors import UsageError
from foretell.ids import stable_id
from foretell.web.api.shapes import GivenInstant, Instant, iso
from foretell.web.site import Here, Site

router = APIRouter(prefix="/consents", tags=["consents"])
Basis = Literal["consent", "contract", "legitimate_interest", "legal_obligation"]
_SOURCE = "api"
_SHORT = Annotated[str, Field(max_length=500)]


class PurposeRow(BaseModel):
    """A purpose and how many people said what of it."""

    name: str = Field(description="CHANNEL.PURPOSE, or one word such as profiling.")
    title: str
    basis: Basis
    described: bool = Field(description="The consent document names it; else the usual holds.")
    wording: str | None = Field(description="Version of the wording shown now.")
    text: str | None = Field(description="The wording shown now.")
    expires_after: str | None = Field(description="A grant lapses so long after it was given.")
    double_opt_in: bool = Field(description="A grant has to be confirmed by a link.")
    on_page: bool = Field(description="The preference page shows it.")
    granted: int
    denied: int
    expired: int
    pending: int = Field(description="Grants that wait for their confirmation.")
    none: int = Field(description="People who never spoke of it.")


class PurposeRows(BaseModel):
    """All purposes: those of the document, and those that somebody spoke of."""

    rows: list[PurposeRow]


class ConsentNow(BaseModel):
    """What may be done to a person for one purpose."""

    name: str
    basis: Basis
    allowed: bool
    reason: str = Field(description="granted, not_needed, no_consent, withdrawn, expired, objected, restricted …")
    state: str = Field(description="The word that counts: granted, denied, expired or none.")
    at: Instant | None
    source: str | None
    wording: str | None
    expires_at: Instant | None


class ConsentWord(BaseModel):
    """One word, as it came."""

    name: str
    state: str = Field(description="granted, denied, requested or unknown.")
    at: Instant
    known_at: Instant
    source: str
    basis: str
    wording: str
    expires_at: Instant | None
    message_id: str
    proof: dict[str, Any]


class PersonConsents(BaseModel):
    """Consent of one person, now and ever."""

    profile_id: str
    rows: list[ConsentNow]
    history: list[ConsentWord] = Field(description="The latest first, at most 500.")


class GivenWord(BaseModel):
    """A word that somebody spoke elsewhere."""

    model_config = ConfigDict(extra="forbid")

    purpose: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,40}(\.[a-z][a-z0-9_-]{0,40})?$", description="email.marketing …")
    state: Literal["granted", "denied", "requested"]
    at: GivenInstant | None = Field(None, description="When it was said; default: now.")
    source: _SHORT | None = Field(None, description="Where it was said: checkout, call centre …")
    basis: _SHORT | None = None
    wording: _SHORT | None = Field(None, description="Version of the wording that was shown.")
    expires_at: GivenInstant | None = None
    confirmed: bool = Field(False, description="It was confirmed already: no message asks once more.")
    ip: _SHORT | None = None
    user_agent: _SHORT | None = None
    url: _SHORT | None = None


class GivenWords(BaseModel):
    """Words of one person."""

    model_config = ConfigDict(extra="forbid")

    person: str = Field(pattern=r"^[a-z_]{1,40}:\S.{0,299}$", description="TYPE:VALUE, e.g. email:ann@shop.example.")
    words: list[GivenWord] = Field(min_length=1, max_length=100)


class Kept(BaseModel):
    """What is durable now; it counts as soon as it is taken in."""

    kept: int
    message_ids: list[str]


@router.get("/purposes")
def consent_purposes(site: Here) -> PurposeRows:
    """Every purpose with how many people said what."""
    place = site.workspace
    purposes = profile.purposes_of(place.catalog)
    counts = site.cache.get("consents", lambda: profile.consent_counts(place.engine, site.now, purposes))
    everybody = site.headcount().everybody
    names = dict.fromkeys((*purposes.listed, *sorted(counts), *sorted(purposes.plain)))
    return PurposeRows(rows=[_purpose(site, purposes, name, counts.get(name, {}), everybody) for name in names])


@router.get("/people/{profile_id}")
def person_consents(site: Here, profile_id: str) -> PersonConsents:
    """What one person allows, and everything they said; any identifier finds them."""
    place = site.workspace
    match = identify.find(place.engine, profile_id)
    history = profile.consent_history(place.engine.analytics, match.profile_key)
    words = [ConsentWord(name=profile.name_of(one.channel, one.purpose), **_told(one)) for one in history]
    return PersonConsents(profile_id=match.profile_id, rows=_now(site, match.profile_key), history=words)


@router.post("")
def take_consents(site: Here, given: GivenWords) -> Kept:
    """Take in words; they are durable when the answer comes, and the same word twice counts once."""
    kind, _, value = given.person.partition(":")
    lines = [_line(site, kind, value.strip(), word) for word in given.words]
    if len({line["messageId"] for line in lines}) < len(lines):
        raise UsageError("WORD_TWICE", "two of the words are the same", where="words", next_step="Say each once.")
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    request = collect.Request(_SOURCE, text.encode(), len(lines), site.now)
    site.workspace.engine.spool_append(collect.request_frames([request]))
    site.worker.wake()
    return Kept(kept=len(lines), message_ids=[str(line["messageId"]) for line in lines])


def _line(site: Site, kind: str, value: str, word: GivenWord) -> dict[str, Any]:
    at = iso(word.at or site.now)
    told = word.model_dump(exclude={"at", "purpose", "expires_at", "confirmed"}, exclude_none=True)
    channel, _, purpose = profile.full_name(word.purpose).rpartition(".")
    told |= {"channel": channel, "purpose": purpose} if channel else {"purpose": purpose}
    told |= {"confirmed": True} if word.confirmed else {}
    told |= {"expires_at": iso(word.expires_at)} if word.expires_at else {}
    names = {"user_id": "userId", "anonymous_id": "anonymousId"}
    outer = {"externalIds": [{"type": kind, "id": value, "collection": "users", "encoding": "none"}]}
    who: dict[str, Any] = {names[kind]: value} if kind in names else {"context": outer}
    ids = stable_id("c", kind, value, word.purpose, word.state, at)
    return {"type": "track", "event": "Consent Updated", "messageId": ids, "timestamp": at, "properties": told, **who}


def _purpose(site: Site, purposes: profile.Purposes, name: str, counts: dict[str, int], everybody: int) -> PurposeRow:
    one = purposes.of(name)
    wording = one.wording(site.now.astimezone(purposes.zone).date())
    numbers = {state: counts.get(state, 0) for state in ("granted", "denied", "expired", "pending")}
    spoken = numbers["granted"] + numbers["denied"] + numbers["expired"]
    return PurposeRow(
        name=one.name,
        title=one.called(site.workspace.settings.locale) or one.name,
        basis=one.basis,
        described=name in purposes.listed,
        wording=wording.version if wording else None,
        text=profile.text_in(wording.text, site.workspace.settings.locale) if wording else None,
        expires_after=str(one.expires_after) if one.expires_after else None,
        double_opt_in=one.double_opt_in is not None,
        on_page=one.on_page,
        none=max(everybody - spoken, 0),
        **numbers,
    )


def _now(site: Site, profile_key: int) -> list[ConsentNow]:
    place = site.workspace
    purposes = profile.purposes_of(place.catalog)
    keys = pa.array([profile_key], pa.int64())
    said = profile.consents(place.engine.ops, keys, at=site.now, purposes=purposes).to_pylist()
    by_name = {profile.name_of(row["channel"], row["purpose"]): row for row in said}
    rows = []
    for name in dict.fromkeys((*purposes.listed, *by_name, *sorted(purposes.plain))):
        door = profile.allowed(place.engine.ops, keys, name, site.now, purposes).to_pylist()[0]
        word = by_name.get(name, {})
        rows.append(
            ConsentNow(
                name=name,
                basis=door["basis"],
                allowed=door["allowed"],
                reason=door["reason"],
                state=word.get("state", "none"),
                at=utc(word["ts"]) if word else None,
                source=word.get("source"),
                wording=word.get("wording") or None,
                expires_at=utc(word["expires_at"]) if word.get("expires_at") else None,
            )
        )
    return rows


def _told(one: profile.Spoken) -> dict[str, Any]:
    return {name: getattr(one, name) for name in ConsentWord.model_fields if name != "name"}
