"""What Foretell itself says to people, in their language: the footer of mails and the pages behind its links.

A language is one file ``phrases/LANGUAGE.yaml``; what it leaves out is said in English.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from foretell.definitions import parse_inline
from foretell.deliver.languages import chosen

USUAL = "en"
_FOLDER = Path(__file__).with_name("phrases")


@cache
def phrase_languages() -> tuple[str, ...]:
    """The languages there are."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.yaml")))


def phrases(wanted: str | None) -> Mapping[str, str]:
    """All phrases for somebody who reads ``wanted`` (a language tag); ``language`` is the one they are in."""
    return _phrases(chosen(wanted, phrase_languages()) or USUAL)


@cache
def _phrases(language: str) -> dict[str, str]:
    told = _read(language)
    return {**_read(USUAL), **told, "language": language}


def _read(language: str) -> dict[str, str]:
    text = (_FOLDER / f"{language}.yaml").read_text(encoding="utf-8")
    return {name: str(value) for name, value in parse_inline(text, f"{language}.yaml").items()}
