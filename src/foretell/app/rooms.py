"""What the rooms own in the stores, every kind of document, and what runs on every batch, in the order of the house."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from foretell import (
    care,
    collect,
    decide,
    definitions,
    deliver,
    identify,
    journey,
    listen,
    measure,
    predict,
    profile,
    segment,
)
from foretell.definitions import Catalog, Kind, WorkspaceSettings
from foretell.engine import (
    EngineSettings,
    RoomParts,
    Stage,
)

ROOMS: tuple[RoomParts, ...] = (
    definitions.PARTS,
    collect.PARTS,
    identify.PARTS,
    profile.PARTS,
    profile.PRIVACY_PARTS,
    predict.PARTS,
    segment.PARTS,
    segment.TREND_PARTS,
    segment.live.LIVE_PARTS,
    segment.personas.PARTS,
    deliver.PARTS,
    care.PARTS,
    care.issues.PARTS,
    decide.PARTS,
    listen.surveys.ANSWER_PARTS,
    listen.surveys.PARTS,
    listen.loop.PARTS,
    listen.text.PARTS,
    journey.PARTS,
    measure.PARTS,
)
"""What the rooms own in the stores, in the order of the house."""


KINDS: tuple[Kind, ...] = (
    collect.KIND,
    collect.TRACKING,
    collect.TABLE,
    identify.KIND,
    profile.KIND,
    segment.KIND,
    segment.personas.KIND,
    predict.KIND,
    deliver.TEMPLATE,
    deliver.BLOCK,
    deliver.CHANNEL,
    deliver.AUDIENCE,
    deliver.exports.KIND,
    care.CASE_RULE,
    care.issues.KIND,
    decide.OFFER,
    listen.surveys.KIND,
    journey.KIND,
    measure.KIND,
    measure.maps.KIND,
)
"""Every kind of document."""


def stages(
    settings: WorkspaceSettings, catalog: Catalog | None = None, where: EngineSettings | None = None
) -> list[Stage]:
    """What runs on every batch: first whoever is suppressed is left out, then people are found, since all that
    follows belongs to one.

    Args:
        catalog: the documents that stages go by; without them they do what is usual.
        where: the stores; the key of the suppression list lies with them.
    """
    where = where or EngineSettings(Path("data"))
    made: list[Stage] = [
        profile.SuppressionStage(lambda: profile.hashing_key(where, settings)),
        identify.IdentifyStage(),
        collect.CollectStage(settings.currency),
        profile.ProfileStage(),
        profile.PrivacyStage(),
        segment.personas.PersonaStage(),
        segment.live.LiveStage(where.data),
        deliver.DeliverStage(),
        care.CareStage(),
        care.issues.IssueStage(),
        decide.DecideStage(),
        listen.surveys.AnswerStage(),
        listen.surveys.SurveyStage(),
        journey.JourneyStage(),
    ]
    if catalog is not None:
        follow(made, catalog)
    return made


def follow(running: Sequence[Stage], catalog: Catalog) -> None:
    """Let stages go by the documents of ``catalog`` from the next batch on."""
    for stage in running:
        if isinstance(stage, identify.IdentifyStage):
            stage.rules = identify.rules_of(catalog)
        elif isinstance(stage, profile.ProfileStage):
            stage.purposes = profile.purposes_of(catalog)
        elif isinstance(stage, listen.surveys.AnswerStage):
            stage.follow(catalog)
        elif isinstance(stage, care.CareStage):
            stage.catalog = catalog


def kind_of(name: str) -> Kind | None:
    """The kind called ``name``."""
    return next((kind for kind in KINDS if kind.name == name), None)
