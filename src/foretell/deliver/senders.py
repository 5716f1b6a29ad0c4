"""Who sends a template: the steps of journeys, and the consent document. Read from documents as they are written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from foretell.definitions import Catalog
from foretell.deliver import channel_document


@dataclass(frozen=True)
class Sender:
    """A document that sends a template.

    Args:
        name: of the document; ``medium``: by which it goes.
        surveys: keys of those that are sent with it.
    """

    name: str
    purpose: str
    medium: str
    surveys: tuple[str, ...] = ()


def senders(catalog: Catalog, template: str) -> Iterator[Sender]:
    """The documents that send ``template``."""
    for document in catalog.all("journey"):
        for step in steps_with(document.raw.get("spec"), template):
            surveys = tuple(surveys_named(step))
            purpose = step.get("purpose") or (_purpose_of(catalog, surveys) if surveys else "marketing")
            channel = str(step.get("channel", "email"))
            kind = channel_document.kind_of(catalog, channel)
            medium = channel if kind is None else kind.capabilities.medium
            yield Sender(f"journey {document.key}", str(purpose), medium, surveys)
    for document in catalog.all("consent"):
        for told in ((document.raw.get("spec") or {}).get("purposes") or {}).values():
            asked = told.get("double_opt_in") if isinstance(told, Mapping) else None
            if isinstance(asked, Mapping) and asked.get("template") == template:
                yield Sender("consent", "service", str(asked.get("channel") or "email"))


def steps_with(raw: Any, template: str) -> Iterator[Mapping[str, Any]]:
    """The steps, wherever they stand, that send ``template``, a survey's reminders among them."""
    if isinstance(raw, Mapping):
        if raw.get("send") == template or ("survey" in raw and template in _of_survey(raw)):
            yield raw
        for value in raw.values():
            yield from steps_with(value, template)
    elif isinstance(raw, list | tuple):
        for value in raw:
            yield from steps_with(value, template)


def surveys_named(step: Mapping[str, Any]) -> list[str]:
    """The surveys that a step sends."""
    found = step.get("survey") if "send" not in step else None
    named = found if isinstance(found, list | tuple) else [found]
    return [one for one in named if isinstance(one, str)]


def _of_survey(step: Mapping[str, Any]) -> list[Any]:
    reminders = step.get("reminders")
    again = (
        [one.get("template") for one in reminders if isinstance(one, Mapping)] if isinstance(reminders, list) else []
    )
    return [step.get("template"), *again]


def _purpose_of(catalog: Catalog, surveys: tuple[str, ...]) -> str:
    """The purpose that the first survey's document names, without its channel."""
    document = catalog.documents.get(("survey", surveys[0]))
    told = (document.raw.get("spec") or {}).get("purpose") if document else None
    return str(told).rpartition(".")[2] if told else "marketing"
