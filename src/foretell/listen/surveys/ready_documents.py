"""Surveys to begin with, ready to be put into a workspace and changed there."""

from __future__ import annotations

from pathlib import Path

from foretell.definitions import ReadyDocument, ReadyFolder
from foretell.listen.surveys.checks import KIND
from foretell.listen.surveys.document import SurveySpec
from foretell.listen.surveys.words import text_of


def _title(spec: SurveySpec) -> str:
    return text_of(spec.title, "en", spec.language)


READY = ReadyFolder(Path(__file__).with_name("ready"), KIND, SurveySpec, _title)
ReadySurvey = ReadyDocument[SurveySpec]
ready, ready_survey, write_ready = READY.all, READY.one, READY.write
