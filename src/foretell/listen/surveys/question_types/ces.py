"""``ces``: how easy we made it, from 1 to 7 (Dixon, Freeman and Toman 2010, in its second form)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from foretell.listen.surveys.question_types.rating import RatingQuestion, RatingType

_LOW = {"en": "Strongly disagree", "de": "Stimme gar nicht zu", "fr": "Pas du tout d’accord",
        "es": "Muy en desacuerdo", "it": "Per niente d’accordo", "nl": "Helemaal mee oneens"}  # fmt: skip
_HIGH = {"en": "Strongly agree", "de": "Stimme voll zu", "fr": "Tout à fait d’accord", "es": "Muy de acuerdo",
         "it": "Pienamente d’accordo", "nl": "Helemaal mee eens"}  # fmt: skip


class CesQuestion(RatingQuestion):
    """Whether somebody agrees that we made it easy, 1 to 7."""

    type: Literal["ces"] = Field(description="Type of question.")


class CesType(RatingType):
    """1 to 7: the mean."""

    name = "ces"
    title = "Effort, 1 to 7 (CES)"
    description = "Did we make it easy? How far they agree, on average."
    model = CesQuestion
    measure = "ces"
    values = (1, 2, 3, 4, 5, 6, 7)
    low = _LOW
    high = _HIGH


TYPE = CesType()
