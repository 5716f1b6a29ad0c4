"""The section ``feedback`` of ``foretell.yaml``: what the team listens for in what customers write."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from foretell.definitions.texts import KeyText

PhraseText = Annotated[str, Field(min_length=2, max_length=80)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ThemeSection(_Section):
    """A theme that people name."""

    title: str | None = Field(default=None, max_length=100, description="What people call it.")
    words: tuple[PhraseText, ...] = Field(
        min_length=1,
        max_length=200,
        description="Words, or two words next to each other, that say that a text speaks of it; one and many are one.",
    )


class FeedbackSection(_Section):
    """What is listened for in answers, tickets, reviews and replies."""

    themes: dict[KeyText, ThemeSection] = Field(
        default_factory=dict, description="Themes by key, beside those that are found by themselves."
    )
