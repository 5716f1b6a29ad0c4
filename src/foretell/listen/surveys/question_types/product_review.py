"""``product_review``: stars, a headline and a text about a product."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import Field

from foretell.listen.surveys.question_types.base import (
    Choice,
    Form,
    Question,
    QuestionType,
    Reply,
    Scale,
    Slot,
    Value,
    given,
    long_text,
    shown_again,
)
from foretell.listen.surveys.question_types.rating import number_in
from foretell.listen.surveys.question_types.stars import HIGH, LOW, VALUES
from foretell.listen.surveys.words import Words

HEADLINE_CHARACTERS = 200
_HEADLINE = {"en": "Headline", "de": "Überschrift", "fr": "Titre", "es": "Título", "it": "Titolo", "nl": "Titel"}
_WORDS = {"en": "Your review", "de": "Deine Bewertung", "fr": "Votre avis", "es": "Tu opinión",
          "it": "La tua recensione", "nl": "Je beoordeling"}  # fmt: skip


class ProductReviewQuestion(Question):
    """Stars, a headline and a text about the product that the invitation is about."""

    type: Literal["product_review"] = Field(description="Type of question.")
    headline: Words | None = Field(None, description="Label of the headline; default: Headline.")
    review: Words | None = Field(None, description="Label of the text; default: Your review.")
    low: Words | None = Field(None, description="What one star means.")
    high: Words | None = Field(None, description="What five stars mean.")


class ProductReviewType(QuestionType):
    """Told as ``answers.KEY.stars``, ``.headline`` and ``.text``; the stars are its score."""

    name = "product_review"
    title = "Product review"
    description = "Stars, a headline and a text about the product they bought."
    model = ProductReviewQuestion
    template = "product_review.html"

    def scale(self, question: Any) -> Scale:
        """One to five stars."""
        return Scale("stars", VALUES, question.low or LOW, question.high or HIGH)

    def slots(self, question: Any) -> tuple[Slot, ...]:
        """Stars, headline, text."""
        key, stars = question.key, tuple(Choice(str(value), str(value)) for value in VALUES)
        return (
            Slot(f"{key}.stars", "number", None, stars),
            Slot(f"{key}.headline", "text", question.headline or _HEADLINE),
            Slot(f"{key}.text", "text", question.review or _WORDS),
        )

    def read(self, question: Any, form: Form) -> Reply:
        """Stars, and what was written beside them. What a mail's link chooses is under the question's own name."""
        again = shown_again(question, form)
        values = given(question, form, "stars") or given(question, form)
        headline = long_text(" ".join(given(question, form, "headline")))
        words = long_text("\n".join(given(question, form, "text")))
        told: dict[str, Value] = {}
        if values:
            stars = number_in(values[-1], VALUES)
            if stars is None:
                return Reply(fault="choose_one", given=again)
            told[f"{question.key}.stars"] = stars
        if len(headline) > HEADLINE_CHARACTERS:
            return Reply(told, "too_long", again)
        told |= {f"{question.key}.headline": headline} if headline else {}
        told |= {f"{question.key}.text": words} if words else {}
        if not values and (question.required or told):
            return Reply(told, "required", again)
        return Reply(told, given=again)

    def score(self, question: Any, told: Mapping[str, Value]) -> float | None:
        """The stars."""
        value = told.get(f"{question.key}.stars")
        return float(value) if isinstance(value, int | float) else None

    def text(self, question: Any, told: Mapping[str, Value]) -> str:
        """Headline and text."""
        parts = (told.get(f"{question.key}.{part}") for part in ("headline", "text"))
        return "\n".join(str(part) for part in parts if part)

    def words(self, question: Any) -> Iterator[str | dict[str, str] | None]:
        """What the document says; our own words have their own languages."""
        yield from (question.ask, question.hint, question.headline, question.review, question.low, question.high)


TYPE = ProductReviewType()
