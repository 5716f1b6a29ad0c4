"""``stars``: one to five stars."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from foretell.listen.surveys.question_types.rating import RatingQuestion, RatingType

LOW = {"en": "Poor", "de": "Schlecht", "fr": "Mauvais", "es": "Malo", "it": "Scarso", "nl": "Slecht"}
HIGH = {"en": "Excellent", "de": "Ausgezeichnet", "fr": "Excellent", "es": "Excelente", "it": "Eccellente",
        "nl": "Uitstekend"}  # fmt: skip
VALUES = (1, 2, 3, 4, 5)


class StarsQuestion(RatingQuestion):
    """One to five stars."""

    type: Literal["stars"] = Field(description="Type of question.")


class StarsType(RatingType):
    """1 to 5: the mean."""

    name = "stars"
    title = "Stars, 1 to 5"
    description = "How good was it? The mean of the stars."
    model = StarsQuestion
    template = "stars.html"
    measure = "stars"
    values = VALUES
    low = LOW
    high = HIGH


TYPE = StarsType()
