"""Targets of a survey's score, as its document states them: ``{raise: 15%, from: 2026-01-01, within: 1y}``."""

from __future__ import annotations

from datetime import date
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from foretell.definitions import DurationText, ShareNumber


class ScoreTarget(BaseModel):
    """What the score of the survey's main question is to become, and by when."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    raise_by: ShareNumber | None = Field(
        None,
        alias="raise",
        gt=0,
        le=10,
        description="So much above the score before `from`, of its size: 15% makes 46 of 40. Of a score below 0 it is "
        "15% of the distance to 0.",
    )
    reach: float | None = Field(None, description="The score to reach, as it is shown (NPS: -100 to 100).")
    since: date = Field(alias="from", description="The day on which the target begins, in the workspace's zone.")
    within: DurationText = Field("1y", description="How long after `from` it is due.")
    base: DurationText = Field("90d", description="So long before `from` the score is taken that is to be raised.")

    @model_validator(mode="after")
    def _one_aim(self) -> Self:
        if (self.raise_by is None) == (self.reach is None):
            raise ValueError("say either 'raise' or 'reach'")
        return self
