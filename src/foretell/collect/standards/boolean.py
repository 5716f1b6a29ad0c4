"""Yes and no, in the words of forms and exports in many languages."""

from __future__ import annotations

import pyarrow as pa
from pydantic import Field

from foretell.collect.standards.base import (
    Example,
    Standard,
    StandardContext,
    Standardised,
    StandardOptions,
    each_distinct,
)
from foretell.collect.standards.tables.signs import tidy

_YES_WORDS = """
true t yes y 1 1.0 on ja j oui vrai si sí sì vero verdadero sim verdadeiro wahr tak prawda ano áno pravda igen igaz
da evet doğru kyllä да истина ναι так はい 是 예 نعم כן jah jā taip checked ✓ ✔ ☑
"""
_TRUE = frozenset(_YES_WORDS.split())
_NO_WORDS = """
false f no n 0 0.0 off nein non faux falso não nao falsch nee nej nei nie fałsz ne nem hamis nu hayır hayir yanlış ei
нет ложь όχι ні いいえ 否 아니요 لا לא nē unchecked ✗ ✘ ☐
"""
_FALSE = frozenset(_NO_WORDS.split())


class BooleanOptions(StandardOptions):
    """Words besides those that are known."""

    true: tuple[str, ...] = Field(default=(), description="More words for true, a list.")
    false: tuple[str, ...] = Field(default=(), description="More words for false, a list.")


def _work(values: pa.Array, _context: StandardContext, options: StandardOptions) -> Standardised:
    assert isinstance(options, BooleanOptions)
    words = dict.fromkeys(_TRUE, "true") | dict.fromkeys(_FALSE, "false")
    words |= dict.fromkeys(map(_key, options.true), "true") | dict.fromkeys(map(_key, options.false), "false")
    words |= {"true": "true", "false": "false"}
    return each_distinct(values, lambda text: words.get(_key(text)))


def _key(word: str) -> str:
    return tidy(word).replace("İ", "i").lower()


STANDARD = Standard(
    name="boolean",
    meaning="`true` or `false`, from the words for yes and no in some thirty languages, 1 and 0, on and off",
    source="JSON (RFC 8259) for the form",
    work=_work,
    options=BooleanOptions,
    longest=100,
    examples=(
        Example("Ja", "true"),
        Example("NON", "false"),
        Example("1", "true"),
        Example("subscribed", "true", {"true": ["subscribed"]}),
        Example("perhaps", None),
    ),
)
