"""The ``issue`` document: what goes wrong for people, how bad it is, when it is over, and what is done about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from foretell.clock import Duration
from foretell.condition import ConditionField, horizon_problems, parse, parse_problems, references
from foretell.definitions import Catalog, Document, DurationText, KeyText, Kind, Problem, ShareNumber
from foretell.errors import ForetellError

Severity = Literal["urgent", "high", "normal", "low"]
Path = tuple[str | int, ...]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Worse(_Part):
    """How bad it is for some."""

    severity: Severity = Field(description="urgent high normal low.")
    when: ConditionField = Field(description="Condition: for whom.")


class Answer(_Part):
    """What is done at once; journeys may answer too, by the event ``Issue Detected``."""

    case: KeyText = Field(description="Opens a case of this kind: the key of its case rule, if any.")
    title: str | None = Field(None, max_length=300, description="Title of the case. Default: the issue's.")
    holdout: ShareNumber = Field(
        0.1, ge=0.0, lt=1.0, description="Share of the people for whom no case is opened, to measure against."
    )
    close: bool = Field(True, description="Close a case that nobody has begun with, once the issue is over by itself.")


class IssueSpec(_Part):
    """Something that goes wrong for a person."""

    title: str | None = Field(None, max_length=300, description="What people call it.")
    description: str | None = Field(None, description="What it means for the customer.")
    owner: str | None = Field(None, description="Who answers for it.")
    detect: ConditionField = Field(description="Condition: for whom it goes wrong.")
    clears: ConditionField | None = Field(
        None,
        description="Condition by which it is over; event heads read what happened since it was detected. "
        "Without it, it is over as soon as `detect` no longer holds.",
    )
    severity: Severity = Field("normal", description="How bad it is: urgent high normal low.")
    severities: tuple[Worse, ...] = Field((), description="For whom it is otherwise; the first that holds counts.")
    lasts: DurationText = Field("30d", description="So long at most; what is not over by then has lapsed.")
    again_after: DurationText | None = Field(
        None, description="So long after it was over nothing is detected anew for the person."
    )
    answer: Answer | None = Field(None, description="What is done at once.")

    def conditions(self) -> Iterator[tuple[Path, dict[str, Any]]]:
        """Every condition with its path within ``spec``."""
        yield ("detect",), self.detect
        if self.clears is not None:
            yield ("clears",), self.clears
        for place, one in enumerate(self.severities):
            yield ("severities", place, "when"), one.when


def spec_of(document: Document) -> IssueSpec:
    """The content of an issue document."""
    assert isinstance(document.spec, IssueSpec)
    return document.spec


def title_of(document: Document) -> str:
    """What people call it."""
    return spec_of(document).title or document.key.replace("_", " ").capitalize()


def _at(document: Document, path: Path) -> Callable[[Path], str]:
    return lambda inner: document.positions.at(("spec", *path, *inner))


def _check(document: Document, catalog: Catalog) -> Iterable[Problem]:
    spec = spec_of(document)
    for path, raw in spec.conditions():
        at = _at(document, path)
        found = list(parse_problems(raw, at=at, thing=document.name))
        yield from found
        if not found:
            yield from horizon_problems(parse(raw), catalog, at=at, thing=document.name)
    for name, text in (("lasts", spec.lasts), ("again_after", spec.again_after)):
        if text is not None and Duration.parse(text).days <= 0:
            where = document.positions.at(("spec", name))
            yield Problem("BAD_DURATION", f"{text!r} is no time at all", document.name, where, "Write more than 0.")


def _refers(document: Document) -> Iterator[tuple[str, str]]:
    for _, raw in spec_of(document).conditions():
        try:
            named = references(parse(raw))
        except ForetellError:
            continue  # the check reports it
        yield from (("segment", key) for key in named.segments)
        yield from (("prediction", key) for key in named.predictions)
        yield from (("table", key) for key in named.tables)


KIND = Kind("issue", "issues", IssueSpec, _check, _refers)
"""The kind ``issue``, in the workspace's folder ``issues``."""
