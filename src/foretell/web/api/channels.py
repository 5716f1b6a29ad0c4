"""Channels: the ways to people, how each stands, setting one up, and trying it out."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from foretell import deliver
from foretell.definitions import is_kept_by_app, revision_in_force
from foretell.web import documents
from foretell.web.api.saving import NOT_SAVED, Revision, SavedDocument, save
from foretell.web.api.shapes import Instant
from foretell.web.errors import unknown
from foretell.web.site import Here, Site

router = APIRouter(prefix="/channels", tags=["messages"])
Medium = Literal["email", "sms", "push", "ads", "alert"]
State = Literal["development", "ready", "incomplete", "failing"]


class ChannelRate(BaseModel):
    """How fast a provider takes messages."""

    messages: int
    seconds: float = Field(description="So many messages each so many seconds.")


class ChannelRow(BaseModel):
    """A channel and how it stands."""

    key: str
    title: str
    uses: str = Field(description="Its implementation.")
    medium: Medium
    documented: bool = Field(description="A document says what it uses; else what goes out lands in the inbox.")
    idempotent: bool = Field(description="Its vendor takes the same message once, however often it is handed over.")
    state: State = Field(
        description="development: lands in the inbox; incomplete: see problem; failing: the last message did not go."
    )
    problem: str = Field(description="What is missing or wrong; empty where nothing is.")
    next_step: str
    accepted: int = Field(description="Messages that it has taken.")
    accepted_at: Instant | None = Field(description="When it took one last.")
    failed_at: Instant | None = Field(description="When one did not go last.")
    error: str = Field(description="Why.")
    receipts: int = Field(description="What its vendor told of messages, each once.")
    received_at: Instant | None = Field(description="When it told something last.")
    unknown: int = Field(description="What it told of messages that are not there.")
    hook_url: str | None = Field(description="Where the vendor posts what became of messages; null: nowhere.")
    rate: ChannelRate | None
    dead: int = Field(description="Messages that were given up or refused.")
    spec: dict[str, Any] = Field(description="Its document as written; empty without one.")
    kept_by: Literal["app", "files", "nobody"] = Field(description="app: it can be changed here.")
    revision: int = Field(description="Of its document in force; 0 without one.")


class ChannelKindRow(BaseModel):
    """An implementation that a channel can use."""

    name: str
    medium: Medium
    idempotent: bool
    development: bool
    receives: bool = Field(description="Its vendor tells what became of messages.")
    settings: dict[str, Any] = Field(description="JSON schema of its settings.")


class Channels(BaseModel):
    """All channels, and what a channel can use."""

    rows: list[ChannelRow]
    kinds: list[ChannelKindRow]
    secrets: list[str] = Field(description="Names of secrets in foretell.yaml, to choose from.")


class ChannelContent(BaseModel):
    """A channel as the form sends it."""

    model_config = ConfigDict(extra="forbid")

    spec: dict[str, Any] = Field(description="title, uses, settings, rate, sandbox, price.")


class CheckedChannel(BaseModel):
    """Whether a channel could send."""

    ok: bool
    said: str = Field(description="What the vendor says, or what is wrong.")
    next_step: str


class TestAddress(BaseModel):
    """Who gets a test message."""

    model_config = ConfigDict(extra="forbid")

    to: str = Field(min_length=3, max_length=320)


class TestSent(BaseModel):
    """What came of a test message."""

    outcome: Literal["accepted", "refused", "later", "uncertain"]
    error: str


@router.get("")
def list_channels(site: Here) -> Channels:
    """All channels with how they stand, and every implementation with its settings."""
    place = site.workspace
    kinds = [
        ChannelKindRow(
            name=kind.name,
            medium=kind.capabilities.medium,
            idempotent=kind.capabilities.idempotent,
            development=kind.development,
            receives=kind.receive is not None,
            settings=kind.settings.model_json_schema(),
        )
        for _, kind in sorted(deliver.channel_kinds().items())
    ]
    rows = [_row(site, card) for card in deliver.channel_cards(place.engine, place.catalog)]
    return Channels(rows=rows, kinds=kinds, secrets=sorted(place.settings.secrets))


@router.put("/{key}", responses=NOT_SAVED, response_model=SavedDocument)
def save_channel(site: Here, key: str, body: ChannelContent, revision: Revision = None) -> SavedDocument | JSONResponse:
    """Save a channel and put it in force. Channels that people keep in files are refused."""
    return save(site, "channel", key, {name: value for name, value in body.spec.items() if value is not None}, revision)


@router.delete("/{key}", status_code=204)
def delete_channel(site: Here, key: str, revision: Revision = None) -> None:
    """Take a channel of the app out of force; its medium lands in the inbox again."""
    documents.remove(site, "channel", key, base_revision=revision)


@router.post("/{key}/check")
def check_channel(site: Here, key: str) -> CheckedChannel:
    """Look whether a channel could send, and ask its vendor whether it knows us; nothing is sent."""
    _known(site, key)
    told = deliver.check_channel(site.workspace.engine, site.workspace.catalog, key)
    return CheckedChannel(ok=told.ok, said=told.said, next_step=told.next_step)


@router.post("/{key}/test")
def test_channel(site: Here, key: str, body: TestAddress) -> TestSent:
    """Send a test message, which says that it is one; sandbox, suppression and objections hold for it too."""
    place, card = site.workspace, _known(site, key)
    message = deliver.message_of_test(place.catalog, key, card.medium, body.to.strip(), site.now)
    (receipt,) = deliver.send_test(place.engine, place.catalog, key, [message], now=site.now)
    return TestSent(outcome=receipt.outcome, error=receipt.error)


def _known(site: Site, key: str) -> deliver.ChannelCard:
    cards = deliver.channel_cards(site.workspace.engine, site.workspace.catalog)
    found = next((card for card in cards if card.key == key), None)
    if found is None:
        raise unknown("channel", key)
    return found


def _row(site: Site, card: deliver.ChannelCard) -> ChannelRow:
    document = site.workspace.catalog.documents.get(("channel", card.key))
    standing = card.standing
    kept: Literal["app", "files", "nobody"] = "nobody"
    if document is not None:
        kept = "app" if is_kept_by_app(document.raw) else "files"
    named = ("key", "title", "uses", "medium", "documented", "idempotent", "state", "problem", "next_step", "dead")
    told = ("accepted", "accepted_at", "failed_at", "error", "receipts", "received_at", "unknown")
    return ChannelRow(
        **{name: getattr(card, name) for name in named},
        **{name: getattr(standing, name) for name in told},
        hook_url=card.hook_url,
        rate=None if card.rate is None else ChannelRate(messages=card.rate[0], seconds=card.rate[1]),
        spec=dict(document.raw.get("spec") or {}) if document is not None else {},
        kept_by=kept,
        revision=revision_in_force(site.workspace.engine.ops, "channel", card.key) if document is not None else 0,
    )
