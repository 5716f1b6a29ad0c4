"""Whose page of which survey an address opens: an invitation's link, a shared one, or the survey's public address."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode

from fastapi import Request

from foretell import deliver, identify, profile
from foretell.definitions import Document
from foretell.errors import UsageError
from foretell.listen import surveys
from foretell.web.site import Site

_RANDOM = re.compile(r"[0-9a-f]{32}\Z")
_CHANNELS = ("link", "qr", "sms", "email", "web")
_LONGEST = 200
_LONGEST_TAG = 35
"""Of a language (RFC 5646, 4.4.1)."""
_ABOUT = {"touchpoint": "touchpoint", "product": "product_id"}
"""What a public address may say of its survey: parameter → property."""
_KEPT = ("via", "lang", "frame", *_ABOUT)


@dataclass(frozen=True)
class Asked:
    """A survey as somebody was asked to answer it.

    Args:
        token: of the link; None at the public address.
        thread: the invitation; empty where the link is for everybody.
        about: what the response is about, by property.
        action: address to which the form is sent.
        language: the person's own or the one that the address asks for; None: as the browser says.
        promised: the page said that nothing connects the answer with whoever gives it: that holds, whatever the survey
            says by now.
    """

    document: Document
    action: str
    channel: str
    token: deliver.Token | None = None
    invitation: deliver.Invitation | None = None
    about: Mapping[str, str] = field(default_factory=dict)
    framed: bool = False
    language: str | None = None
    promised: bool = False

    @property
    def anonymous(self) -> bool:
        """Nothing may connect an answer with whoever gives it."""
        return self.spec.anonymous or self.promised

    @property
    def spec(self) -> surveys.SurveySpec:
        """What is asked."""
        return surveys.spec_of(self.document)

    @property
    def thread(self) -> str:
        """What the link belongs to; empty where it is for everybody."""
        return "" if self.invitation is None else self.invitation.thread

    @property
    def asked_at(self) -> datetime | None:
        """When the message asked."""
        return None if self.invitation is None else self.invitation.at

    def response(self, told: str) -> str:
        """The id of the response: an invitation has one, everything else brings a random one along.

        Args:
            told: what the form says; anything but a random id is replaced by one.
        """
        if self.thread and not self.anonymous:
            return surveys.response_of(self.thread, self.document.key)
        return told if _RANDOM.match(told) else surveys.new_id()


def asked_by_token(site: Site, request: Request, token: str, path: str) -> Asked:
    """What a signed link asks.

    Raises:
        UsageError: ``BAD_TOKEN``, ``LINK_EXPIRED``, ``INVITATION_GONE``, ``UNKNOWN_DEFINITION``, ``BROKEN_DEFINITION``.
    """
    place = site.workspace
    told = deliver.open_survey_link(deliver.signer_of(place.engine, place.settings), token, now=site.now)
    document = place.catalog.get("survey", told.survey)
    found = deliver.invitation(place.engine, told)
    about = {} if found is None else {str(name): str(value) for name, value in found.about.items()}
    channel = told.channel or "link" if found is None else found.medium
    language = (request.query_params.get("lang") or "")[:_LONGEST_TAG] or None
    if language is None and found is not None:
        rules = profile.survivorship_of(place.catalog)
        language = deliver.language_of(place.engine.ops, found.profile_key, rules)
    return Asked(document, _address(path, request), channel, told, found, about, language=language)


def asked_publicly(site: Site, request: Request, key: str) -> Asked:
    """What the public address of a survey asks.

    Raises:
        UsageError: ``UNKNOWN_DEFINITION``, ``BROKEN_DEFINITION``.
    """
    document = site.workspace.catalog.get("survey", key)
    query = request.query_params
    via = query.get("via", "link")
    about = {name: query[param][:_LONGEST] for param, name in _ABOUT.items() if query.get(param)}
    return Asked(
        document,
        _address(f"/s/survey/{key}", request),
        via if via in _CHANNELS else "link",
        about=about,
        framed=query.get("frame") == "1",
        language=(query.get("lang") or "")[:_LONGEST_TAG] or None,
    )


def node_of(site: Site, who: str) -> int:
    """The node of an anonymous id that the shop's own tracking has told before; 0 where it has not.

    A page may say whatever it wants: as with the tracking API, it names an anonymous id and never a known person.
    """
    if not who or len(who) > _LONGEST:
        return 0
    try:
        found = identify.find(site.workspace.engine, f"{identify.ANONYMOUS}:{who}")
    except UsageError:
        return 0
    return found.node_key if found.kind == identify.ANONYMOUS else 0


def in_languages(asked: Asked) -> dict[str, str]:
    """Language → address of the page in it."""
    there = surveys.languages_of(asked.spec)
    path, _, query = asked.action.partition("?")
    kept = [pair.partition("=") for pair in query.split("&") if pair and not pair.startswith("lang=")]
    told = [f"{name}={value}" for name, _, value in kept]
    return {tag: f"{path}?{'&'.join([*told, f'lang={tag}'])}" for tag in there}


def _address(path: str, request: Request) -> str:
    told = {name: request.query_params[name][:_LONGEST] for name in _KEPT if request.query_params.get(name)}
    return f"{path}?{urlencode(told)}" if told else path
