"""Surveys to begin with, ready to be put into a workspace and changed there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foretell.definitions import Catalog, documents_in, suggestion, write_whole
from foretell.errors import UsageError
from foretell.listen.surveys.document import SurveySpec
from foretell.listen.surveys.words import text_of

_FOLDER = Path(__file__).with_name("ready")


@dataclass(frozen=True)
class ReadySurvey:
    """A document that comes with the package.

    Args:
        text: the YAML, as it is put into a workspace; ``raw`` its content as it is written, ``spec`` as it is meant.
    """

    key: str
    title: str
    description: str
    text: str
    raw: Mapping[str, Any]
    spec: SurveySpec


def ready() -> list[ReadySurvey]:
    """All of them, by key."""
    return [_read(path) for path in sorted(_FOLDER.glob("*.yaml"))]


def ready_survey(key: str) -> ReadySurvey:
    """One of them.

    Raises:
        UsageError: ``UNKNOWN_READY``.
    """
    known = {one.key: one for one in ready()}
    if key not in known:
        next_step = suggestion(key, sorted(known), what="ready surveys")
        raise UsageError("UNKNOWN_READY", f"there is no ready survey called {key!r}", next_step=next_step)
    return known[key]


def write_ready(catalog: Catalog, key: str) -> Path:
    """Put one into the workspace's files; returns its file. It is in force once it is applied.

    Raises:
        UsageError: ``UNKNOWN_READY``; ``FILE_TAKEN`` where there is such a survey, or such a file.
    """
    chosen = ready_survey(key)
    path = catalog.root / "surveys" / f"{key}.yaml"
    if path.exists() or catalog.has("survey", key):
        raise UsageError(
            "FILE_TAKEN",
            f"the workspace has survey {key} already",
            where=f"surveys/{key}.yaml",
            next_step="Change what is there, or take it out first.",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, chosen.text)
    return path


def _read(path: Path) -> ReadySurvey:
    text = path.read_text(encoding="utf-8")
    (raw,) = documents_in(text) or [{}]
    assert isinstance(raw, dict)
    spec = SurveySpec.model_validate(raw["spec"])
    return ReadySurvey(
        path.stem, text_of(spec.title, "en", spec.language), spec.description or "", text, raw["spec"], spec
    )
