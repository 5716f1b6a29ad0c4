"""``nps``: would you recommend us, from 0 to 10 (Reichheld 2003, "The one number you need to grow")."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from foretell.listen.surveys.question_types.rating import RatingQuestion, RatingType

_LOW = {"en": "Not at all likely", "de": "Sehr unwahrscheinlich", "fr": "Pas du tout probable",
        "es": "Nada probable", "it": "Per niente probabile", "nl": "Zeer onwaarschijnlijk"}  # fmt: skip
_HIGH = {"en": "Extremely likely", "de": "Sehr wahrscheinlich", "fr": "Tout à fait probable",
         "es": "Muy probable", "it": "Molto probabile", "nl": "Zeer waarschijnlijk"}  # fmt: skip


class NpsQuestion(RatingQuestion):
    """Whether somebody would recommend us, 0 to 10."""

    type: Literal["nps"] = Field(description="Type of question.")


class NpsType(RatingType):
    """0 to 10: 9 and 10 are promoters, up to 6 detractors."""

    name = "nps"
    title = "Recommendation, 0 to 10 (NPS)"
    description = "Would they recommend us? The share of 9 and 10 minus that of 0 to 6."
    model = NpsQuestion
    measure = "nps"
    values = tuple(range(11))
    low = _LOW
    high = _HIGH


TYPE = NpsType()
