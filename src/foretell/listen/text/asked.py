"""Which texts a question is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa

from foretell.clock import naive_utc
from foretell.errors import UsageError
from foretell.listen.text.sentiment import SENTIMENTS
from foretell.listen.text.sources import ORIGINS

USUAL_DAYS = 90


@dataclass(frozen=True)
class TextsAsked:
    """Which texts; None leaves a filter out.

    Args:
        until: the end, included.
        since: the begin, excluded; None: 90 days before ``until``.
        survey: key of a survey.
        origin: one of ``survey ticket review reply``.
        sentiment: one of ``positive neutral negative unknown``.
        language: ISO 639-1 code, or ``unknown``.
        theme: key of a theme; empty: texts without one.
        people: ``profile_key`` of those whose texts count.
    """

    until: datetime
    since: datetime | None = None
    survey: str | None = None
    origin: str | None = None
    sentiment: str | None = None
    language: str | None = None
    theme: str | None = None
    people: pa.Table | None = None

    def __post_init__(self) -> None:
        """Look whether it can be asked.

        Raises:
            UsageError: ``BAD_VALUE`` for an origin or a sentiment that there is none of, ``BAD_PERIOD``.
        """
        for name, value, known in (("origin", self.origin, ORIGINS), ("sentiment", self.sentiment, SENTIMENTS)):
            if value is not None and value not in known:
                raise UsageError("BAD_VALUE", f"{value!r} is no {name}", next_step=f"Write one of {', '.join(known)}.")
        if self.begin >= self.until:
            raise UsageError("BAD_PERIOD", "the period ends before it begins", next_step="Turn its ends round.")

    @property
    def begin(self) -> datetime:
        """The begin, excluded."""
        return self.since or self.until - timedelta(days=USUAL_DAYS)

    @property
    def before(self) -> datetime:
        """The begin of the period of the same length before."""
        return self.begin - (self.until - self.begin)

    def where(self, *, with_before: bool = False) -> tuple[str, dict[str, object], dict[str, pa.Table]]:
        """SQL over ``log_texts t`` with its parameters and tables; of the theme nothing is said.

        Args:
            with_before: the period of the same length before as well.
        """
        begin = self.before if with_before else self.begin
        parts = ["t.ts > $begin", "t.ts <= $until"]
        params: dict[str, object] = {"begin": naive_utc(begin), "until": naive_utc(self.until)}
        for name in ("survey", "origin", "sentiment", "language"):
            value = getattr(self, name)
            if value is not None:
                parts.append(f"t.{name} = ${name}")
                params[name] = value
        if self.people is None:
            return " AND ".join(parts), params, {}
        # Whoever spoke anonymously is known to be in no group of people.
        parts.append("NOT coalesce(t.anonymous, FALSE) AND t.profile_key IN (SELECT profile_key FROM asked_people)")
        return " AND ".join(parts), params, {"asked_people": self.people.select(["profile_key"])}
