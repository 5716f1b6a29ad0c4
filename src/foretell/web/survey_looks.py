"""What a survey's page shows: its questions in the reader's language, its brand, and the headers that guard it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from babel import Locale, UnknownLocaleError
from fastapi.responses import HTMLResponse

from foretell import deliver
from foretell.listen import surveys
from foretell.web.pages import rendered

PUBLIC = Path(__file__).with_name("public")


@dataclass(frozen=True)
class Look:
    """How a page looks.

    Args:
        framed: it stands in a frame of another page.
        still: it is only looked at: no script, nothing can be sent.
        nonce: lets the page's own style pass.
    """

    name: str
    language: str
    accents: surveys.Accents | None = None
    logo: str = ""
    framed: bool = False
    still: bool = False
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(12))

    @property
    def css(self) -> str:
        """Address of the style sheet."""
        return f"/s/survey.css?v={version_of('survey.css')}"

    @property
    def script(self) -> str:
        """Address of the script."""
        return f"/s/survey.js?v={version_of('survey.js')}"

    @property
    def policy(self) -> str:
        """The page's Content-Security-Policy: nothing but its own style, script and form, and the logo's host."""
        logo = urlsplit(self.logo)
        pictures = f"{logo.scheme}://{logo.netloc}" if self.logo else "'none'"
        framing = "*" if self.framed else "'self'"
        parts = (
            *(["sandbox"] if self.still else []),
            "default-src 'none'", f"style-src 'self' 'nonce-{self.nonce}'", "script-src 'self'", f"img-src {pictures}",
            "form-action 'self'", "base-uri 'none'", f"frame-ancestors {framing}",
        )  # fmt: skip
        return "; ".join(parts)


@dataclass(frozen=True)
class PageState:
    """What a page of questions begins with.

    Args:
        given: fields of the form as they were sent, or as they were answered before.
        faults: question key → name of what is wrong.
        response: id of the response, where the form has to say it.
        seen: questions shown before.
        promised: the answer is anonymous, whatever the survey says by the time at which it is sent.
        saved: something was saved already; press: it is to be sent by the button; at_once: a script sends it.
    """

    action: str
    given: surveys.Form = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    response: str = ""
    seen: Collection[str] = ()
    saved: bool = False
    press: bool = False
    at_once: bool = False
    promised: bool = False


def look_of(spec: surveys.SurveySpec, shop: str, language: str | None, *, framed: bool = False) -> Look:
    """How the pages of a survey look to somebody who reads ``language``."""
    brand = spec.brand or surveys.Brand.model_validate({})
    there = surveys.languages_of(spec)
    chosen = next(
        (found for wanted in (language, spec.language, "en") if (found := deliver.chosen_language(wanted, there))),
        there[0] if there else language or "en",
    )
    return Look(brand.name or shop, chosen, surveys.accents(spec.brand), brand.logo or "", framed)


def questions_page(
    spec: surveys.SurveySpec,
    screen: surveys.Screen,
    look: Look,
    state: PageState,
    addresses: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """A page of questions.

    Args:
        addresses: language → address of the page in it, where it can be chosen.
    """
    read = _reader(spec, look)
    shown = [_question(one, read, state) for one in screen.questions]
    faults = [{"key": one["key"], "ask": one["ask"]} for one in shown if one["fault"]]
    return _answer(
        "survey.html",
        look,
        422 if faults else 200,
        title=read(spec.title),
        intro=read(spec.intro) if screen.done == 0 else "",
        promised=state.promised,
        anonymous=state.promised and screen.done == 0,
        questions=shown,
        faults=faults,
        action=state.action,
        response=state.response,
        shown=",".join(one.key for one in screen.questions),
        seen=",".join(state.seen),
        saved=state.saved,
        press=state.press,
        at_once=state.at_once and not faults,
        is_last=screen.done + len(screen.questions) >= screen.total,
        done=screen.done,
        total=screen.total,
        languages=_languages(look, addresses or {}),
    )


def thanks_page(spec: surveys.SurveySpec, look: Look) -> HTMLResponse:
    """The last page."""
    words = deliver.phrases(look.language)
    text = _reader(spec, look)(spec.thanks) or words["survey_thanks"]
    return _answer("survey_told.html", look, 200, heading=words["survey_thanks_title"], text=text, over=True)


def told_page(look: Look, name: str, status: int) -> HTMLResponse:
    """A page that says why nothing can be answered.

    Args:
        name: ``over``, ``expired``, ``gone``, ``used``, ``invited`` or ``too_big``.
    """
    words = deliver.phrases(look.language)
    heading, text = words[f"survey_{name}_title"], words[f"survey_{name}"]
    return _answer("survey_told.html", look, status, heading=heading, text=text, over=False)


@cache
def version_of(name: str) -> str:
    """A text that changes with the public file."""
    return hashlib.blake2b((PUBLIC / name).read_bytes(), digest_size=6).hexdigest()


def _answer(name: str, look: Look, status: int, **values: Any) -> HTMLResponse:
    direction = surveys.direction(look.language)
    text = rendered(
        name, words=deliver.phrases(look.language), look=look, language=look.language, direction=direction, **values
    )
    headers = {
        "cache-control": "no-store",
        "x-robots-tag": "noindex",
        "referrer-policy": "no-referrer",
        "content-security-policy": look.policy,
    }
    return HTMLResponse(text, status, headers=headers)


def _reader(spec: surveys.SurveySpec, look: Look) -> Any:
    return lambda words: surveys.text_of(words, look.language, spec.language)


def _question(question: surveys.Question, read: Any, state: PageState) -> dict[str, Any]:
    kind = surveys.type_of(question)
    scale = kind.scale(question)
    slots = [
        {
            "path": slot.path,
            "holds": slot.holds,
            "label": read(slot.label),
            "choices": [{"value": one.value, "label": read(one.label)} for one in slot.choices],
        }
        for slot in kind.slots(question)
    ]
    return {
        "key": question.key,
        "template": kind.template,
        "ask": read(question.ask),
        "hint": read(question.hint),
        "optional": not question.required,
        "fault": state.faults.get(question.key, ""),
        "given": state.given,
        "slots": slots,
        "scale": None if scale is None else {"numbers": scale.values, "low": read(scale.low), "high": read(scale.high)},
        "lines": getattr(question, "lines", 4),
        "most": getattr(question, "most", None),
    }


def _languages(look: Look, addresses: Mapping[str, str]) -> list[dict[str, Any]]:
    if len(addresses) < 2:
        return []
    return [
        {"language": tag, "url": url, "name": _name(tag), "is_current": tag == look.language}
        for tag, url in addresses.items()
    ]


def _name(tag: str) -> str:
    """What a language calls itself."""
    try:
        return Locale.parse(tag, sep="-").get_display_name() or tag
    except (ValueError, UnknownLocaleError):
        return tag
