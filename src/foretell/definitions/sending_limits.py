"""Settings that bound what goes out: caps on people, rates of providers and domains, the sandbox."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from foretell.clock import Duration
from foretell.definitions.texts import DurationText

CalendarUnit = Literal["day", "week", "month"]
_UNITS: Mapping[str, CalendarUnit] = {"1d": "day", "1w": "week", "7d": "week", "1mo": "month"}
_LEAST: Mapping[CalendarUnit, timedelta] = {
    "day": timedelta(hours=23), "week": timedelta(hours=167), "month": timedelta(hours=671),
}  # fmt: skip
_DOMAIN = re.compile(r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]\Z")
EVERY_DOMAIN = "default"
TRANSACTIONAL = "transactional"
"""The purpose of what somebody ordered themselves; it has a lane of its own."""


def _domain(text: str) -> str:
    small = text.strip().lower()
    if small != EVERY_DOMAIN and not _DOMAIN.match(small):
        raise ValueError(f"{text!r} is no domain; write e.g. gmail.com, or default for each of the others")
    return small


def _listed(text: str) -> str:
    small = text.strip().lower()
    if not small or (small.startswith("@") and not _DOMAIN.match(small[1:])):
        raise ValueError(f"{text!r} is no address; write an e-mail address, a phone number, or @example.com")
    return small


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CapSection(_Section):
    """At most so many messages to a person, in any span of a length or in each day, week or month of theirs."""

    messages: int = Field(ge=1, description="So many messages at most.")
    per: DurationText = Field(description="In any span of this length, e.g. 7d.")
    channel: str | None = Field(
        default=None,
        pattern="^(email|sms|push|alert)$",
        description="email, sms, push or alert; without it, all together.",
    )
    purpose: str | None = Field(
        default=None, min_length=1, description="Only messages of this purpose; without it, all together."
    )
    calendar: bool = Field(
        default=False,
        description="Count by days, weeks (from Monday on) or months on the person's calendar (per: 1d, 1w or 1mo).",
    )

    @model_validator(mode="after")
    def _countable(self) -> CapSection:
        if self.calendar and self.per not in _UNITS:
            raise ValueError(f"{self.per!r} is no unit of the calendar; write 1d, 1w or 1mo, or leave calendar out")
        if not self.calendar and Duration.parse(self.per).exact is None:
            raise ValueError(f"{self.per!r} has no fixed length; write days or weeks, e.g. 30d, or add calendar: true")
        return self

    @property
    def unit(self) -> CalendarUnit | None:
        """The unit of the calendar, None where any span of the length counts."""
        return _UNITS[self.per] if self.calendar else None

    @property
    def length(self) -> timedelta:
        """The length of the span; of a unit of the calendar the shortest there is."""
        exact = Duration.parse(self.per).exact
        return _LEAST[self.unit] if self.unit is not None else exact or timedelta(0)

    def holds_for(self, other: CapSection) -> bool:
        """Whether every message that ``other`` counts is counted here too."""
        return self.channel in (None, other.channel) and self.purpose in (None, other.purpose)

    def __str__(self) -> str:
        span = f"{self.unit} of the calendar" if self.unit else self.per
        parts = (f" of {self.channel}" if self.channel else "", f" for {self.purpose}" if self.purpose else "")
        return f"{self.messages} per {span}{''.join(parts)}"


class RateSection(_Section):
    """So many messages a span: what is over it waits, nothing is lost."""

    messages: int = Field(ge=1, description="So many messages, spread evenly; as many may go at once.")
    per: DurationText = Field(description="In a span of this length, e.g. 1s or 1h.")
    transactional: int | None = Field(
        default=None,
        ge=0,
        description="So many of them are kept for the transactional lane; default: a tenth, at least one of two.",
    )

    @model_validator(mode="after")
    def _divisible(self) -> RateSection:
        exact = Duration.parse(self.per).exact
        if not exact:
            raise ValueError(f"{self.per!r} has no fixed length; write seconds, minutes, hours or days, e.g. 1s")
        if self.kept >= self.messages:
            raise ValueError("transactional leaves nothing for the other messages; write fewer than messages")
        return self

    @property
    def kept(self) -> int:
        """How many of ``messages`` are the transactional lane's alone."""
        if self.transactional is not None:
            return self.transactional
        return 0 if self.messages == 1 else max(1, self.messages // 10)

    @property
    def length(self) -> timedelta:
        """The span's length."""
        return Duration.parse(self.per).exact or timedelta(0)


class SandboxSection(_Section):
    """Everything is decided and recorded as ever, and only listed addresses get anything."""

    to: tuple[Annotated[str, AfterValidator(_listed)], ...] = Field(
        default=(), description="E-mail addresses and phone numbers; @example.com is everybody there."
    )


DomainText = Annotated[str, AfterValidator(_domain)]


def doubtful_caps(caps: Sequence[CapSection], uncapped: frozenset[str]) -> Iterator[tuple[int, str, str]]:
    """Caps that never stop anything: their place, why, and what to do.

    Args:
        uncapped: purposes that caps neither stop nor count.
    """
    for place, cap in enumerate(caps):
        if cap.purpose in uncapped:
            yield place, f"messages of the purpose {cap.purpose} pass every cap, so this one never counts", "Remove it."
            continue
        for at, other in enumerate(caps):
            if at != place and _covers(other, cap) and (at < place or not _covers(cap, other)):
                what = f"the cap {cap} can never be reached, since {other} is reached first"
                yield place, what, "Remove one of the two, or let fewer messages be enough for this one."
                break


def _covers(one: CapSection, other: CapSection) -> bool:
    """Whether ``one`` always stops what ``other`` would."""
    if not one.holds_for(other) or one.messages > other.messages:
        return False
    if other.unit is not None:
        longest = {"day": timedelta(hours=25), "week": timedelta(hours=169), "month": timedelta(hours=745)}[other.unit]
        return one.unit == other.unit or (one.unit is None and one.length >= longest)
    return one.unit is None and one.length >= other.length
