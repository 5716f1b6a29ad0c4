"""The ``offer`` document: what somebody gets with a code of their own."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from foretell.clock import Duration
from foretell.definitions import Document, DurationText, Kind


class OfferSpec(BaseModel):
    """Either ``percent`` off or ``amount`` off, for whoever redeems the code in time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field(min_length=1, description="What people call it.")
    percent: Annotated[float, Field(gt=0, le=100)] | None = Field(None, description="Percent off.")
    amount: Annotated[float, Field(gt=0)] | None = Field(
        None, description="Money off, in major units of the workspace's currency."
    )
    valid_for: DurationText = Field("30d", description="How long a code can be redeemed after it was issued.")
    prefix: str = Field("", pattern=r"^[A-Z0-9]{0,8}$", description="Capital letters and digits before each code.")
    description: str | None = Field(None, description="What it is for, and who bears its cost.")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.percent is None) == (self.amount is None):
            raise ValueError("an offer has either percent or amount")
        if Duration.parse(self.valid_for).days <= 0:
            raise ValueError("valid_for must be longer than nothing")
        return self


def offer_of(document: Document) -> OfferSpec:
    """The content of an offer document."""
    assert isinstance(document.spec, OfferSpec)
    return document.spec


KIND = Kind("offer", "offers", OfferSpec)
"""The kind ``offer``, in the workspace's folder ``offers``."""
