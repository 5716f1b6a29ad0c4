"""The section ``care`` of ``foretell.yaml``: teams with their hours, what is at risk with a person, the help desk."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from foretell.definitions.texts import DurationText, KeyText, ZoneText

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60
_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(([01]\d|2[0-3]):([0-5]\d)|24:00)\Z")
Span = tuple[int, int]
"""Minutes of the day, the end excluded."""


def _days_of(text: str) -> list[int]:
    first, dash, last = text.partition("-")
    if first not in DAYS or (dash and last not in DAYS):
        raise ValueError(f"{text!r} names no days; write {', '.join(DAYS)}, or a range such as mon-fri")
    begin, end = DAYS.index(first), DAYS.index(last or first)
    return list(range(begin, end + 1)) if begin <= end else [*range(begin, 7), *range(end + 1)]


def _span(text: str) -> Span:
    found = _SPAN.match(text)
    if found is None:
        raise ValueError(f'{text!r} are no opening hours; write 24-hour times in quotes, e.g. "09:00-17:30"')
    begin = int(found[1]) * 60 + int(found[2])
    end = DAY_MINUTES if found[3] == "24:00" else int(found[4]) * 60 + int(found[5])
    if begin >= end:
        raise ValueError(f"{text!r} ends before it begins; write the hours after midnight with the next day")
    return begin, end


def _spans(hours: str | tuple[str, ...]) -> list[Span]:
    found = sorted(_span(text) for text in ([hours] if isinstance(hours, str) else hours))
    if any(later[0] < earlier[1] for earlier, later in pairwise(found)):
        raise ValueError("these opening hours overlap")
    return found


def _checked(hours: Mapping[str, str | tuple[str, ...]]) -> Mapping[str, str | tuple[str, ...]]:
    named = [day for text in hours for day in _days_of(text)]
    if len(named) != len(set(named)):
        raise ValueError("a day is named twice")
    if hours and not any(_spans(each) for each in hours.values()):
        raise ValueError("there is no hour in the week; leave hours out for a team that always works")
    return hours


Hours = Annotated[dict[str, str | tuple[str, ...]], AfterValidator(_checked)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TeamSection(_Section):
    """People who take care of cases together, and when they work."""

    title: str | None = Field(default=None, description="What people call it.")
    members: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] = Field(
        default=(), description="Who is in it, by the names under which they take cases."
    )
    zone: ZoneText | None = Field(default=None, description="IANA time zone of its hours; default: the workspace's.")
    hours: Hours = Field(
        default_factory=dict,
        description='Opening hours by day, e.g. mon-fri: "09:00-17:00"; without any, the team always works.',
    )
    holidays: KeyText | None = Field(
        default=None, description="Reference list of days off, as ISO dates in its column day (else its first)."
    )

    def week(self) -> tuple[tuple[Span, ...], ...]:
        """Opening hours from Monday on, in minutes of the day; seven empty ones where the team always works."""
        found: dict[int, tuple[Span, ...]] = {}
        for text, hours in self.hours.items():
            found |= dict.fromkeys(_days_of(text), tuple(_spans(hours)))
        return tuple(found.get(day, ()) for day in range(7))


class RiskSection(_Section):
    """Which predictions say what is at risk with a person: what they are worth × the probability that they leave."""

    worth: KeyText = Field(default="clv", description="Prediction of what a person is worth, in money.")
    leaving: KeyText = Field(default="churn", description="Prediction of their leaving.")
    horizon: DurationText = Field(default="90d", description="Of several horizons of leaving the one nearest to this.")


class HelpDeskSection(_Section):
    """A help desk whose tickets and our cases are kept alike."""

    uses: str = Field(description="Implementation: zendesk.")
    cases: tuple[KeyText, ...] | None = Field(
        default=None, description="Case rules whose cases become tickets; without it, all cases."
    )
    settings: dict[str, Any] = Field(default_factory=dict, description="Settings of the implementation.")


class CareSection(_Section):
    """Who takes care of cases."""

    teams: dict[KeyText, TeamSection] = Field(default_factory=dict, description="Teams by key.")
    at_risk: RiskSection = RiskSection()
    help_desk: HelpDeskSection | None = Field(default=None, description="Help desk that cases are shared with.")

    def teams_of(self, person: str) -> Iterator[str]:
        """Keys of the teams somebody is in."""
        return (key for key, team in self.teams.items() if person in team.members)
