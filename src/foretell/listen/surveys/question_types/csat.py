"""``csat``: how satisfied somebody is, from 1 to 5; 4 and 5 count as satisfied."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from foretell.listen.surveys.question_types.rating import RatingQuestion, RatingType

_LOW = {"en": "Very dissatisfied", "de": "Sehr unzufrieden", "fr": "Très insatisfait", "es": "Muy insatisfecho",
        "it": "Molto insoddisfatto", "nl": "Zeer ontevreden"}  # fmt: skip
_HIGH = {"en": "Very satisfied", "de": "Sehr zufrieden", "fr": "Très satisfait", "es": "Muy satisfecho",
         "it": "Molto soddisfatto", "nl": "Zeer tevreden"}  # fmt: skip


class CsatQuestion(RatingQuestion):
    """How satisfied somebody is, 1 to 5."""

    type: Literal["csat"] = Field(description="Type of question.")


class CsatType(RatingType):
    """1 to 5: the share of 4 and 5."""

    name = "csat"
    title = "Satisfaction, 1 to 5 (CSAT)"
    description = "How satisfied are they with something that just happened? The share of 4 and 5."
    model = CsatQuestion
    measure = "csat"
    values = (1, 2, 3, 4, 5)
    low = _LOW
    high = _HIGH


TYPE = CsatType()
