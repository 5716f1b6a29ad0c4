"""A score by segment, persona, touchpoint, product, agent, channel, language, survey, theme, month or week."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from statistics import NormalDist

import numpy as np

from foretell.condition import Reader, parse
from foretell.definitions import Catalog
from foretell.engine import Engine
from foretell.errors import UsageError
from foretell.listen.scores.answers import (
    PLAIN_DIMENSIONS,
    Cells,
    Whose,
    Window,
    answers_sql,
    bounds,
    cells,
    column_of,
    text_sql,
)
from foretell.listen.scores.estimates import LEAST, Score, scores_of
from foretell.listen.scores.measures import Figure, Measure
from foretell.listen.scores.query import survey_title
from foretell.listen.scores.shrinking import discoveries, draw_together
from foretell.listen.scores.spans import GRAINS, Grain, by_steps, steps
from foretell.stats import Means, Sums, scale_means

DIMENSIONS = ("segment", "persona", *PLAIN_DIMENSIONS, "theme", *GRAINS)
MOST = 200
"""Groups that are listed, those with most answers."""


@dataclass(frozen=True)
class Group:
    """One group.

    Args:
        key: its value of the dimension; ``title`` how people call it.
        score: as answered.
        drawn: the score drawn towards all groups, by which the list is ordered; None where it is not yet, or in time.
        differs: whether it differs from the other answers by more than chance among so many groups; None where that
            is not asked (in time) or not known.
    """

    key: str
    title: str
    score: Score
    drawn: float | None = None
    drawn_low: float | None = None
    drawn_high: float | None = None
    differs: bool | None = None


@dataclass(frozen=True)
class Groups:
    """A measure's own figure by a dimension.

    Args:
        overall: everybody's score in the window.
        groups: the best first by ``drawn``; in time in its order.
        hidden: groups with too few people to be told.
        notes: sentences that belong beside the numbers.
    """

    dimension: str
    figure: Figure
    window: Window
    overall: Score
    groups: tuple[Group, ...]
    hidden: int = 0
    notes: tuple[str, ...] = ()


def groups(engine: Engine, catalog: Catalog, whose: Whose, window: Window, dimension: str, *, now: datetime) -> Groups:
    """The score of each group of ``dimension`` in ``window``.

    Raises:
        UsageError: ``BAD_DIMENSION``; ``NO_SEGMENTS`` where there is none.
    """
    figure, params = whose.measure.main, bounds(window)
    grouped = _grouped(engine, catalog, whose, window, dimension, now)
    found = cells(engine.analytics, [figure], grouped, params)
    everybody = cells(
        engine.analytics, [figure], f"SELECT 'all' AS label, a.* FROM ({answers_sql(whose, window)}) AS a", params
    )
    overall = _everybody(figure, everybody)
    kept = np.flatnonzero(found.sums[figure.key].people >= LEAST)
    hidden = len(found.labels) - kept.size
    order = kept[np.argsort(-found.answers[kept], kind="stable")][:MOST]
    if dimension in GRAINS:
        told = tuple(Group(one.key, one.title, one.score) for one in _plain(figure, found))
        return Groups(dimension, figure, window, overall, told, 0, _notes(dimension, len(told), 0))
    titles = _titles(engine, catalog, whose.measure, dimension, [found.labels[place] for place in order.tolist()])
    told = _compared(figure, found, order, everybody, titles)
    return Groups(dimension, figure, window, overall, told, hidden, _notes(dimension, len(told), hidden))


def _everybody(figure: Figure, found: Cells) -> Score:
    if not found.labels:
        nothing = Sums.of([], [])
        return scores_of(figure, scale_means(nothing, figure.scale), np.zeros(1), np.zeros(1))[0]
    sums = found.sums[figure.key]
    return scores_of(figure, scale_means(sums, figure.scale), sums.people, found.answers.astype(float))[0]


def _plain(figure: Figure, found: Cells) -> list[Group]:
    sums = found.sums[figure.key]
    scores = scores_of(figure, scale_means(sums, figure.scale), sums.people, found.answers.astype(float))
    return [Group(label, label, score) for label, score in zip(found.labels, scores, strict=True)]


def _compared(
    figure: Figure, found: Cells, order: np.ndarray, everybody: Cells, titles: Mapping[str, str]
) -> tuple[Group, ...]:
    """Groups by their score drawn towards all, each held against the answers that are not its own."""
    if not order.size:
        return ()
    sums = _taken(found.sums[figure.key], order)
    means = scale_means(sums, figure.scale)
    drawn = draw_together(means.value, means.error)
    rest = scale_means(_less(everybody.sums[figure.key], sums), figure.scale)
    differs = discoveries(_chance(means, rest))
    scores = scores_of(figure, means, sums.people, found.answers[order].astype(float))
    ends = (figure.scale.lowest, figure.scale.highest)
    rows = []
    for number, (place, score) in enumerate(zip(order.tolist(), scores, strict=True)):
        key = found.labels[place]
        value, low, high = (float(np.clip(part[number], *ends)) for part in (drawn.value, drawn.low, drawn.high))
        told = bool(differs[number]) if np.isfinite(rest.value[number]) else None
        rows.append(Group(key, titles.get(key, key), score, value, low, high, told))
    return tuple(sorted(rows, key=lambda one: (-(one.drawn or 0.0), one.key)))


def _chance(means: Means, rest: Means) -> np.ndarray:
    """How likely a difference so large is by chance (g,); 1 where nobody is left to compare with."""
    z = np.abs(means.value - rest.value) / np.hypot(means.error, rest.error)
    return np.array([2 * NormalDist().cdf(-one) if np.isfinite(one) else 1.0 for one in z.tolist()])


def _taken(sums: Sums, rows: np.ndarray) -> Sums:
    parts = (sums.people, sums.num, sums.den, sums.num_num, sums.num_den, sums.den_den)
    return Sums(*(part[rows] for part in parts))


def _less(everybody: Sums, sums: Sums) -> Sums:
    """Everybody's sums without those of each group; people in both are taken out of the rest."""
    names = ("people", "num", "den", "num_num", "num_den", "den_den")
    parts = [getattr(everybody, name)[0] - getattr(sums, name) for name in names]
    left = [np.maximum(part, 0.0) if name != "num" else part for name, part in zip(names, parts, strict=True)]
    return Sums(*left)


def _grouped(engine: Engine, catalog: Catalog, whose: Whose, window: Window, dimension: str, now: datetime) -> str:
    """SQL: ``label person`` and the figures, a row an answer and group."""
    if dimension in PLAIN_DIMENSIONS:
        return answers_sql(whose, window, [f"r.{column_of(dimension)} AS label"])
    if dimension in GRAINS:
        grain: Grain = "month" if dimension == "month" else "week"
        found = steps(window, grain, catalog.settings.zone_info, now)
        return by_steps(whose, window, found)
    if dimension == "theme":
        return (
            f"SELECT DISTINCT t.theme AS label, a.* FROM ({answers_sql(whose, window)}) AS a "
            "JOIN feedback_topics AS t ON t.survey = a.survey AND t.response_id = a.response_id "
            "WHERE t.theme IS NOT NULL"
        )
    if dimension in ("segment", "persona"):
        return _by_people(engine, catalog, whose, window, dimension)
    raise UsageError(
        "BAD_DIMENSION", f"a score cannot be split by {dimension!r}", next_step=f"Use one of {', '.join(DIMENSIONS)}."
    )


def _by_people(engine: Engine, catalog: Catalog, whose: Whose, window: Window, dimension: str) -> str:
    if dimension == "segment":
        keys = [document.key for document in catalog.all("segment")]
    else:
        found = engine.analytics.query(
            "SELECT DISTINCT p.persona FROM log_personas p WHERE p.persona IS NOT NULL ORDER BY p.persona"
        )
        keys = found["persona"].to_pylist()
    if not keys:
        raise UsageError(
            f"NO_{dimension.upper()}S", f"there is no {dimension}", next_step=f"Make one, then ask by {dimension}."
        )
    reader = Reader(engine, catalog)
    parts = [
        f"SELECT {text_sql(key)} AS label, m{place}.profile_key FROM "
        f"({reader.sql(parse({dimension: key}), as_of=member_at(dimension, window), of='all')}) AS m{place}"
        for place, key in enumerate(keys)
    ]
    return (
        f"SELECT g.label, a.* FROM ({answers_sql(whose, window)}) AS a JOIN nodes AS n ON n.profile_id = a.profile_id "
        f"JOIN ({' UNION ALL '.join(parts)}) AS g ON g.profile_key = n.node_key"
    )


def member_at(dimension: str, window: Window) -> datetime:
    """When membership is taken: a segment's at the window's start, since an answer may change it; a persona's at the
    end, as it is found for people with some history."""
    return window.since if dimension == "segment" else window.until


def _titles(engine: Engine, catalog: Catalog, measure: Measure, dimension: str, keys: list[str]) -> dict[str, str]:
    if dimension == "product" and keys:
        listed = ", ".join(map(text_sql, keys))
        found = engine.analytics.query(
            f"SELECT p.product_id, p.name FROM products p WHERE p.product_id IN ({listed}) AND p.name IS NOT NULL"
        )
        return dict(zip(found["product_id"].to_pylist(), found["name"].to_pylist(), strict=True))
    if dimension == "segment":
        told = {document.key: getattr(document.spec, "title", None) for document in catalog.all(dimension)}
        return {key: title for key, title in told.items() if title}
    if dimension == "survey":
        return {key: survey_title(catalog, key, measure) for key in keys}
    return {}


def _notes(dimension: str, count: int, hidden: int) -> tuple[str, ...]:
    notes = []
    if dimension in GRAINS:
        return ()
    if count > 1:
        notes.append(
            f"{count} groups are compared. The order is by the score drawn towards all of them, since small groups are "
            "far out by chance; 'differs' is told where at most one in ten such claims is false."
        )
    if hidden:
        notes.append(f"{hidden} with fewer than {LEAST} people {'is' if hidden == 1 else 'are'} not shown.")
    if dimension == "segment":
        notes.append("Who is in a segment is taken at the start of the window.")
    if dimension == "theme":
        notes.append("An answer with several themes counts for each of them.")
    return tuple(notes)
