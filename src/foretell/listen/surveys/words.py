"""What a survey says to people: a text for everybody, or one for each language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated

from pydantic import AfterValidator, Field

from foretell import deliver

FROM_RIGHT = frozenset({"ar", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi"})
"""Languages whose usual script runs from right to left (CLDR, ``characterOrder``)."""
MOST_CHARACTERS = 5_000


def _says_something(words: object) -> object:
    texts = words.values() if isinstance(words, dict) else [words]
    if not texts or any(not str(text).strip() for text in texts):
        raise ValueError("it says nothing; write a text, or one for each language")
    if any(not str(text).isascii() and str(text).encode("utf-8", "replace").decode() != str(text) for text in texts):
        raise ValueError("it holds half of a character; write it once more")
    if any(len(str(text)) > MOST_CHARACTERS for text in texts):
        raise ValueError(f"it is longer than {MOST_CHARACTERS} characters")
    return words


def counted(least: int, most: int) -> AfterValidator:
    """A validator of a list's length that keeps quiet where its items are wrong already."""

    def validate(items: tuple[object, ...]) -> tuple[object, ...]:
        if not least <= len(items) <= most:
            raise ValueError(f"it needs {least} to {most} entries, and has {len(items)}")
        return items

    return AfterValidator(validate)


Words = Annotated[
    str | dict[deliver.LanguageText, str],
    AfterValidator(_says_something),
    Field(json_schema_extra={"examples": ["How are we doing?", {"en": "How are we doing?", "de": "Wie war es?"}]}),
]
"""A text, or a text by language."""


def text_of(words: str | dict[str, str] | None, language: str | None = None, usual: str | None = None) -> str:
    """What ``words`` say to somebody who reads ``language``; empty where there are none.

    Falls back from ``de-CH`` on ``de``, then on ``usual`` (the survey's own language), English, and the first there is.
    """
    if words is None or isinstance(words, str):
        return words or ""
    for wanted in (language, usual, "en"):
        found = deliver.chosen_language(wanted, words)
        if found is not None:
            return words[found]
    return next(iter(words.values()), "")


def languages_in(words: Iterable[str | dict[str, str] | None]) -> tuple[str, ...]:
    """Every language in which something is said, in the order of their first appearance."""
    return tuple(dict.fromkeys(_tags(words)))


def _tags(words: Iterable[str | dict[str, str] | None]) -> Iterator[str]:
    for one in words:
        if isinstance(one, dict):
            yield from one


def direction(language: str | None) -> str:
    """``rtl`` or ``ltr``, as pages say it."""
    head, _, rest = (language or "").lower().partition("-")
    if rest.startswith("latn"):
        return "ltr"
    return "rtl" if head in FROM_RIGHT or rest.startswith(("arab", "hebr")) else "ltr"
