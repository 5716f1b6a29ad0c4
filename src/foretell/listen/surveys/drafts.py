"""Drafts of surveys that somebody looks at before they are saved: kept for an hour, where every process finds them."""

from __future__ import annotations

from datetime import datetime, timedelta

from foretell.clock import micros
from foretell.engine import Engine
from foretell.ids import stable_id
from foretell.listen.surveys.document import SurveySpec

GOOD_FOR = timedelta(hours=1)


def keep_draft(engine: Engine, spec: SurveySpec, *, now: datetime) -> str:
    """The name under which a draft can be looked at for an hour."""
    text = spec.model_dump_json(exclude_defaults=True, by_alias=True)
    name = stable_id("sl", text)
    with engine.ops.write() as tx:
        tx.execute("DELETE FROM survey_drafts WHERE until <= ?", (micros(now),))
        tx.execute(
            "INSERT INTO survey_drafts (name, spec, until) VALUES (?, ?, ?) "
            "ON CONFLICT (name) DO UPDATE SET until = excluded.until",
            (name, text, micros(now + GOOD_FOR)),
        )
    return name


def draft(engine: Engine, name: str, *, now: datetime) -> SurveySpec | None:
    """The draft kept under ``name``; None where its hour is over."""
    found = engine.ops.look_up("SELECT spec FROM survey_drafts WHERE name = ? AND until > ?", (name, micros(now)))
    return SurveySpec.model_validate_json(found[0][0]) if found else None
