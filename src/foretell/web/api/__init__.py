"""``/api``: what the app in the browser and other programs use; one file a subject."""

from __future__ import annotations

from fastapi import APIRouter

from foretell.web.api import (
    audiences,
    case_rules,
    cases,
    channels,
    conditions,
    consents,
    data_health,
    dead_letters,
    exports,
    feedback,
    feedback_loop,
    feedback_texts,
    identity,
    inbox,
    issues,
    journey_backtests,
    journey_drafts,
    journey_entries,
    journey_moves,
    journeys,
    kpis,
    maps,
    matching,
    messages,
    overview,
    overviews,
    own_tables,
    people,
    person_foreseen,
    person_reasons,
    personas,
    prediction_builder,
    prediction_cards,
    prediction_people,
    prediction_runs,
    prediction_values,
    prediction_work,
    predictions,
    privacy,
    profile_writes,
    profiles,
    quarantine,
    ready_journeys,
    segment_discovery,
    segment_groups,
    segment_history,
    segment_saving,
    segments,
    sources,
    survey_results,
    surveys,
    templates,
    tracking,
    workspace,
)
from foretell.web.errors import ERRORS

router = APIRouter(responses=ERRORS)
PARTS = (
    workspace, overview, overviews, people, person_foreseen, person_reasons, profiles, profile_writes, consents,
    identity, conditions, segments,
    segment_groups, segment_discovery, segment_history, segment_saving, exports,
    personas, predictions, prediction_builder, prediction_cards, prediction_people, prediction_runs,
    prediction_values, prediction_work,
    journeys, journey_backtests, journey_drafts, journey_entries, journey_moves, ready_journeys,
    inbox, messages, channels, audiences, dead_letters, cases, case_rules, feedback, feedback_loop, feedback_texts,
    issues, kpis, maps,
    sources, data_health, tracking, quarantine, privacy,
    own_tables, matching, templates, surveys, survey_results,
)  # fmt: skip
for part in PARTS:
    router.include_router(part.router)
