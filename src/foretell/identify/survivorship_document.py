"""The block ``survivorship`` of the identity document: which of several told values of a trait stands."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Survival = Literal["latest", "most_frequent", "longest", "verified_first"]
"""``latest``: the last word counts, also where it takes the trait away. The others choose among the values that
stand, of equals the latest: ``most_frequent`` the one that most records hold (a record is what one source says of
one identity), ``longest`` the longest text, ``verified_first`` one that its source told as verified."""
_CLOSED = ConfigDict(extra="forbid", frozen=True)


class BySource(BaseModel):
    """Sources by trust: what the first of them says stands; sources that are not named count below, as latest."""

    model_config = _CLOSED

    by_source: Annotated[tuple[str, ...], Field(min_length=1)] = Field(
        description="Keys of sources, the most trusted first; `api` is what was written through the profile API."
    )

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len(set(self.by_source)) < len(self.by_source):
            raise ValueError("a source is named twice")
        return self


class SurvivorshipSpec(BaseModel):
    """Which value of a trait is a person's where several were told."""

    model_config = _CLOSED

    default: Survival | BySource = Field("latest", description="The rule of traits that are not named.")
    traits: dict[str, Survival | BySource] = Field(default_factory=dict, description="Rules of single traits.")
