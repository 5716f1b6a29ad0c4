"""What is looked at: an outcome or an amount over a time ahead, or a stored score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import Duration, utc
from foretell.condition import Reader, measure_sentence, parse, parse_measure, sentence
from foretell.definitions import Catalog
from foretell.errors import UsageError
from foretell.predict import latest_scores
from foretell.predict import spec_of as prediction_of
from foretell.segment.facets import Rows
from foretell.stats import Floats

Unit = Literal["share", "money", "score"]
_MICRO = 1_000_000.0
_CHANNELS = ("Email", "SMS", "Push", "Message")
RESPONSE = "response"
_SENT = {"in": [f"{channel} Sent" for channel in _CHANNELS]}
_CLICKED = {"in": [f"{channel} {end}" for channel in _CHANNELS for end in ("Link Clicked", "Replied")]}


@dataclass(frozen=True)
class Window:
    """Traits and habits are read up to ``at``, outcomes in ``(at, until]``."""

    at: datetime
    until: datetime


@dataclass(frozen=True)
class Target:
    """What is held against chance, for one person at one instant.

    Args:
        name: ``churn:90d``, ``score:churn:90d``, ``response`` …
        words: what it measures.
        population: condition of whom it is about, as written.
        horizon: over which time ahead; of a score, how far apart the two scorings are at least.
        outcome: condition over the time ahead; or
        value: measure over the time ahead; or
        score: prediction and horizon of a stored score.
    """

    name: str
    words: str
    unit: Unit
    population: Mapping[str, Any]
    horizon: str
    outcome: Mapping[str, Any] | None = None
    value: Mapping[str, Any] | None = None
    score: tuple[str, str] | None = None

    def windows(self, reader: Reader, now: datetime, zone: ZoneInfo) -> tuple[Window, Window]:
        """Where groups are looked for, and the later window in which they are checked.

        Raises:
            UsageError: ``TOO_FEW_SCORINGS`` for a score that was stored once.
        """
        length = Duration.parse(self.horizon)
        if self.score is not None:
            return self._scorings(reader, now, length, zone)
        late = length.before(now, zone)
        return Window(length.before(late, zone), late), Window(late, now)

    def values(self, reader: Reader, rows: Rows, window: Window) -> Floats:
        """What became of each row (n,): 1 or 0, an amount (0 where there is none), or a score (NaN where there is
        none)."""
        ahead = Duration.parse(self.horizon)
        if self.outcome is not None:
            tree = parse(dict(self.outcome), future=True)
            held = reader.members(tree, as_of=window.at, of="all", future=ahead)
            return rows.mask(held).astype(np.float64)
        if self.value is not None:
            query = reader.measure_sql(parse_measure(dict(self.value), future=True), as_of=window.at, future=ahead)
            return rows.spread(reader.analytics.query(query), "value") / _MICRO
        assert self.score is not None
        scores = _scores(reader, self.score, window.at)
        known = rows.mask(scores)
        return np.where(known, rows.spread(scores, "score"), np.nan)

    def _scorings(self, reader: Reader, now: datetime, apart: Duration, zone: ZoneInfo) -> tuple[Window, Window]:
        assert self.score is not None
        late = _scored_at(reader, self.score, now)
        early = None if late is None else _scored_at(reader, self.score, apart.before(late, zone))
        if late is None or early is None:
            raise UsageError(
                "TOO_FEW_SCORINGS",
                f"scores of {self.score[0]} over {self.score[1]} were not stored twice, {apart} apart",
                thing=f"prediction {self.score[0]}",
                next_step="Look at its outcome instead, or wait for another scoring.",
            )
        return Window(early, early), Window(late, late)


@dataclass(frozen=True)
class TargetChoice:
    """A target that can be chosen by name."""

    name: str
    words: str
    unit: Unit


def targets(catalog: Catalog) -> list[TargetChoice]:
    """What can be looked at: outcomes and amounts of all predictions, their stored scores, response to messages."""
    names = [
        name
        for document in catalog.all("prediction")
        for horizon in prediction_of(catalog, document.key).all_horizons
        for name in (f"{document.key}:{horizon}", f"score:{document.key}:{horizon}")
    ]
    found = [
        target_of(catalog, name) for name in [*sorted(names, key=lambda name: name.startswith("score:")), RESPONSE]
    ]
    return [TargetChoice(one.name, one.words, one.unit) for one in found]


def target_of(catalog: Catalog, name: str) -> Target:
    """The target called ``name``: ``churn`` or ``churn:90d``, ``score:churn:90d``, ``response``.

    Raises:
        UsageError: ``UNKNOWN_DEFINITION``, ``UNKNOWN_HORIZON``.
    """
    if name == RESPONSE:
        return Target(
            RESPONSE, "clicked in or answered a message within 30 days, of those who were sent one in the 90 before",
            "share", {"did": _SENT, "within": "90d"}, "30d", outcome={"did": _CLICKED},
        )  # fmt: skip
    scored = name.startswith("score:")
    key, _, horizon = name.removeprefix("score:").partition(":")
    spec = prediction_of(catalog, key)
    horizon = horizon or spec.all_horizons[0]
    if horizon not in spec.all_horizons:
        raise UsageError(
            "UNKNOWN_HORIZON",
            f"prediction {key} has no horizon {horizon}",
            thing=f"prediction {key}",
            next_step=f"Use one of {', '.join(spec.all_horizons)}.",
        )
    if scored:
        words = f"the stored score of {spec.name or key} over {horizon}"
        return Target(f"score:{key}:{horizon}", words, "score", spec.about, "28d", score=(key, horizon))
    if spec.outcome is not None:
        words = f"{spec.name or key}: {_said(sentence(parse(dict(spec.outcome), future=True)))} in the {horizon} ahead"
        return Target(f"{key}:{horizon}", words, "share", spec.about, horizon, outcome=spec.outcome)
    value = dict(spec.value or {})
    words = f"{spec.name or key}: {_said(measure_sentence(parse_measure(value, future=True)))} in the {horizon} ahead"
    return Target(f"{key}:{horizon}", words, "money", spec.about, horizon, value=value)


def target_from(
    catalog: Catalog,
    name: str | None = None,
    *,
    outcome: Mapping[str, Any] | None = None,
    population: Mapping[str, Any] | None = None,
    horizon: str | None = None,
) -> Target:
    """A target by name, or an outcome of one's own.

    Args:
        outcome: condition over the time ahead; then ``population`` and ``horizon`` are needed, and no name.

    Raises:
        UsageError: ``BAD_TARGET`` for anything else; DefinitionErrors for conditions that cannot be read.
    """
    if name is not None and outcome is None and population is None and horizon is None:
        return target_of(catalog, name)
    if name is not None or outcome is None or population is None or horizon is None:
        raise UsageError(
            "BAD_TARGET",
            "a target is one by name, or an outcome with a population and a horizon",
            next_step="Name one of the targets that the predictions give, or say outcome, population and horizon.",
        )
    tree = parse(dict(outcome), thing="the outcome", future=True)
    parse(dict(population), thing="the population")
    Duration.parse(horizon)
    return Target(
        "own", f"{_said(sentence(tree))} in the {horizon} ahead", "share", population, horizon, outcome=outcome
    )


def _said(words: str) -> str:
    text = words.removeprefix("People ").rstrip(".")
    return text[0].lower() + text[1:]


def _scores(reader: Reader, score: tuple[str, str], at: datetime) -> pa.Table:
    rows = latest_scores(reader.analytics, as_of=at)
    return rows.filter(pc.and_(pc.equal(rows["prediction"], score[0]), pc.equal(rows["horizon"], score[1])))


def _scored_at(reader: Reader, score: tuple[str, str], at: datetime) -> datetime | None:
    found = pc.max(_scores(reader, score, at)["as_of"]).as_py()
    return None if found is None else utc(found)
