"""What people said, by stage and by touchpoint: scores of surveys, and the sentiment of what they wrote.

An answer belongs to the touchpoint that its survey names, and to that touchpoint's stage. Where it names none of the
map, it belongs to the last stage that the person had come to when they gave it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from foretell.clock import naive_utc
from foretell.engine import Analytics
from foretell.listen import scores
from foretell.measure.maps.document import MapSpec
from foretell.measure.maps.model import Rate, Voice
from foretell.measure.maps.standing import Standing
from foretell.stats import Scale, Sums, scale_means

FEWEST = scores.LEAST
SENTIMENT = "sentiment"
SCORES, RESPONSES, TOPICS = "scores", "survey_responses", "feedback_topics"
_ANSWERS = (
    "SELECT r.survey || chr(31) || r.response_id AS id, r.profile_id, r.measure, r.touchpoint, "
    "r.answered_at AS said_at, CASE r.measure {values} END AS v FROM {answers} AS r "
    "WHERE r.answered_at > $since AND r.answered_at <= $until AND ({valid})"
)
# A text has a row for each of its themes; their mean is what it says as a whole.
_TEXTS = (
    "SELECT f.message_id AS id, f.profile_id, 'sentiment' AS measure, {touchpoint} AS touchpoint, f.said_at, f.v "
    "FROM (SELECT t.message_id, t.profile_id, min(t.at) AS said_at, max(t.survey) AS survey, "
    "max(t.response_id) AS response_id, "
    "avg(CAST(CASE t.sentiment WHEN 'positive' THEN 1 WHEN 'negative' THEN -1 ELSE 0 END AS DOUBLE)) AS v "
    "FROM feedback_topics AS t WHERE t.at > $since AND t.at <= $until "
    "AND t.sentiment IN ('positive', 'neutral', 'negative') GROUP BY t.message_id, t.profile_id) AS f{joined}"
)
_SUMMED = """
WITH spoken AS ({spoken}), entries AS ({entries}), persons AS (
  SELECT s.id, s.measure, s.touchpoint, s.said_at, s.v, n.node_key AS profile_key,
    CASE WHEN coalesce(s.profile_id, '') = '' THEN s.id ELSE s.profile_id END AS who
  FROM spoken AS s LEFT JOIN nodes AS n ON n.profile_id = s.profile_id
), counting AS (
  SELECT p.* FROM persons AS p WHERE {whose}
), placed AS (
  SELECT c.id, c.measure, c.touchpoint, c.v, c.who,
    max(CASE WHEN e.t <= epoch_us(c.said_at) THEN e.stage END) AS reached
  FROM counting AS c LEFT JOIN entries AS e ON e.profile_key = c.profile_key
  GROUP BY c.id, c.measure, c.touchpoint, c.v, c.who
), labelled AS (
  SELECT 'stage' AS grp, CAST(coalesce({stage_of}, l.reached) AS VARCHAR) AS label, l.measure, l.who, l.v
  FROM placed AS l
  UNION ALL SELECT 'touchpoint' AS grp, l.touchpoint AS label, l.measure, l.who, l.v FROM placed AS l
), summed AS (
  SELECT b.grp, b.label, b.measure, b.who, sum(b.v) AS n, CAST(count(*) AS DOUBLE) AS d FROM labelled AS b
  WHERE b.label IS NOT NULL GROUP BY b.grp, b.label, b.measure, b.who
)
SELECT s.grp, s.label, s.measure, CAST(count(*) AS DOUBLE) AS people, sum(s.n) AS num, sum(s.d) AS den,
  sum(s.n * s.n) AS num_num, sum(s.n * s.d) AS num_den, sum(s.d * s.d) AS den_den
FROM summed AS s GROUP BY s.grp, s.label, s.measure ORDER BY s.grp, s.label, s.measure"""


@dataclass(frozen=True)
class Voices:
    """What was said.

    Args:
        listening: ``scores`` and ``sentiment``, where there can be any.
        stages: place of a stage → what was said there; ``touchpoints`` by key.
    """

    listening: tuple[str, ...]
    stages: Mapping[int, tuple[Voice, ...]]
    touchpoints: Mapping[str, tuple[Voice, ...]]


def voices(analytics: Analytics, spec: MapSpec, found: Standing, *, limited: bool) -> Voices:
    """What was said in a window.

    Args:
        limited: only people of a segment count, so that whoever answered without a name does not.
    """
    there = {name: bool(analytics.columns(name)) for name in (RESPONSES, TOPICS)}
    listening = tuple(what for what, view in ((SCORES, RESPONSES), (SENTIMENT, TOPICS)) if there[view])
    if not listening:
        return Voices((), {}, {})
    spoken = " UNION ALL ".join(_spoken(there))
    bounds = {"since": naive_utc(found.span.since), "until": naive_utc(found.span.until)}
    if not analytics.query(f"SELECT 1 AS one FROM ({spoken}) AS s LIMIT 1", bounds).num_rows:
        return Voices(listening, {}, {})  # nobody is placed in vain
    named = f"EXISTS (SELECT 1 FROM ({found.people}) AS u WHERE u.profile_key = p.profile_key)"
    rows = analytics.query(
        _SUMMED.format(
            spoken=spoken, entries=found.entries, stage_of=_stage_of(spec),
            whose=named if limited else f"p.profile_key IS NULL OR {named}",
        ),
        bounds,
        found.tables,
    )  # fmt: skip
    told = _told(rows)
    stages = {place: _of(told, "stage", str(place)) for place in range(len(spec.stages))}
    keys = [one.key for stage in spec.stages for one in stage.touchpoints]
    return Voices(listening, stages, {key: _of(told, "touchpoint", key) for key in keys})


def _spoken(there: Mapping[str, bool]) -> list[str]:
    parts = []
    if there[RESPONSES]:
        known = scores.MEASURES.values()
        values = " ".join(f"WHEN '{one.key}' THEN CAST({one.main.value} AS DOUBLE)" for one in known)
        valid = " OR ".join(
            f"(r.measure = '{one.key}' AND r.score BETWEEN {one.lowest} AND {one.highest})" for one in known
        )
        parts.append(_ANSWERS.format(values=values, valid=valid, answers=RESPONSES))
    if there[TOPICS]:
        own = there[RESPONSES]
        joined = (
            " LEFT JOIN survey_responses AS r ON r.survey = f.survey AND r.response_id = f.response_id" if own else ""
        )
        touchpoint = "r.touchpoint" if own else "CAST(NULL AS VARCHAR)"
        parts.append(_TEXTS.format(touchpoint=touchpoint, joined=joined))
    return parts


def _stage_of(spec: MapSpec) -> str:
    arms = [f"WHEN '{one.key}' THEN {place}" for place, stage in enumerate(spec.stages) for one in stage.touchpoints]
    return f"CASE l.touchpoint {' '.join(arms)} END" if arms else "CAST(NULL AS INTEGER)"


def _told(rows: pa.Table) -> list[tuple[str, str, Voice]]:
    """Group, label and what was said."""
    columns = ("people", "num", "den", "num_num", "num_den", "den_den")
    found: list[tuple[str, str, Voice]] = []
    for measure, (title, unit, scale) in _measures().items():
        mine = rows.filter(pa.compute.equal(rows["measure"], measure))
        if not mine.num_rows:
            continue
        sums = Sums(*(np.asarray(mine[name].to_numpy(), np.float64) for name in columns))
        means = scale_means(sums, scale)
        heads = zip(mine["grp"].to_pylist(), mine["label"].to_pylist(), strict=True)
        for place, (group, label) in enumerate(heads):
            people = int(sums.people[place])
            value = Rate(float(means.value[place]), float(means.low[place]), float(means.high[place]))
            found.append((group, label, Voice(measure, title, unit, value if people >= FEWEST else None, people)))
    return found


def _measures() -> dict[str, tuple[str, str, Scale]]:
    own = {one.key: (one.main.title, str(one.main.unit), one.main.scale) for one in scores.MEASURES.values()}
    return {SENTIMENT: ("Feeling", SENTIMENT, Scale(-1, 1, 3)), **own}


def _of(told: list[tuple[str, str, Voice]], group: str, label: str) -> tuple[Voice, ...]:
    return tuple(voice for one, name, voice in told if (one, name) == (group, label))
