"""One report of a survey: its scores as answered and weighted, over the months, and what is to be said of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from foretell.definitions import Catalog
from foretell.engine import Engine
from foretell.listen.scores.answers import People, Whose, Window, bounds, cells, people
from foretell.listen.scores.estimates import LEAST, Score, score_of, scores_of
from foretell.listen.scores.measures import Measure
from foretell.listen.scores.query import Asked, ScoreQuery, asked_of, survey_title
from foretell.listen.scores.spans import Grain, Step, by_steps, months_before, steps
from foretell.listen.scores.weighting import Weighting, weigh
from foretell.stats import scale_means

SEGMENT_WORDS = (
    "Who is in the segment is taken at the start of the window; for each month or week at its start, and for the "
    "window before at the start of that one."
)
SERIES_MONTHS = 12
"""Whole months before the last one that a series shows."""


@dataclass(frozen=True)
class BandShare:
    """Answers of a part of the scale; ``share`` is of all of them, 0 to 1."""

    title: str
    tone: str
    answers: int
    share: float


@dataclass(frozen=True)
class SeriesPoint:
    """The measure's own figure in a month or week, as answered."""

    period: str
    start: datetime
    end: datetime
    complete: bool
    score: Score


@dataclass(frozen=True)
class ScoreReport:
    """What people said in a window.

    Args:
        survey: key, or empty for all surveys of the measure; ``title`` what people call it.
        scores: every figure of the measure as answered.
        weighted: the same with weights, empty where there are none.
        bands: from the lowest up; none where too few people answered for a score, since they would tell it.
        series: of the months up to the window's end, also those before it.
    """

    survey: str
    title: str
    measure: Measure
    window: Window
    scores: tuple[Score, ...]
    weighted: tuple[Score, ...]
    weighting: Weighting
    bands: tuple[BandShare, ...]
    series: tuple[SeriesPoint, ...]
    notes: tuple[str, ...]

    @property
    def best(self) -> Score:
        """The measure's own figure: weighted where that can be, else as answered."""
        return (self.weighted or self.scores)[0]


def score(engine: Engine, catalog: Catalog, query: ScoreQuery, *, now: datetime, grain: Grain = "month") -> ScoreReport:
    """The scores of a survey, or of all surveys of a measure.

    Args:
        grain: steps of the series.

    Raises:
        UsageError: ``UNKNOWN_SURVEY``, ``UNKNOWN_MEASURE``, ``BAD_FILTER``, ``BAD_RANGE``, ``UNKNOWN_DEFINITION``.
    """
    asked = asked_of(engine, catalog, query, now=now)
    whose, window = asked.whose, asked.window
    found = people(engine.analytics, whose, window)
    weighting, weights = weigh(engine, whose, window, found, now=now)
    figures = whose.measure.figures
    weighted = () if weights is None else tuple(score_of(figure, found, weights) for figure in figures)
    scores = tuple(score_of(figure, found) for figure in figures)
    bands = () if scores[0].value is None else _bands(whose.measure, found)
    return ScoreReport(
        query.survey or "", survey_title(catalog, query.survey, whose.measure), whose.measure, window, scores, weighted,
        weighting, bands, _series(engine, catalog, asked, grain, now), _notes(scores[0], whose),
    )  # fmt: skip


def _bands(measure: Measure, found: People) -> tuple[BandShare, ...]:
    counts = found.bands.sum(axis=0).tolist()
    total = sum(counts)
    return tuple(
        BandShare(band.title, band.tone, int(count), count / total if total else 0.0)
        for band, count in zip(measure.bands, counts, strict=True)
    )


def _series(engine: Engine, catalog: Catalog, asked: Asked, grain: Grain, now: datetime) -> tuple[SeriesPoint, ...]:
    zone, figure = catalog.settings.zone_info, asked.whose.measure.main
    begin = asked.window.since
    if grain == "month":
        begin = min(begin, months_before(asked.window.until, SERIES_MONTHS, zone))
    span = Window(begin, asked.window.until)
    found: tuple[Step, ...] = steps(span, grain, zone, now)
    whole = Window(found[0].start, span.until)
    read = cells(engine.analytics, [figure], by_steps(asked.whose, whole, found), bounds(whole))
    sums = read.sums[figure.key]
    scored = scores_of(figure, scale_means(sums, figure.scale), sums.people, read.answers.astype(float))
    by_label: Mapping[str, Score] = dict(zip(read.labels, scored, strict=True))
    nothing = Score(figure.key, figure.title, figure.unit, None, None, None, 0, 0, 0.0, "too_few")
    return tuple(
        SeriesPoint(
            step.label, step.start, step.end, step.complete and step.end <= span.until,
            by_label.get(step.label, nothing),
        )
        for step in found
    )  # fmt: skip


def _notes(main: Score, whose: Whose) -> tuple[str, ...]:
    notes = []
    if main.value is None:
        notes.append(f"Not yet: {main.people} of {LEAST} people needed have answered.")
    if main.answers > main.people:
        notes.append(
            f"{main.answers:,} answers came from {main.people:,} people; the intervals know that answers of one person "
            "go together."
        )
    if whose.limits:
        notes.append(SEGMENT_WORDS)
    return tuple(notes)


def plain(told: Any) -> Any:
    """A report, change, groups or target as plain values for JSON; instants stay as they are."""
    found = asdict(told)
    if isinstance(found.get("measure"), dict):
        found["measure"] = told.measure.key
    if isinstance(found.get("figure"), dict):
        found["figure"] = {name: found["figure"][name] for name in ("key", "title", "unit")}
    return found
