"""The workspace's help desk: its kind, opened with the settings under ``care``, and what is wrong with these."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pydantic import BaseModel, ValidationError

from foretell.care.desks import desk_kinds
from foretell.care.desks.base import Desk, DeskKind, DeskPlace
from foretell.definitions import SETTINGS_FILE, Catalog, Problem, WorkspaceSettings, suggestion
from foretell.deliver import HookRequest
from foretell.errors import ForetellError, UsageError

_THING = "settings care"


def desk_of(settings: WorkspaceSettings) -> tuple[DeskKind, BaseModel] | None:
    """The help desk of a workspace with its settings; None where there is none.

    Raises:
        UsageError: ``UNKNOWN_DESK``, ``BAD_VALUE``.
    """
    told = settings.care.help_desk
    if told is None:
        return None
    kind = desk_kinds().get(told.uses)
    if kind is None:
        raise UsageError(
            "UNKNOWN_DESK", f"there is no help desk {told.uses!r}", thing=_THING,
            next_step=suggestion(told.uses, sorted(desk_kinds()), what="help desks"),
        )  # fmt: skip
    try:
        return kind, kind.settings.model_validate(told.settings)
    except ValidationError as error:
        detail = error.errors()[0]
        name = ".".join(map(str, detail["loc"])) or "settings"
        raise UsageError(
            "BAD_VALUE", f"{name}: {str(detail['msg']).removeprefix('Value error, ')}", thing=_THING,
            next_step=f"Settings of {kind.name}: {', '.join(kind.settings.model_fields)}.",
        ) from error  # fmt: skip


def open_desk(settings: WorkspaceSettings, now: datetime) -> Desk | None:
    """The help desk, opened; raises as :func:`desk_of`, and ``SECRET_MISSING``."""
    found = desk_of(settings)
    return None if found is None else found[0].open(found[1], DeskPlace(settings, now))


def tickets_told(settings: WorkspaceSettings, desk: str, request: HookRequest) -> list[str]:
    """The tickets that a webhook of the help desk ``desk`` speaks of.

    Raises:
        UsageError: ``UNKNOWN_DESK``, ``BAD_SIGNATURE``, ``SECRET_MISSING``.
    """
    found = desk_of(settings)
    if found is None or found[0].name != desk:
        raise UsageError("UNKNOWN_DESK", f"this workspace shares no cases with {desk!r}", thing=_THING)
    kind, told = found
    return list(kind.receive(told, DeskPlace(settings, request.now), request))


def problems_of(catalog: Catalog) -> Iterable[Problem]:
    """What is wrong with the section ``care`` of ``foretell.yaml``."""
    settings = catalog.settings
    for key, team in settings.care.teams.items():
        if team.holidays is not None and team.holidays not in catalog.lists:
            yield Problem(
                "UNKNOWN_LIST", f"there is no reference list {team.holidays!r}", f"{_THING}.teams.{key}", SETTINGS_FILE,
                suggestion(team.holidays, sorted(catalog.lists), what="lists in the folder reference"),
            )  # fmt: skip
    try:
        found = desk_of(settings)
    except ForetellError as error:
        yield Problem(error.code, error.what, _THING, SETTINGS_FILE, error.next_step)
        return
    for name in () if found is None else found[0].secrets:
        assert found is not None
        secret = getattr(found[1], name)
        if secret is not None and secret not in settings.secrets:
            yield Problem(
                "SECRET_MISSING", f"there is no secret called {secret!r}", _THING, SETTINGS_FILE,
                f"Write it under secrets: {secret}: ${{VARIABLE}}.",
            )  # fmt: skip
