"""The ``consent`` document: what a workspace asks people for, in which words, and for how long it holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from foretell.clock import Duration
from foretell.definitions import Catalog, Document, DurationText, KeyText, Kind, Problem, suggestion

Basis = Literal["consent", "contract", "legitimate_interest", "legal_obligation"]
Kept = Literal["ip", "user_agent", "url"]
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,40}(\.[a-z][a-z0-9_-]{0,40})?\Z")
_SERVES = {"email": ("html", "text"), "sms": ("sms",), "push": ("alert",)}


def _name(text: str) -> str:
    if not _NAME.match(text):
        raise ValueError(f"{text!r} is no purpose; write CHANNEL.PURPOSE in lower case, or one word such as profiling")
    return text


def _positive(text: str) -> str:
    if Duration.parse(text).days <= 0:
        raise ValueError("it must be longer than nothing")
    return text


PurposeName = Annotated[str, AfterValidator(_name)]
Length = Annotated[DurationText, AfterValidator(_positive)]
Texts = dict[str, str] | str
"""One text, or a text a language (``en``, ``pt-br``)."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Wording(_Part):
    """What people are asked, from a day on."""

    version: str = Field(min_length=1, max_length=60, description="Name of this wording; it is kept with every word.")
    since: date | None = Field(None, alias="from", description="First day on which it is shown.")
    text: Texts = Field(description="What people agree to: one text, or one for each language.")


class DoubleOptIn(_Part):
    """Consent counts when the link of a message is followed and the button there is pressed."""

    template: KeyText = Field(description="Template of the message; it uses confirm_url.")
    channel: KeyText | None = Field(None, description="Channel of the message; default: the purpose's own, or email.")
    valid_for: Length = Field("3d", description="How long the link works.")


class PurposeSpec(_Part):
    """What one purpose over one channel needs."""

    basis: Basis = Field(
        description="consent: only who granted it; contract and legitimate_interest: everybody who did not object; "
        "legal_obligation: everybody."
    )
    title: Texts | None = Field(None, description="How people call it: one text, or one for each language.")
    wording: tuple[Wording, ...] = Field(default=(), description="Versions of what people are asked, the oldest first.")
    expires_after: Length | None = Field(None, description="A grant lapses so long after it was given, e.g. 24mo.")
    double_opt_in: DoubleOptIn | None = Field(None, description="A grant has to be confirmed by a link.")
    requires: tuple[PurposeName, ...] | None = Field(
        None, description="Other purposes that have to be allowed too; default: profiling for training and ads."
    )
    minors: Literal["refused", "allowed"] | None = Field(
        None, description="Whether it may be done to minors; default: refused unless by contract or by law."
    )
    on_page: bool | None = Field(
        None, description="Whether the preference page shows it; default: by consent or legitimate interest."
    )

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.basis != "consent" and (self.double_opt_in or self.expires_after):
            raise ValueError("only a purpose by consent has double_opt_in or expires_after")
        versions = [one.version for one in self.wording]
        if len(set(versions)) < len(versions):
            raise ValueError("two wordings have the same version")
        days = [one.since or date.min for one in self.wording]
        if days != sorted(days) or len(set(days)) < len(days):
            raise ValueError("wordings go from the oldest to the newest, each from a later day")
        return self


class ConsentSpec(_Part):
    """Purposes by name, and what is kept as proof."""

    purposes: Annotated[dict[PurposeName, PurposeSpec], Field(min_length=1)] = Field(
        description="By name: CHANNEL.PURPOSE, or profiling, training, export, assistant."
    )
    proof: tuple[Kept, ...] = Field(
        default=("url",), description="What is kept with a word beside its message: ip, user_agent, url."
    )


def spec_of(document: Document) -> ConsentSpec:
    """The content of a consent document."""
    assert isinstance(document.spec, ConsentSpec)
    return document.spec


def text_in(texts: Texts | None, language: str | None) -> str:
    """The text of a language: its own, that of its first part, English, or the first there is; else empty."""
    if texts is None or isinstance(texts, str):
        return texts or ""
    known = {name.lower().replace("_", "-"): text for name, text in texts.items()}
    wanted = (language or "").lower().replace("_", "-")
    for name in (wanted, wanted.partition("-")[0], "en"):
        if name in known:
            return known[name]
    return next(iter(known.values()), "")


def _check(document: Document, catalog: Catalog) -> Iterable[Problem]:
    others = [one.key for one in catalog.all("consent") if one.key < document.key]
    if others:
        place = document.positions.at(("key",))
        message = f"the purposes of this workspace are in consent {others[0]} already"
        yield Problem("CONSENT_TWICE", message, document.name, place, "Put all purposes into one document.")
    purposes = spec_of(document).purposes
    for name, purpose in purposes.items():
        yield from _check_requires(document, name, purpose.requires or (), purposes)
        if purpose.double_opt_in is not None:
            yield from _check_template(document, catalog, name, purpose.double_opt_in)


def _check_requires(
    document: Document, name: str, requires: Iterable[str], purposes: Mapping[str, PurposeSpec]
) -> Iterator[Problem]:
    place = document.positions.at(("spec", "purposes", name, "requires"))
    for other in requires:
        if other not in purposes and "." not in other and other not in ("profiling", "training", "export", "assistant"):
            step = suggestion(other, list(purposes), what="purposes")
            yield Problem("UNKNOWN_PURPOSE", f"there is no purpose called {other!r}", document.name, place, step)
        elif other == name or (other in purposes and name in (purposes[other].requires or ())):
            message = f"{name} and {other} require each other"
            yield Problem("PURPOSE_LOOP", message, document.name, place, "Take one of the two out.")


def _check_template(document: Document, catalog: Catalog, name: str, asked: DoubleOptIn) -> Iterator[Problem]:
    template = catalog.documents.get(("template", asked.template))
    if template is None:
        return  # a reference to nothing is told by itself
    texts = _SERVES.get(asked.channel or name.partition(".")[0], ("html", "text"))
    written = [getattr(template.spec, field, None) or "" for field in texts]
    if not any("confirm_url" in text for text in written):
        place = document.positions.at(("spec", "purposes", name, "double_opt_in", "template"))
        message = f"template {asked.template} has no link by which {name} could be confirmed"
        yield Problem("NO_CONFIRM_LINK", message, document.name, place, "Use {{ confirm_url }} in the template.")


def _refers(document: Document) -> Iterable[tuple[str, str]]:
    asked = [one.double_opt_in for one in spec_of(document).purposes.values() if one.double_opt_in]
    return sorted({("template", one.template) for one in asked})


KIND = Kind("consent", "consents", ConsentSpec, _check, _refers)
"""The kind ``consent``, in the workspace's folder ``consents``."""
