"""Sources: where events come from, the write keys they come with, and text to copy for whoever sends."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from foretell import collect
from foretell.collect import SourceSpec, WriteKey
from foretell.errors import UsageError
from foretell.web.api.shapes import At, Instant
from foretell.web.site import Here, Site
from foretell.web.snippets import LANGUAGES, Sending, SnippetKind, hook_snippet, snippet

router = APIRouter(prefix="/sources", tags=["sources"])
Format = Literal["csv", "parquet", "xlsx", "json", "jsonl", "api", "webhook"]
_CATEGORY = "Analytics"
"""Stands in a snippet where the source names no category of consent."""


class SourceBody(BaseModel):
    """A source document."""

    key: str
    format: Format
    file: str
    origins: list[str] = Field(description="Pages that may send; empty: all. Of `api`.")
    consent: Literal["required", "none"]
    consent_categories: list[str]
    keys: int = Field(description="Write keys that are accepted now.")
    settings_keys: int = Field(description="Of these, those that stand in foretell.yaml and are managed there.")
    address: str | None = Field(description="Where events of it are sent: of `api` and `webhook`.")


class Sources(BaseModel):
    """All sources."""

    sources: list[SourceBody]
    broken: list[str] = Field(description="Keys of documents with errors; they take nothing.")


class WriteKeyBody(BaseModel):
    """A write key."""

    write_key: str
    source: str
    name: str
    created_at: Instant
    retires_at: Instant | None = Field(description="From then on it is not accepted.")
    valid: bool = Field(description="Accepted now.")


class WriteKeys(BaseModel):
    """The write keys of a source, the oldest first, retired ones too."""

    keys: list[WriteKeyBody]


class NewKey(BaseModel):
    """A write key to make."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field("", max_length=100, description="What people call it.")


class Snippet(BaseModel):
    """Text to copy."""

    kind: SnippetKind
    language: str = Field(description="Of the text, for colours: javascript, python or shell.")
    text: str
    write_key: str = Field(description="The key in it; empty for webhooks, which are signed.")
    consent: Literal["required", "none"]


@router.get("")
def sources(site: Here, request: Request) -> Sources:
    """All sources with their way of arriving."""
    catalog = site.workspace.catalog
    listed = [_source(site, document.key, request) for document in catalog.all("source")]
    return Sources(sources=listed, broken=sorted(key for kind, key in catalog.broken if kind == "source"))


@router.get("/{key}/keys")
def write_keys(site: Here, key: str) -> WriteKeys:
    """The write keys of a source that are kept in the store."""
    _spec(site, key)
    return WriteKeys(keys=[_key(site, one) for one in collect.keys(site.workspace.engine.ops, key)])


@router.post("/{key}/keys")
def new_write_key(site: Here, key: str, wanted: NewKey) -> WriteKeyBody:
    """Make one more write key of a source; the others stay valid."""
    place = site.workspace
    made = collect.new_key(place.engine.ops, place.catalog, key, name=wanted.name, now=site.now)
    site.senders.forget()
    return _key(site, made)


@router.delete("/{key}/keys/{write_key}")
def retire_write_key(site: Here, key: str, write_key: str, until: At = None) -> WriteKeyBody:
    """Let a write key be accepted until an instant (now, where none is given), and no longer."""
    retired = collect.retire_key(site.workspace.engine.ops, write_key, at=until or site.now, source=key)
    site.senders.forget()
    return _key(site, retired)


@router.get("/{key}/snippet")
def source_snippet(
    site: Here,
    request: Request,
    key: str,
    kind: SnippetKind = "browser",
    write_key: Annotated[str | None, Query(description="One of its keys; else the newest that is valid.")] = None,
) -> Snippet:
    """Text to copy into a page or a program, with the address by which this server was asked."""
    spec, address = _spec(site, key), _address(request)
    if spec.format == "webhook" and spec.signature is not None:
        if kind != "curl":
            raise UsageError("BAD_REQUEST", "a webhook is shown with kind=curl", where="query.kind")
        how = spec.signature
        text = hook_snippet(address, key, how.header, how.prefix, how.scheme, how.encoding)
        return Snippet(kind=kind, language="shell", text=text, write_key="", consent="none")
    chosen = _chosen(site, key, write_key)
    categories = (spec.consent_categories or [_CATEGORY]) if spec.consent == "required" else []
    text = snippet(kind, Sending(address, chosen, categories))
    return Snippet(kind=kind, language=LANGUAGES[kind], text=text, write_key=chosen, consent=spec.consent)


def _chosen(site: Site, source: str, wanted: str | None) -> str:
    held = [one.write_key for one in collect.keys(site.workspace.engine.ops, source) if one.is_valid(site.now)]
    if wanted is None and held:
        return held[-1]
    if wanted in held:
        return str(wanted)
    raise UsageError(
        "UNKNOWN_WRITE_KEY",
        f"the source {source} has no such valid write key" if wanted else f"the source {source} has no write key yet",
        thing=f"source {source}",
        next_step=f"Make one: foretell source new-key {source}.",
    )


def _spec(site: Site, key: str) -> SourceSpec:
    spec = site.workspace.catalog.get("source", key).spec
    assert isinstance(spec, SourceSpec)
    return spec


def _source(site: Site, key: str, request: Request) -> SourceBody:
    document, spec = site.workspace.catalog.get("source", key), _spec(site, key)
    kept = sum(one.is_valid(site.now) for one in collect.keys(site.workspace.engine.ops, key))
    settings = sum(source == key for source in site.access.write_keys.values())
    path = {"api": "/v1", "webhook": f"/hooks/{key}"}.get(spec.format)
    return SourceBody(
        key=key,
        format=spec.format,
        file=document.file,
        origins=spec.origins,
        consent=spec.consent,
        consent_categories=spec.consent_categories,
        keys=kept + settings,
        settings_keys=settings,
        address=None if path is None else _address(request) + path,
    )


def _key(site: Site, one: WriteKey) -> WriteKeyBody:
    return WriteKeyBody(
        write_key=one.write_key,
        source=one.source,
        name=one.name,
        created_at=one.created_at,
        retires_at=one.retires_at,
        valid=one.is_valid(site.now),
    )


def _address(request: Request) -> str:
    return str(request.base_url).rstrip("/")
