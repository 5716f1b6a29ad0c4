"""Personas: the kinds of customers there are, what is known of each, and whom to ask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow.compute as pc
from fastapi import APIRouter

from foretell import identify, segment
from foretell.condition import parse, sentence
from foretell.errors import ForetellError
from foretell.segment import personas
from foretell.web.api.people import People, person_rows
from foretell.web.api.persona_bodies import (
    BuildBody,
    BuildOrder,
    InterviewBody,
    InterviewChange,
    Interviews,
    NewNote,
    NoteBody,
    NoteChange,
    PersonaBody,
    PersonaRow,
    Personas,
    Portrait,
    Question,
    Renaming,
    SayingBody,
    SizePoint,
)
from foretell.web.api.shapes import PAGE_ROWS, PageNumber, offset_of
from foretell.web.site import Here, Site

router = APIRouter(prefix="/personas", tags=["personas"])


@router.get("")
def list_personas(site: Here) -> Personas:
    """The personas, the largest first; without any, why."""
    ops, spec = site.workspace.engine.ops, personas.spec_of(site.workspace.catalog)
    found, last = personas.personas(ops, vanished=True), personas.last_build(ops)
    return Personas(
        rows=[_row(one) for one in found if one.vanished is None],
        vanished=[_row(one) for one in found if one.vanished is not None],
        last=None if last is None else _build(last),
        needed=spec.people_needed,
        history=spec.history,
        with_history=None if last is None else last.with_history,
    )


@router.post("/build")
def build_personas(site: Here, order: BuildOrder) -> BuildBody:
    """Look for personas now; those that are found again keep their keys."""
    place = site.workspace
    made = personas.build(place.engine, place.catalog, place.reader, as_of=site.now, now=site.now, by=order.by)
    return _build(made)


@router.get("/interviews")
def persona_interviews(site: Here) -> Interviews:
    """Whom to ask, the most loyal first, and whom one has asked."""
    place = site.workspace
    rows = personas.interviews(place.engine, place.catalog, now=site.now)
    return Interviews(rows=_interviews(site, rows), purpose=personas.spec_of(place.catalog).interviews.purpose)


@router.post("/interviews/{interview_id}")
def change_persona_interview(site: Here, interview_id: str, change: InterviewChange) -> InterviewBody:
    """Say how an interview stands."""
    made = personas.change_interview(site.workspace.engine, interview_id, change.state, by=change.by, now=site.now)
    return _interviews(site, [made])[0]


@router.post("/notes/{note_id}")
def change_persona_note(site: Here, note_id: str, change: NoteChange) -> NoteBody:
    """Write a note anew or take it away; what it said before is kept."""
    made = personas.change_note(
        site.workspace.engine, note_id, by=change.by, now=site.now, text=change.text, kind=change.kind,
        removed=change.removed,
    )  # fmt: skip
    return _notes(site, [made])[0]


@router.get("/{key}")
def show_persona(site: Here, key: str) -> PersonaBody:
    """One persona with everything that is known of it."""
    place = site.workspace
    found = personas.persona(place.engine.ops, key)
    card = found.card
    said = personas.sayings(place.engine, place.catalog, key, as_of=site.now, now=site.now)
    built = personas.last_build(place.engine.ops, state="built")
    assert built is not None
    members = personas.members(place.engine, place.catalog, as_of=site.now, now=site.now, key=key)
    asked = personas.interviews(place.engine, place.catalog, now=site.now, persona=key)
    return PersonaBody(
        **_row(found).model_dump(),
        rule=card["rule"],
        rule_people=_named(site, card["rule"]),
        now_people=members.num_rows,
        portrait=Portrait(**card["portrait"]),
        findings={kind: [SayingBody(**vars(one)) for one in rows] for kind, rows in said.findings.items()},
        quotes=[SayingBody(**vars(one)) for one in said.quotes],
        notes=_notes(site, personas.notes_of(place.engine.ops, key)),
        interviews=_interviews(site, asked),
        history=[
            SizePoint(as_of=at, people=people, share=share)
            for at, people, share in personas.history_of(place.engine.ops, key)
        ],
        build=_build(built),
        as_of=site.now,
    )


@router.post("/{key}")
def rename_persona(site: Here, key: str, change: Renaming) -> PersonaRow:
    """Give a persona a title of one's own, which it keeps over builds."""
    return _row(personas.rename(site.workspace.engine.ops, key, change.title, by=change.by))


@router.get("/{key}/members")
def persona_members(site: Here, key: str, page: PageNumber = 1) -> People:
    """Who is of a persona, a page at a time, those who bought last first."""
    place = site.workspace
    personas.persona(place.engine.ops, key)
    inside = personas.members(place.engine, place.catalog, as_of=site.now, now=site.now, key=key)
    everybody = site.directory()
    people = everybody.filter(pc.is_in(everybody["profile_key"], inside["profile_key"].combine_chunks()))
    found = segment.page(people, site.memberships(), offset=offset_of(page), limit=PAGE_ROWS)
    return People(total=found.total, page=page, rows=person_rows(found))


@router.post("/{key}/notes")
def add_persona_note(site: Here, key: str, new: NewNote) -> NoteBody:
    """Note something of a persona, from an interview or without one."""
    engine = site.workspace.engine
    person = None if new.profile_id is None else identify.find(engine, new.profile_id).profile_key
    made = personas.add_note(engine, key, new.text, kind=new.kind, profile_key=person, by=new.by, now=site.now)
    return _notes(site, [made])[0]


def _row(one: personas.Persona) -> PersonaRow:
    card = one.card
    return PersonaRow(
        key=one.key, title=one.title, named_by=one.named_by, people=card["people"], share=card["share"],
        stability=card["stability"], differences=card["differences"], rule_says=_says(card["rule"]),
        precision=card["precision"], recall=card["recall"], born=one.born, last_build=one.last_build,
        vanished=one.vanished,
    )  # fmt: skip


def _says(rule: dict[str, Any] | None) -> str | None:
    return None if rule is None else sentence(parse(rule))


def _named(site: Site, rule: dict[str, Any] | None) -> int | None:
    """How many people a rule names now; None where it leans on something that is no longer there."""
    if rule is None:
        return None
    place = site.workspace
    try:
        return site.cache.get(f"persona rule {rule}", lambda: place.reader.count(parse(rule), as_of=site.now))
    except ForetellError:
        return None


def _build(one: personas.Build) -> BuildBody:
    told = one.as_dict()
    return BuildBody(**{name: told[name] for name in BuildBody.model_fields})


def _notes(site: Site, found: Sequence[personas.Note]) -> list[NoteBody]:
    names = site.names_of([one.profile_id for one in found if one.profile_id])
    return [NoteBody.model_validate({**one.as_dict(), "person": names.get(one.profile_id or "")}) for one in found]


def _interviews(site: Site, found: Sequence[personas.Interview]) -> list[InterviewBody]:
    names = site.names_of([one.profile_id for one in found])
    titles = {one.key: one.title for one in personas.personas(site.workspace.engine.ops, vanished=True)}
    return [
        InterviewBody(
            interview_id=one.interview_id, profile_id=one.profile_id, person=names.get(one.profile_id),
            persona=one.persona, persona_title=titles.get(one.persona, one.persona), cause=one.cause, state=one.state,
            guide=[Question(**question) for question in one.guide], picked_at=one.picked_at,
            changed_at=one.changed_at, by=one.by,
        )
        for one in found
    ]  # fmt: skip
