"""``/api``: what the app in the browser and other programs use; one file a subject."""

from __future__ import annotations

from fastapi import APIRouter

from foretell.web.api import cases, inbox, journeys, kpis, messages, overview, people, predictions, segments, workspace
from foretell.web.errors import ERRORS

router = APIRouter(responses=ERRORS)
for part in (workspace, overview, people, segments, predictions, journeys, inbox, messages, cases, kpis):
    router.include_router(part.router)
