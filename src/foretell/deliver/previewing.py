"""A message as a real person would get it: written as for sending, and neither sent nor kept."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from foretell.clock import naive_utc
from foretell.definitions import Catalog
from foretell.deliver import channel_document
from foretell.deliver.channels.base import Outgoing
from foretell.deliver.context import MessageFacts, languages_of
from foretell.deliver.gaps import Need, empty_in
from foretell.deliver.library import Written
from foretell.deliver.links import links_in
from foretell.deliver.outbox import Queued
from foretell.deliver.rendering import Addresses, Writing
from foretell.deliver.senders import steps_with, surveys_named
from foretell.deliver.sms_size import SmsSize, sms_size
from foretell.deliver.surveys import CARRIED, SurveyAddresses, survey_values
from foretell.deliver.template_document import spec_of
from foretell.deliver.tokens import Signer
from foretell.engine import Engine
from foretell.errors import ForetellError, UsageError
from foretell.ids import stable_id
from foretell.profile import golden, survivorship_of

PREVIEW = "preview"
SAMPLE_CODE, _SAMPLE_DAYS = "SAMPLE-CODE", 14
_FIELDS = {
    "email": ("subject", "html", "text"),
    "sms": ("sms",),
    "push": ("subject", "alert"),
    "alert": ("subject", "alert"),
}


@dataclass(frozen=True)
class Previewed:
    """How a template reads for one person.

    Args:
        outgoing: the message, its links as written; None where it cannot be written, ``error`` says why.
        language: the language it is written in; wanted: the person's.
        missing: what the texts show and the person does not have.
        blocks: key → whether the person sees it.
        sample: what was made up, since no journey gave it: ``offer``, ``event``.
        weight_bytes: of the HTML part.
        sms: how many text messages it is.
        topics: what links are about, by their target.
    """

    template: str
    medium: str
    outgoing: Outgoing | None
    error: str
    language: str
    wanted: str | None
    missing: tuple[Need, ...] = ()
    blocks: Mapping[str, bool] = field(default_factory=dict)
    sample: tuple[str, ...] = ()
    weight_bytes: int = 0
    sms: SmsSize | None = None
    topics: Mapping[str, str] = field(default_factory=dict)


def preview(
    engine: Engine,
    catalog: Catalog,
    template: str,
    profile_key: int,
    *,
    at: datetime,
    medium: str | None = None,
    language: str | None = None,
    variables: Mapping[str, Any] | None = None,
    journey: str | None = None,
    step: str | None = None,
) -> Previewed:
    """How ``template`` reads for a person at an instant.

    Args:
        medium: of the message; without one the first that the template has a text for.
        language: instead of the person's.
        variables: what the sender would give; without them an offer and the event of the journey are samples.

    Raises:
        ForetellError: ``UNKNOWN_DEFINITION``, ``BROKEN_DEFINITION``; ``UNFIT_TEMPLATE`` where it has no such text.
    """
    spec = spec_of(catalog.get("template", template))
    medium = medium or spec.media[0]
    if not spec.fits(medium):
        raise UsageError(
            "UNFIT_TEMPLATE",
            f"the template has no text for {medium}",
            thing=f"template {template}",
            next_step=f"It has: {', '.join(spec.media)}.",
        )
    made = samples(engine, catalog, template, profile_key, at) if variables is None else {}
    message = Queued(
        PREVIEW, profile_key, profile_key, at, medium, medium, template, "marketing", journey, None, step, journey,
        spec.topic, json.dumps(dict(variables or made), default=str), _address(engine, catalog, profile_key, medium), 0,
        at,
    )  # fmt: skip
    writing = Writing(engine, catalog, Signer(b"", catalog.settings.sending.base_url), [message], _untracked)
    facts = writing.facts_of(PREVIEW)
    if language is not None:
        told = {**facts.values, **languages_of(writing.library, template, language)}
        writing.replace_facts(PREVIEW, MessageFacts(language, told))
    written = writing.library.written(template, language or facts.language)
    (answer,) = writing.outgoing([message])
    values = writing.facts_of(PREVIEW).values
    base = Previewed(
        template,
        medium,
        None,
        "",
        written.language,
        facts.language,
        tuple(empty_in(written, _FIELDS[medium], {**values, **_surveys(catalog, message, written, writing), **_OWN})),
        {key: bool(values["blocks"][key]) for key in written.blocks},
        tuple(sorted(set(made) & {"offer", "event"} & written.roots)),
    )
    if isinstance(answer, ForetellError):
        return replace(base, error=str(answer))
    return replace(
        base,
        outgoing=answer,
        weight_bytes=len(answer.html.encode()),
        sms=sms_size(answer.text) if medium == "sms" else None,
        topics={link.target: link.topic for link in links_in(answer.html) if link.topic},
    )


def _surveys(catalog: Catalog, message: Queued, written: Written, writing: Writing) -> dict[str, Any]:
    addresses = _untracked(writing.signer, message, writing.facts_of(PREVIEW)).surveys
    try:
        return survey_values(catalog, message.variables, written.language, message.at, addresses)
    except ForetellError:
        return {}  # the message says so itself


_OWN = dict.fromkeys(("unsubscribe_url", "preferences_url", "confirm_url"), "#")


def _untracked(signer: Signer, _message: Queued, _facts: MessageFacts) -> Addresses:
    """Addresses that lead to a page saying that this link is of no message; nothing is told."""
    leave, choose, confirm, survey, answer = (f"{signer.base_url}/s/{part}/{PREVIEW}" for part in "updqa")
    surveys = SurveyAddresses(
        lambda _survey, _until: survey, lambda _survey, question, value, _until: f"{answer}?{question}={value}"
    )
    return Addresses(leave, choose, confirm, None, None, None, surveys)


def _address(engine: Engine, catalog: Catalog, profile_key: int, medium: str) -> str:
    """Where it would go: the trait that stands, else the first identifier; empty where there is none."""
    name = {"email": "email", "sms": "phone"}.get(medium)
    if name is None:
        return ""
    people, rules = pa.array([profile_key], pa.int64()), survivorship_of(catalog)
    told = golden(engine.ops, people, rules, traits=[name])["s"].to_pylist()
    if told and told[0]:
        return str(told[0])
    found = engine.analytics.query(
        "SELECT min(i.value) AS value FROM log_identifiers i WHERE i.profile_key = $person AND i.kind = $kind",
        {"person": profile_key, "kind": name},
    )
    return str(found["value"][0].as_py() or "")


def samples(engine: Engine, catalog: Catalog, template: str, profile_key: int, at: datetime) -> dict[str, Any]:
    """What the journeys that send a template would give: their offer with a code that is none, and of the person
    the last event of the kind that begins them."""
    found: dict[str, Any] = {}
    journeys = list(_sending(catalog, template))
    offers = [key for raw in journeys for key in _named(raw, "offer")] or [one.key for one in catalog.all("offer")]
    if offers:
        until = (at + timedelta(days=_SAMPLE_DAYS)).date().isoformat()
        found |= {"offer": offers[0], "offer_code": SAMPLE_CODE, "offer_expires": until}
    events = [name for raw in journeys for name in _named((raw.get("spec") or {}).get("trigger"), "event")]
    if events and engine.has_analytics and (event := _last_event(engine, profile_key, events, at)) is not None:
        found["event"] = event
    asking = [key for raw in journeys for step in steps_with(raw, template) for key in surveys_named(step)]
    if asking or (asking := [one.key for one in catalog.all("survey")][:1]):
        found[CARRIED] = [{"survey": key} for key in dict.fromkeys(asking)]
    return found


def _sending(catalog: Catalog, template: str) -> Iterator[Mapping[str, Any]]:
    for document in catalog.all("journey"):
        if any(steps_with(document.raw.get("spec"), template)):
            yield document.raw


def _named(raw: Any, name: str) -> list[str]:
    """Texts under a key, wherever it stands."""
    if isinstance(raw, Mapping):
        own = [raw[name]] if isinstance(raw.get(name), str) else []
        return own + [one for value in raw.values() for one in _named(value, name)]
    return [one for value in raw for one in _named(value, name)] if isinstance(raw, list | tuple) else []


def _last_event(engine: Engine, profile_key: int, names: list[str], at: datetime) -> dict[str, Any] | None:
    params = {"person": profile_key, "at": naive_utc(at), **{f"name_{place}": name for place, name in enumerate(names)}}
    wanted = ", ".join(f"$name_{place}" for place in range(len(names)))
    rows = engine.analytics.query(
        "SELECT e.event, e.properties FROM log_events e WHERE e.profile_key = $person AND e.ts <= $at "
        f"AND e.event IN ({wanted}) ORDER BY e.ts DESC, e.message_id DESC LIMIT 1",
        params,
    ).to_pylist()
    return {**json.loads(rows[0]["properties"]), "name": rows[0]["event"]} if rows else None


def trial_message(told: Previewed, channel: str, to: str, now: datetime) -> Outgoing:
    """A previewed message as a test to an address that somebody names, for :func:`foretell.deliver.send_test`.

    Raises:
        ForetellError: ``TEMPLATE_FAILED`` where it cannot be written for that person.
    """
    message = told.outgoing
    if message is None:
        raise ForetellError("TEMPLATE_FAILED", told.error, thing=f"template {told.template}")
    key = stable_id("t", told.template, channel, to, now.isoformat())
    subject = f"[Test] {message.subject}" if message.subject else ""
    return replace(
        message, message_id=key, channel=channel, address=to, subject=subject, at=now, headers={}, data={"test": True}
    )


def price_of(catalog: Catalog, channel: str) -> float | None:
    """What one message over a channel costs, in major units of the workspace's currency; None where nobody says."""
    document = catalog.documents.get(("channel", channel))
    return None if document is None else channel_document.spec_of(document).price
