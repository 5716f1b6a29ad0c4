"""Templates: what messages say, as people would read it before anything is sent; saved by the editor."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from foretell import definitions, deliver, identify, segment
from foretell.definitions import Catalog, Document, is_kept_by_app, revision_in_force
from foretell.errors import DefinitionErrors
from foretell.ids import stable_id
from foretell.web import documents
from foretell.web.api.conditions import ConditionProblem, sound
from foretell.web.api.inbox import SANDBOX
from foretell.web.api.saving import NOT_SAVED, NotSaved, Revision, SavedDocument, problem_in_spec, save
from foretell.web.api.shapes import GivenInstant, Instant
from foretell.web.errors import told_of, unknown
from foretell.web.site import Here, Site

router = APIRouter(prefix="/templates", tags=["templates"])
TemplateMedium = Literal["email", "sms", "push", "alert"]
Scheme = Literal["light", "dark"]
WrittenTemplate = Annotated[dict[str, Any], AfterValidator(sound)]
_SHOWN: dict[str, str] = {}
"""The pages of looks, for a little while: they are of nobody's outbox and are kept nowhere."""
_MOST_SHOWN = 64
_DARK = "(prefers-color-scheme: dark)"


class UsedBy(BaseModel):
    """Who sends a template."""

    name: str = Field(description="e.g. journey welcome")
    purpose: str


class TemplateRow(BaseModel):
    """A template in the list."""

    key: str
    title: str | None
    description: str | None
    media: list[TemplateMedium]
    languages: list[str] = Field(description="Of its texts, its own first where it says which.")
    used_by: list[UsedBy]
    doubts: int = Field(description="How much is doubtful about it.")
    sent: int
    last_sent_at: Instant | None
    kept_by: Literal["app", "files"]


class Templates(BaseModel):
    """All templates, by key."""

    rows: list[TemplateRow]


class TemplateBody(BaseModel):
    """The document behind a template."""

    key: str
    revision: int
    kept_by: Literal["app", "files"] = Field(description="app: it can be changed here; files: where people keep it.")
    file: str
    spec: dict[str, Any]
    yaml: str
    doubts: list[ConditionProblem]


class TemplateContent(BaseModel):
    """A template as the editor sends it: the document's ``spec``."""

    model_config = ConfigDict(extra="forbid")

    spec: WrittenTemplate


class TemplateAsked(BaseModel):
    """Whom and how to show a template that need not be saved."""

    model_config = ConfigDict(extra="forbid")

    key: str = Field("draft", max_length=200, description="Of the template; any for a new one.")
    spec: WrittenTemplate | None = Field(None, description="What the editor holds; without it, what is in force.")
    person: str | None = Field(None, max_length=500, description="Any identifier; without one somebody is chosen.")
    turn: int = Field(0, ge=0, le=10_000, description="Without a person: which of those who could be chosen.")
    channel: TemplateMedium | None = None
    language: str | None = Field(None, max_length=40)
    at: GivenInstant | None = None
    variables: dict[str, Any] | None = None


class TrialAsked(TemplateAsked):
    """Where to send a test of a template."""

    to: str = Field(min_length=3, max_length=320, description="E-mail address or phone number.")
    over: str | None = Field(None, max_length=200, description="Key of the channel; default: the one of the medium.")


class TrialSent(BaseModel):
    """What became of a test; nothing is kept of it but what the channel keeps."""

    outcome: Literal["accepted", "refused", "later", "uncertain"]
    said: str


class MissingBody(BaseModel):
    """What a text shows and the person does not have."""

    name: str
    guarded: bool = Field(description="Other words stand in, or the text asks first.")


class SmsBody(BaseModel):
    """How many text messages it is."""

    encoding: Literal["gsm", "unicode"]
    characters: int
    parts: int
    left: int = Field(description="Characters to spare in the last part.")
    odd: list[str] = Field(description="Characters that make it Unicode.")
    price: float | None = Field(description="Of one person's message, major units; null where no channel says.")


class TemplateShown(BaseModel):
    """A template as one person would read it; nothing was sent and nothing is kept."""

    person: str | None = Field(description="Profile id; null where nobody is known yet.")
    name: str | None
    medium: TemplateMedium
    language: str
    wanted: str | None = Field(description="The person's language, as far as known.")
    to: str | None
    subject: str
    text: str
    html_url: str | None = Field(description="The HTML part under a policy that lets nothing run.")
    weight_bytes: int
    sms: SmsBody | None
    missing: list[MissingBody]
    blocks: dict[str, bool] = Field(description="Block → whether the person sees it.")
    sample: list[str] = Field(description="What was made up: offer, event.")
    topics: dict[str, str] = Field(description="Link → what it is about.")
    error: str | None = Field(description="Why it cannot be written for this person.")
    doubts: list[ConditionProblem]


class LackingRow(BaseModel):
    """A trait that a template shows without other words, and how many of a segment lack it."""

    trait: str
    lacking: int
    people: int
    share: float | None


class Lacking(BaseModel):
    """Who of a segment would read a gap."""

    segment: str
    rows: list[LackingRow]


@router.get("")
def templates(site: Here) -> Templates:
    """All templates, by key."""
    place = site.workspace
    rows = []
    for look in deliver.templates(place.engine, place.catalog):
        kept = {name: getattr(look, name) for name in TemplateRow.model_fields if hasattr(look, name)}
        kept |= {"used_by": [UsedBy(**vars(use)) for use in look.used_by], "doubts": len(look.doubts)}
        kept["kept_by"] = _kept_by(place.catalog.get("template", look.key))
        rows.append(TemplateRow.model_validate({**kept, "media": list(look.media), "languages": list(look.languages)}))
    return Templates(rows=rows)


@router.post("/look", responses=NOT_SAVED, response_model=TemplateShown)
def look(site: Here, body: TemplateAsked) -> TemplateShown | JSONResponse:
    """Show a template as a real person would read it, and what is doubtful about it."""
    catalog = _catalog(site, body)
    if isinstance(catalog, JSONResponse):
        return catalog
    document = catalog.get("template", body.key)
    doubts = _doubts(catalog, document)
    person, name = _person(site, body)
    if person is None:
        return _nobody(document, doubts)
    return _look(site, _previewed(site, catalog, body, person), person, name, doubts)


@router.post("/test", responses=NOT_SAVED, response_model=TrialSent)
def send_test(site: Here, body: TrialAsked) -> TrialSent | JSONResponse:
    """Send a template as a person would read it to an address of one's own; its links are as written."""
    catalog = _catalog(site, body)
    if isinstance(catalog, JSONResponse):
        return catalog
    person, _ = _person(site, body)
    if person is None:
        raise unknown("person", body.person or "")
    told = _previewed(site, catalog, body, person)
    channel = body.over or told.medium
    message = deliver.trial_message(told, channel, body.to.strip(), site.now)
    (receipt,) = deliver.send_test(site.workspace.engine, catalog, channel, [message], now=site.now)
    return TrialSent(outcome=receipt.outcome, said=receipt.error)


@router.get("/looks/{look_id}/html", response_class=HTMLResponse)
def look_html(look_id: str, scheme: Scheme = "light") -> HTMLResponse:
    """The HTML part of a look, as a mail program shows it in light or dark."""
    html = _SHOWN.get(look_id)
    if html is None:
        raise unknown("look", look_id)
    html = html.replace(_DARK, "all" if scheme == "dark" else "not all")
    headers = {"content-security-policy": SANDBOX, "cache-control": "no-store", "referrer-policy": "no-referrer"}
    return HTMLResponse(f'<base target="_blank">{html}', headers=headers)


@router.get("/{key}")
def template(site: Here, key: str) -> TemplateBody:
    """The document behind a template, and what is doubtful about it."""
    place = site.workspace
    document = place.catalog.get("template", key)
    raw = {name: document.raw[name] for name in ("kind", "key", "spec") if name in document.raw}
    return TemplateBody(
        key=key,
        revision=revision_in_force(place.engine.ops, "template", key),
        kept_by=_kept_by(document),
        file=document.file,
        spec=dict(document.raw.get("spec") or {}),
        yaml=definitions.yaml_of(raw),
        doubts=_doubts(place.catalog, document),
    )


@router.put("/{key}", responses=NOT_SAVED, response_model=SavedDocument)
def save_template(
    site: Here, key: str, body: TemplateContent, revision: Revision = None
) -> SavedDocument | JSONResponse:
    """Save a template and put it in force. Templates that people keep in files are refused."""
    return save(site, "template", key, body.spec, revision)


@router.delete("/{key}", status_code=204)
def delete_template(site: Here, key: str, revision: Revision = None) -> None:
    """Take a template of the app out of force. What journeys still send, and what people keep in files, is refused."""
    documents.remove(site, "template", key, base_revision=revision)


@router.get("/{key}/lacking")
def lacking(site: Here, key: str, of: Annotated[str, Query(alias="segment", max_length=200)]) -> Lacking:
    """How many of a segment lack what the template shows without other words."""
    place = site.workspace
    traits = deliver.traits_without_default(place.catalog, key)
    members = segment.members(place.catalog, place.reader, of, as_of=site.now)["profile_key"].combine_chunks()
    counted = deliver.lacking(place.engine, place.catalog, traits, members) if traits else {}
    people = len(members)
    rows = [
        LackingRow(trait=trait, lacking=count, people=people, share=count / people if people else None)
        for trait, count in counted.items()
    ]
    return Lacking(segment=of, rows=rows)


def _catalog(site: Site, body: TemplateAsked) -> Catalog | JSONResponse:
    """The definitions with what the editor holds; what is wrong with it as an answer."""
    catalog, spec = site.workspace.catalog, body.spec
    if spec is None:
        return catalog
    try:
        return definitions.draft(catalog, "template", body.key, spec)[0]
    except DefinitionErrors as error:
        problems = [problem_in_spec(one, "error", spec) for one in error.errors]
        return JSONResponse(NotSaved(error=told_of(error), problems=problems).model_dump(), 422)


def _previewed(site: Site, catalog: Catalog, body: TemplateAsked, person: str) -> deliver.Previewed:
    engine = site.workspace.engine
    return deliver.preview(
        engine,
        catalog,
        body.key,
        identify.find(engine, person).profile_key,
        at=body.at or site.now,
        medium=body.channel,
        language=body.language,
        variables=body.variables,
    )


def _kept_by(document: Document) -> Literal["app", "files"]:
    return "app" if is_kept_by_app(document.raw) else "files"


def _doubts(catalog: Catalog, document: Document) -> list[ConditionProblem]:
    """What is doubtful, with its path in the document and the line of a text of several lines."""
    spec = dict(document.raw.get("spec") or {})
    as_value, _ = definitions.draft(catalog, "template", document.key, spec)
    found = deliver.lint(as_value, document.key)
    return [problem_in_spec(problem.as_error(), problem.severity, spec) for problem in found]


def _person(site: Site, body: TemplateAsked) -> tuple[str | None, str | None]:
    """Whom a look is for: profile id and name; somebody whom the template could reach where nobody is named."""
    if body.person:
        found = identify.find(site.workspace.engine, body.person)
        row = site.rows_of([found.profile_key]).get(found.profile_key, {})
        return found.profile_id, site.name_in(row)
    people = site.directory()
    if people.num_rows == 0:
        return None, None
    row = people.slice(body.turn % people.num_rows, 1).to_pylist()[0]
    return str(row["profile_id"]), site.name_in(row)


def _nobody(document: Document, doubts: list[ConditionProblem]) -> TemplateShown:
    return TemplateShown(
        person=None, name=None, medium="email", language="en", wanted=None, to=None, subject="", text="", html_url=None,
        weight_bytes=0, sms=None, missing=[], blocks={}, sample=[], topics={},
        error=f"there is nobody yet to show {document.name} to", doubts=doubts,
    )  # fmt: skip


def _look(
    site: Site, told: deliver.Previewed, person: str, name: str | None, doubts: list[ConditionProblem]
) -> TemplateShown:
    message = told.outgoing
    return TemplateShown.model_validate(
        {
            "person": person,
            "name": name,
            "medium": told.medium,
            "language": told.language,
            "wanted": told.wanted,
            "to": message.address if message else None,
            "subject": message.subject if message else "",
            "text": message.text if message else "",
            "html_url": _shown(message.html) if message and message.html else None,
            "weight_bytes": told.weight_bytes,
            "sms": _sms(site, told),
            "missing": [{"name": need.name, "guarded": need.guarded} for need in told.missing],
            "blocks": dict(told.blocks),
            "sample": list(told.sample),
            "topics": dict(told.topics),
            "error": told.error or None,
            "doubts": doubts,
        }
    )


def _sms(site: Site, told: deliver.Previewed) -> dict[str, Any] | None:
    if told.sms is None:
        return None
    price = deliver.price_of(site.workspace.catalog, "sms")
    body = {name: value for name, value in vars(told.sms).items() if name != "places"}
    return {**body, "odd": list(told.sms.odd), "price": None if price is None else price * told.sms.parts}


def _shown(html: str) -> str:
    """The address at which a page can be looked at for a while."""
    name = stable_id("l", html)
    _SHOWN[name] = html
    while len(_SHOWN) > _MOST_SHOWN:
        _SHOWN.pop(next(iter(_SHOWN)), None)
    return f"/api/templates/looks/{name}/html"
