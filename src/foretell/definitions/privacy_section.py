"""The section ``privacy`` of ``foretell.yaml``: how long things are kept, and what the record of processing says."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, model_validator

from foretell.definitions.texts import DurationText


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RetentionRule(_Section):
    """How long an event or a trait is kept."""

    event: str | None = Field(default=None, min_length=1, description="Name of the event.")
    trait: str | None = Field(default=None, min_length=1, description="Name of the trait.")
    keep: DurationText = Field(description="How long it is kept after it happened or was told, e.g. 13mo.")

    @model_validator(mode="after")
    def _one(self) -> RetentionRule:
        if (self.event is None) == (self.trait is None):
            raise ValueError("name either an event or a trait")
        return self

    def __repr__(self) -> str:
        return f"{self.event or f'trait {self.trait}'}: {self.keep}"


class PrivacySection(_Section):
    """What people can rely on."""

    age_of_consent: int = Field(
        default=16,
        ge=13,
        le=18,
        description="Years from which somebody can agree alone; younger people are left alone.",
    )
    retention: tuple[RetentionRule, ...] = Field(
        default=(), description="Events and traits that are removed after a time; all others are kept."
    )
    controller: str = Field(default="", description="Name and address of the controller, for the record of processing.")
    officer: str = Field(default="", description="How to reach the data protection officer.")
    measures: tuple[str, ...] = Field(
        default=(), description="Security measures beside those of Foretell itself, for the record of processing."
    )
