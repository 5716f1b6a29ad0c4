"""Who was asked, and how far they came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from foretell.clock import naive_utc
from foretell.engine import Engine
from foretell.listen.results.narrowing import Narrowed
from foretell.listen.results.places import SENT, Places

STAGES = ("sent", "opened", "clicked", "answered", "complete")
_COUNTED = (
    "SELECT s.survey, count(*) AS sent, "
    "sum(CASE WHEN s.opened = 1 OR s.clicked = 1 OR s.answered = 1 THEN 1 ELSE 0 END) AS opened, "
    "sum(CASE WHEN s.clicked = 1 OR s.answered = 1 THEN 1 ELSE 0 END) AS clicked, "
    "sum(s.answered) AS answered, sum(s.complete) AS complete FROM ({seen}) s GROUP BY s.survey ORDER BY s.survey"
)
_SEEN = (
    "SELECT a.survey, a.asking, max(CASE WHEN m.opened_at IS NULL THEN 0 ELSE 1 END) AS opened, "
    "max(CASE WHEN m.clicked_at IS NULL THEN 0 ELSE 1 END) AS clicked, "
    "max(CASE WHEN r.response_id IS NULL THEN 0 ELSE 1 END) AS answered, "
    "max(CASE WHEN r.complete THEN 1 ELSE 0 END) AS complete "
    "FROM ({asked}) a LEFT JOIN messages m ON m.message_id = a.message_id "
    "LEFT JOIN survey_responses r ON r.survey = a.survey AND r.message_id = a.message_id GROUP BY a.survey, a.asking"
)


@dataclass(frozen=True)
class Funnel:
    """How many came how far, of those who were asked by a message; reminders belong to the first asking.

    A click counts as an opening and an answer as a click: both are known even where a mail program shows no pictures
    and where a score is chosen in the mail itself.
    """

    sent: int = 0
    opened: int = 0
    clicked: int = 0
    answered: int = 0
    complete: int = 0

    def counts(self) -> dict[str, int]:
        """Stage → how many, from the first to the last."""
        return {stage: int(getattr(self, stage)) for stage in STAGES}


def funnels(engine: Engine, survey: str | None = None, narrowed: Narrowed | None = None) -> Mapping[str, Funnel]:
    """Survey → its funnel; of one ``survey`` or of all that anybody was asked.

    Args:
        narrowed: only its channel and its instant count: over which channel and since when somebody was asked.
    """
    places, narrowed = Places(engine), narrowed or Narrowed()
    if not places.has("survey"):
        return {}
    told: dict[str, object] = {"channel": narrowed.channel, "survey": survey}
    told["since"] = None if narrowed.since is None else naive_utc(narrowed.since)
    given = {name: value for name, value in told.items() if value is not None}
    sql = _COUNTED.format(seen=_SEEN.format(asked=_asked(places, given)))
    rows = engine.analytics.query(sql, given).to_pylist()
    return {row.pop("survey"): Funnel(**{name: int(value) for name, value in row.items()}) for row in rows}


def asked_by_step(engine: Engine, survey: str) -> Mapping[tuple[str, str], int]:
    """Journey and id of its step → how often it asked ``survey``; reminders do not count."""
    places = Places(engine)
    if not places.has("survey"):
        return {}
    run = f"coalesce({places.text('run')}, {places.text('message_id')})"
    rows = engine.analytics.query(
        f"SELECT {places.text('journey')} AS journey, {places.text('step')} AS step, count(DISTINCT {run}) AS asked "
        f"FROM log_events e WHERE e.event = '{SENT}' AND {places.text('survey')} = $survey GROUP BY 1, 2",
        {"survey": survey},
    ).to_pylist()
    return {(row["journey"] or "", row["step"] or ""): int(row["asked"]) for row in rows}


def _asked(places: Places, given: Mapping[str, object]) -> str:
    """SQL with ``survey asking message_id``, a row a message that asked."""
    message, survey = places.text("message_id"), places.text("survey")
    tests = {
        "survey": f" AND {survey} = $survey",
        "channel": f" AND {places.text('channel')} = $channel",
        "since": " AND e.ts >= $since",
    }
    asking = f"coalesce({places.text('run')} || '/' || {places.text('step')}, {message}, e.message_id)"
    return (
        f"SELECT {survey} AS survey, {asking} AS asking, {message} AS message_id FROM log_events e "
        f"WHERE e.event = '{SENT}' AND {survey} IS NOT NULL{''.join(tests[name] for name in tests if name in given)}"
    )
