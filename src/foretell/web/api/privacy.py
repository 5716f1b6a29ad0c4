"""Privacy: what people ask of us and by when, erasures and their certificates, who is left alone, the record."""

from __future__ import annotations

import logging
import tempfile
import threading
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from foretell import protect
from foretell.app import protected
from foretell.profile import privacy
from foretell.web.api.shapes import GivenInstant, Instant
from foretell.web.site import Here, Site

router = APIRouter(prefix="/privacy", tags=["privacy"])
_LOG = logging.getLogger("foretell.web")
Kind = Literal["access", "erasure", "objection", "restriction", "rectification"]
State = Literal["open", "done", "refused"]
Who = Annotated[str, Field(min_length=1, max_length=2_000, description="type:value, a bare value or p_….")]
By = Annotated[str, Field(min_length=1, max_length=200, description="Who does this.")]


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewRequest(_Given):
    """What somebody asked for."""

    kind: Kind
    person: Who
    received_at: GivenInstant | None = Field(None, description="Without it, now; the term of 30 days runs from then.")
    note: str = Field("", max_length=10_000)
    by: By = "team"


class Closing(_Given):
    """What became of a request."""

    state: Literal["done", "refused"]
    note: str = Field("", max_length=10_000)
    by: By = "team"


class NewErasure(_Given):
    """Whom to erase."""

    people: list[Who] = Field(min_length=1, max_length=10_000)
    by: By = "team"


class Suppressing(_Given):
    """Whom to leave alone for good."""

    person: Who
    reason: str = Field("asked to be left alone", max_length=1_000)
    by: By = "team"


class Restricting(_Given):
    """Whom to leave alone for now; ``guardian``: somebody who may has agreed for a minor."""

    person: Who
    kind: Literal["restriction", "guardian"] = "restriction"
    reason: str = Field("asked for restriction of processing", max_length=1_000)
    by: By = "team"


class Happening(BaseModel):
    """One step of a request."""

    at: Instant
    by: str
    what: str = Field(description="received, done or refused.")
    told: str


class RequestRow(BaseModel):
    """A request."""

    request: str
    kind: Kind
    person: str = Field(description="As they were named; empty once they are erased.")
    received_at: Instant
    due_at: Instant
    days_left: int | None = Field(description="Negative where it is late; null where it is closed.")
    state: State
    closed_at: Instant | None
    note: str
    by: str


class RequestBody(RequestRow):
    """A request with its history, oldest first."""

    history: list[Happening]


class ErasureRow(BaseModel):
    """An erasure as it stands."""

    erasure: str
    state: str = Field(description="The last step that is done: begun, spool, files, analytics, forgotten or done.")
    steps: list[str] = Field(description="All steps, in order.")
    begun_at: Instant
    done_at: Instant | None
    by: str
    requests: list[str]
    certificate: dict[str, Any] | None = Field(description="What was removed where; it names nobody.")


class Restricted(BaseModel):
    """A restriction of one person."""

    kind: str
    reason: str
    since: Instant
    until: Instant | None
    by: str


class Suppressions(BaseModel):
    """The suppression list; it holds keyed hashes and cannot be read."""

    identifiers: int
    held_back: list[HeldBack] = Field(description="Events that were not taken in, the latest day first.")


class HeldBack(BaseModel):
    """Events of suppressed people."""

    day: str
    source: str
    events: int


class Suppressed(BaseModel):
    """What was put on the list or taken off it."""

    person: str | None = Field(description="Public id; null where nobody is known by it.")
    identifiers: int


class Artifact(BaseModel):
    """A file that Foretell wrote and an erasure rewrites."""

    path: str
    kind: str
    made_at: Instant
    sha256: str
    state: str


class Requests(BaseModel):
    """Requests, the one due first at the top."""

    rows: list[RequestRow]


class Erasures(BaseModel):
    """Erasures, the latest first."""

    rows: list[ErasureRow]


class Restrictions(BaseModel):
    """What bars a person, the latest first."""

    rows: list[Restricted]


class Artifacts(BaseModel):
    """Files that hold something of people, the latest first."""

    rows: list[Artifact]


class Everything(BaseModel):
    """Everything about one person."""

    profile_id: str
    data: dict[str, list[dict[str, Any]]] = Field(description="Section → its rows.")


class PurposeRow(BaseModel):
    """A purpose with its legal ground."""

    name: str
    title: str
    basis: str
    minors: bool = Field(description="Whether it may be done to minors.")


class Category(BaseModel):
    """A class of personal data and the fields that are put into it."""

    category: str
    fields: list[str]


class Record(BaseModel):
    """The record of processing activities (Article 30)."""

    workspace: str
    controller: str
    officer: str
    purposes: list[PurposeRow]
    processing: list[dict[str, str]] = Field(description="what, key, title: predictions, segments, journeys …")
    data: list[Category]
    subjects: list[str]
    sources: list[dict[str, str]] = Field(description="key, format.")
    recipients: list[dict[str, str]] = Field(description="kind, key, who.")
    retention: list[dict[str, str]] = Field(description="what, keep.")
    kept_without_rule: str
    age_of_consent: int
    measures: list[str]


@router.get("/requests")
def requests(site: Here, state: State | None = None) -> Requests:
    """Requests, the one due first at the top."""
    return Requests(rows=[_row(site, one) for one in privacy.list_requests(site.workspace.engine.ops, state=state)])


@router.post("/requests")
def new_request(site: Here, given: NewRequest) -> RequestBody:
    """Note that a person asked for something."""
    made = protect.ask(
        protected(site.workspace), given.person, given.kind, received_at=given.received_at, note=given.note,
        made_by=given.by, now=site.now,
    )  # fmt: skip
    return _body(site, made)


@router.get("/requests/{request}")
def one_request(site: Here, request: str) -> RequestBody:
    """One request."""
    return _body(site, privacy.show_request(site.workspace.engine.ops, request))


@router.post("/requests/{request}/close")
def close_request(site: Here, request: str, given: Closing) -> RequestBody:
    """Close a request. One for erasure is closed by the erasure itself, one for access by the export."""
    engine = site.workspace.engine
    privacy.close_request(engine, request, given.state, made_by=given.by, now=site.now, note=given.note)
    return _body(site, privacy.show_request(engine.ops, request))


@router.get("/erasures")
def erasures(site: Here) -> Erasures:
    """Erasures, the latest first."""
    return Erasures(rows=[_erasure(one) for one in privacy.list_erasures(site.workspace.engine)])


@router.post("/erasures")
def erase(site: Here, given: NewErasure) -> ErasureRow:
    """Erase people everywhere. It is noted durably and done beside the server: look at its state for how far it is."""
    place = protected(site.workspace)
    name = protect.begin_erasure(place, given.people, made_by=given.by, now=site.now)
    threading.Thread(target=_finish, args=(site,), name="erasure", daemon=True).start()
    return _erasure(privacy.show_erasure(place.engine, name))


@router.get("/erasures/{erasure}")
def one_erasure(site: Here, erasure: str) -> ErasureRow:
    """One erasure."""
    return _erasure(privacy.show_erasure(site.workspace.engine, erasure))


@router.get("/erasures/{erasure}/certificate.html", response_class=HTMLResponse)
def certificate_page(site: Here, erasure: str) -> HTMLResponse:
    """The certificate as a page to be printed."""
    return HTMLResponse(privacy.certificate_html(privacy.certificate_of(site.workspace.engine, erasure)))


@router.get("/suppressions")
def suppressions(site: Here) -> Suppressions:
    """How many identifiers are suppressed, and what was held back."""
    ops = site.workspace.engine.ops
    return Suppressions(
        identifiers=privacy.suppressed_count(ops), held_back=[HeldBack(**one) for one in privacy.held_back(ops)]
    )


@router.post("/suppressions")
def suppress(site: Here, given: Suppressing) -> Suppressed:
    """Leave a person alone for good, or ``TYPE:VALUE`` of nobody yet."""
    place = protected(site.workspace)
    return Suppressed(**protect.suppress(place, given.person, reason=given.reason, made_by=given.by, now=site.now))


@router.delete("/suppressions")
def unsuppress(site: Here, person: Annotated[str, Query(min_length=1, max_length=2_000)]) -> Suppressed:
    """Let a person come back."""
    return Suppressed(**protect.unsuppress(protected(site.workspace), person, now=site.now))


@router.get("/restrictions")
def restrictions(site: Here, person: Annotated[str, Query(min_length=1, max_length=2_000)]) -> Restrictions:
    """The restrictions of a person, the latest first."""
    place = protected(site.workspace)
    return _restrictions(site, protect.found_or_erased(place, person).profile_key)


@router.post("/restrictions")
def restrict(site: Here, given: Restricting) -> Restrictions:
    """Do nothing with a person for now; or note that a guardian agreed."""
    place = protected(site.workspace)
    person = protect.restrict(place, given.person, given.kind, reason=given.reason, made_by=given.by, now=site.now)
    return _restrictions(site, person.profile_key)


@router.delete("/restrictions")
def lift(
    site: Here,
    person: Annotated[str, Query(min_length=1, max_length=2_000)],
    kind: Literal["restriction", "guardian"] = "restriction",
) -> Restrictions:
    """Take a restriction back."""
    match = protect.lift(protected(site.workspace), person, kind, now=site.now)
    return _restrictions(site, match.profile_key)


@router.get("/export")
def export(site: Here, person: Annotated[str, Query(min_length=1, max_length=2_000)]) -> Everything:
    """Everything about a person, by view. The same as a zip file with a page to read: `/api/privacy/export.zip`."""
    place = protected(site.workspace)
    match = protect.found_or_erased(place, person)
    return Everything(profile_id=match.profile_id, data=protect.everything_about(place, match, now=site.now))


@router.get("/export.zip", include_in_schema=False)
def export_file(
    site: Here,
    person: Annotated[str, Query(min_length=1, max_length=2_000)],
    by: Annotated[str, Query(min_length=1, max_length=200)] = "team",
) -> Response:
    """Everything about a person as a zip file: for programs by view, for people one page."""
    place = protected(site.workspace)
    match = protect.found_or_erased(place, person)
    with tempfile.TemporaryDirectory(prefix="copy-", dir=place.engine.data) as folder:
        path = protect.export_person(place, match, Path(folder) / "copy.zip", made_by=by, now=site.now, register=False)
        content = path.read_bytes()
    headers = {"Content-Disposition": f'attachment; filename="{match.profile_id}.zip"', "Cache-Control": "no-store"}
    return Response(content, media_type="application/zip", headers=headers)


@router.get("/artifacts")
def artifacts(site: Here) -> Artifacts:
    """Files that hold something of people, the latest first."""
    return Artifacts(rows=[Artifact(**one) for one in protect.artifacts(site.workspace.engine)])


@router.get("/record")
def record(site: Here) -> Record:
    """The record of processing activities, made from the definitions. As Markdown: `/api/privacy/record.md`."""
    return Record(**protect.processing_record(protected(site.workspace)))


@router.get("/record.md", include_in_schema=False)
def record_text(site: Here) -> PlainTextResponse:
    """The record as Markdown."""
    text = protect.record_markdown(protect.processing_record(protected(site.workspace)))
    return PlainTextResponse(text, media_type="text/markdown; charset=utf-8")


def _finish(site: Site) -> None:
    try:
        protect.go_on(protected(site.workspace), now=site.now)
    except Exception:  # noqa: BLE001 - the worker goes on with it at its next turn
        _LOG.exception("an erasure was stopped")
    site.cache.forget()


def _row(site: Site, one: privacy.PrivacyRequest) -> RequestRow:
    return RequestRow(
        request=one.request, kind=one.kind, person=one.subject, received_at=one.received_at, due_at=one.due_at,
        days_left=one.days_left(site.now), state=one.state, closed_at=one.closed_at, note=one.note, by=one.made_by,
    )  # fmt: skip


def _body(site: Site, one: privacy.PrivacyRequest) -> RequestBody:
    history = [Happening(at=step.at, by=step.made_by, what=step.what, told=step.told) for step in one.history]
    return RequestBody(**_row(site, one).model_dump(), history=history)


def _erasure(one: privacy.Erasure) -> ErasureRow:
    return ErasureRow(
        erasure=one.erasure, state=one.state, steps=list(privacy.STEPS), begun_at=one.begun_at, done_at=one.done_at,
        by=one.made_by, requests=list(one.requests),
        certificate=None if one.certificate is None else dict(one.certificate),
    )  # fmt: skip


def _restrictions(site: Site, profile_key: int) -> Restrictions:
    rows = [
        Restricted(kind=one["kind"], reason=one["reason"], since=one["since"], until=one["until"], by=one["made_by"])
        for one in privacy.restrictions_of(site.workspace.engine.ops, profile_key)
    ]
    return Restrictions(rows=rows)
