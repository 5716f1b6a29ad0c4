"""Queued messages → what their channels are handed: rendered for all of a batch, a fault of one stops one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from foretell.definitions import Catalog
from foretell.deliver import requests, template_document
from foretell.deliver.audience_rows import audience_row
from foretell.deliver.catalogue_values import NO_INSTANT, Shelf
from foretell.deliver.channels.base import Outgoing
from foretell.deliver.confirming import WAITS
from foretell.deliver.context import MessageFacts, facts_of
from foretell.deliver.library import Library, Written, library_of
from foretell.deliver.links import Track, links_in, tracked_html, tracked_text, with_pixel, with_trap
from foretell.deliver.liquid_text import render
from foretell.deliver.outbox import Queued
from foretell.deliver.phrases import phrases
from foretell.deliver.plain_text import tidied
from foretell.deliver.surveys import SurveyAddresses, survey_values
from foretell.deliver.tokens import (
    SURVEY_PATHS,
    Signer,
    answer_url,
    click_url,
    confirm_url,
    open_url,
    preferences_url,
    survey_url,
    trap_url,
    unsubscribe_url,
)
from foretell.engine import Engine
from foretell.errors import ForetellError

_WITHOUT_TEMPLATE = ("ads", requests.MEDIUM)
_ROUNDS = 4
"""A text may ask for a product by what another one says; so many times in a row."""


@dataclass(frozen=True)
class Addresses:
    """The addresses in a message that lead to our own pages.

    Args:
        track: target and topic of a link → its address in the message; None: links stay as they are.
        surveys: where the links of the message's surveys lead.
    """

    unsubscribe: str
    preferences: str
    confirm: str
    pixel: str | None
    trap: str | None
    track: Track | None
    surveys: SurveyAddresses


@dataclass
class Writing:
    """The messages of one turn, with everything they may speak of fetched at once.

    Args:
        messages: all that will be asked for, see :meth:`outgoing`.
        addresses: of a message; None: those that tell what people do with it.
    """

    engine: Engine
    catalog: Catalog
    signer: Signer
    messages: Sequence[Queued]
    addresses: Callable[[Signer, Queued, MessageFacts], Addresses] | None = None
    library: Library = field(init=False)
    _shelf: Shelf = field(init=False)
    _facts: dict[str, MessageFacts] = field(init=False)

    def __post_init__(self) -> None:
        self.library = library_of(self.catalog)
        told = [one for one in self.messages if one.medium not in _WITHOUT_TEMPLATE]
        self._shelf = Shelf(self.catalog.settings.currency, max((one.at for one in told), default=NO_INSTANT))
        found = facts_of(self.engine, self.catalog, told, self.library, self._shelf)
        self._facts = dict(zip((one.message_id for one in told), found, strict=True))

    def facts_of(self, message_id: str) -> MessageFacts:
        """What a message may speak of."""
        return self._facts[message_id]

    def replace_facts(self, message_id: str, facts: MessageFacts) -> None:
        """Let a message speak of something else."""
        self._facts[message_id] = facts

    def outgoing(self, messages: Sequence[Queued]) -> list[Outgoing | ForetellError]:
        """What the channel is handed for each of some messages, or why one cannot be written."""
        answers: dict[str, Outgoing | ForetellError] = {}
        left = list(messages)
        for _ in range(_ROUNDS):
            asking = []
            for message in left:
                asked = self._shelf.asked
                answers[message.message_id] = self._written(message)
                if self._shelf.asked != asked:
                    asking.append(message)
            if not asking or not self.engine.has_analytics:
                break
            self._shelf.fetch(self.engine.analytics)
            left = asking
        return [answers[message.message_id] for message in messages]

    def _written(self, message: Queued) -> Outgoing | ForetellError:
        try:
            if message.medium == "ads":
                return audience_row(self.catalog, message)
            if message.medium == requests.MEDIUM:
                return requests.request_row(message)
            facts = self._facts[message.message_id]
            addresses = (self.addresses or _tracked)(self.signer, message, facts)
            return rendered(self.library, message, facts, addresses)
        except ForetellError as error:
            return error


def _tracked(signer: Signer, message: Queued, facts: MessageFacts) -> Addresses:
    request = facts.values.get(WAITS)
    is_email = message.medium == "email"
    message_id = message.message_id
    return Addresses(
        unsubscribe_url(signer, message_id),
        preferences_url(signer, message_id),
        confirm_url(signer, request) if isinstance(request, str) else "",
        open_url(signer, message_id) if is_email else None,
        trap_url(signer, message_id) if is_email else None,
        lambda url, topic: click_url(signer, message_id, url, topic if topic != message.topic else None),
        SurveyAddresses(
            lambda survey, until: survey_url(signer, message_id, survey, until=until),
            lambda survey, question, value, until: answer_url(signer, message_id, survey, question, value, until=until),
        ),
    )


def rendered(library: Library, message: Queued, facts: MessageFacts, addresses: Addresses) -> Outgoing:
    """One message as its channel sends it.

    Raises:
        ForetellError: ``TEMPLATE_FAILED``; ``UNKNOWN_DEFINITION`` where the template is gone.
    """
    spec = template_document.spec_of(library.catalog.get("template", message.template))
    if not spec.fits(message.medium):
        raise ForetellError(
            "TEMPLATE_FAILED",
            f"the template has no text for {message.medium}",
            thing=f"template {message.template}",
        )
    written = library.written(message.template, facts.language)
    context = {
        **facts.values,
        **survey_values(library.catalog, message.variables, written.language, message.at, addresses.surveys),
        "unsubscribe_url": addresses.unsubscribe,
        "preferences_url": addresses.preferences,
        "confirm_url": addresses.confirm,
    }
    if message.medium == "email":
        return _email(written, message, context, addresses, _track(library, addresses))
    source = written.texts.get("sms" if message.medium == "sms" else "alert", "")
    text, track = render(source, context).strip(), _track(library, addresses)
    text = tracked_text(text, track) if track else text
    subject = "" if message.medium == "sms" else _line(written, context)
    return _outgoing(message, subject, "", text, {})


def _track(library: Library, addresses: Addresses) -> Track | None:
    """Tracking that leaves the links to our own pages alone: whoever follows them is not counted as a click; an answer
    to a survey counts as one when it is given."""
    own, track = (addresses.unsubscribe, addresses.preferences, addresses.confirm), addresses.track
    surveys = tuple(f"{library.catalog.settings.sending.base_url}{path}" for path in SURVEY_PATHS)
    return (
        None
        if track is None
        else lambda url, topic: url if url in own or url.startswith(surveys) else track(url, topic)
    )


def _email(
    written: Written, message: Queued, context: Mapping[str, Any], addresses: Addresses, track: Track | None
) -> Outgoing:
    html, topics = "", {}
    text = tidied(render(written.texts.get("text", ""), context))
    if source := written.texts.get("html"):
        html = render(source, context, html=True)
        if track:
            if "data-topic" in html:
                topics = {link.target: link.topic for link in links_in(html) if link.topic}
            html = tracked_html(html, track)
        html = with_pixel(html, addresses.pixel) if addresses.pixel else html
        html = with_trap(html, addresses.trap) if addresses.trap else html
    told = phrases(written.language)
    footer = f"\n\n-- \n{told['unsubscribe']}: {addresses.unsubscribe}\n{told['choose']}: {addresses.preferences}\n"
    headers = {
        "List-Unsubscribe": f"<{addresses.unsubscribe}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    text = (tracked_text(text, track, topics) if track else text) + footer
    return _outgoing(message, _line(written, context), html, text, headers)


def _line(written: Written, context: Mapping[str, Any]) -> str:
    return re.sub(r"\s+", " ", render(written.texts["subject"], context)).strip()


def _outgoing(message: Queued, subject: str, html: str, text: str, headers: Mapping[str, str]) -> Outgoing:
    case = json.loads(message.variables).get("case") if message.medium == "alert" else None
    data = {"case": case} if case else {}  # the team can take it where the alert stands
    to = (message.message_id, message.channel, message.address)
    return Outgoing(*to, subject, html, text, message.at, headers, data)
