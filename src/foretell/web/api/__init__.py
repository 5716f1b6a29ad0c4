"""``/api``: what the app in the browser and other programs use; one file a subject."""

from __future__ import annotations

from fastapi import APIRouter

from foretell.web.api import (
    cases,
    data_health,
    inbox,
    journeys,
    kpis,
    messages,
    overview,
    overviews,
    people,
    predictions,
    quarantine,
    segments,
    sources,
    tracking,
    workspace,
)
from foretell.web.errors import ERRORS

router = APIRouter(responses=ERRORS)
PARTS = (
    workspace, overview, overviews, people, segments, predictions, journeys, inbox, messages, cases, kpis, sources,
    data_health, tracking, quarantine,
)  # fmt: skip
for part in PARTS:
    router.include_router(part.router)
