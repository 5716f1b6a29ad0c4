"""A queued message → what its channel is handed."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

from markupsafe import Markup

from foretell.definitions import Catalog
from foretell.deliver import audience_document, template_document
from foretell.deliver.channels.base import Outgoing
from foretell.deliver.confirming import WAITS
from foretell.deliver.links import text_of, tracked_html, tracked_text, with_pixel
from foretell.deliver.liquid_text import render
from foretell.deliver.outbox import Queued
from foretell.deliver.tokens import Signer, click_url, confirm_url, open_url, preferences_url, unsubscribe_url
from foretell.errors import ForetellError

# Many mail programs drop classes, so a button carries its looks with it.
_BUTTON_CLASS = re.compile(r'class="button"')
_BUTTON = (
    'class="button" style="display:inline-block;background:#0B6A94;color:#FFFFFF;padding:12px 20px;'
    'border-radius:4px;text-decoration:none;font-weight:600;"'
)


@cache
def _layout() -> str:
    return Path(__file__).with_name("layout.html").read_text(encoding="utf-8")


def rendered(catalog: Catalog, signer: Signer, message: Queued, facts: Mapping[str, Any]) -> Outgoing:
    """The message as its channel sends it.

    Args:
        facts: the context of the message, see :func:`foretell.deliver.context.facts_of`.

    Raises:
        ForetellError: ``TEMPLATE_FAILED``; ``UNKNOWN_DEFINITION`` where the template is gone.
    """
    if message.medium == "ads":
        return _audience_row(catalog, message)
    spec = template_document.spec_of(catalog.get("template", message.template))
    if not spec.fits(message.medium):
        raise ForetellError(
            "TEMPLATE_FAILED",
            f"the template has no text for {message.medium}",
            thing=f"template {message.template}",
        )
    request = facts.get(WAITS)
    context = {
        **facts,
        "unsubscribe_url": unsubscribe_url(signer, message.message_id),
        "preferences_url": preferences_url(signer, message.message_id),
        "confirm_url": confirm_url(signer, request) if isinstance(request, str) else "",
    }
    return (
        _email(spec, signer, message, context) if message.medium == "email" else _short(spec, signer, message, context)
    )


def _email(
    spec: template_document.TemplateSpec, signer: Signer, message: Queued, context: Mapping[str, Any]
) -> Outgoing:
    subject = " ".join(render(spec.subject or "", context).split())
    html, text = "", ""
    if spec.html is not None:
        content = render(spec.html, context, html=True)
        frame = {
            **context,
            "content": Markup(_BUTTON_CLASS.sub(_BUTTON, content)),  # escaped by its own template
            "subject": subject,
            "lang": context["person"]["language"] or "en",
            "preheader": render(spec.preheader, context) if spec.preheader else "",
        }
        html = render(_layout(), frame, html=True)
        text = text_of(content)
    if spec.text is not None:
        text = render(spec.text, context).strip()
    own = _own(context)
    track = _tracking(signer, message.message_id, own)
    footer = f"\n\n-- \nUnsubscribe: {own[0]}\nChoose what you get: {own[1]}\n"
    text = tracked_text(text, track) + footer
    if html:
        html = with_pixel(tracked_html(html, track), open_url(signer, message.message_id))
    headers = {
        "List-Unsubscribe": f"<{own[0]}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    return _outgoing(message, subject, html, text, headers)


def _short(
    spec: template_document.TemplateSpec, signer: Signer, message: Queued, context: Mapping[str, Any]
) -> Outgoing:
    source = spec.sms if message.medium == "sms" else spec.alert
    text = tracked_text(render(source or "", context).strip(), _tracking(signer, message.message_id, _own(context)))
    subject = render(spec.subject, context).strip() if spec.subject and message.medium != "sms" else ""
    return _outgoing(message, subject, "", text, {})


def _own(context: Mapping[str, Any]) -> tuple[str, ...]:
    """Addresses that lead to our own pages; whoever follows them is not counted as a click."""
    return context["unsubscribe_url"], context["preferences_url"], context["confirm_url"]


def _tracking(signer: Signer, message_id: str, own: tuple[str, ...]) -> Any:
    track = partial(click_url, signer, message_id)
    return lambda url: url if url in own else track(url)


def _audience_row(catalog: Catalog, message: Queued) -> Outgoing:
    """A change of an audience as advertising platforms take it: the address as SHA-256 of its lower case."""
    spec = audience_document.spec_of(catalog.get("audience", message.template))
    told = json.loads(message.variables)
    hashed = hashlib.sha256(message.address.strip().lower().encode()).hexdigest()
    row = {
        "audience": message.template,
        "platform": spec.platform or "",
        "action": told["action"],
        "hashed_email": hashed,
        "code": told.get("code"),
    }
    text = json.dumps({name: value for name, value in row.items() if value is not None}, ensure_ascii=False)
    outgoing = _outgoing(message, f"{told['action']} {spec.title or message.template}", "", text, {})
    return Outgoing(**{**vars(outgoing), "address": hashed})


def _outgoing(message: Queued, subject: str, html: str, text: str, headers: Mapping[str, str]) -> Outgoing:
    return Outgoing(message.message_id, message.channel, message.address, subject, html, text, message.at, headers)
