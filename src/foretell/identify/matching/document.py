"""The block ``matching`` of the identity document: which records are compared, how, and from when they are one."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from foretell.definitions import DurationText

Compare = Literal["name", "text", "email", "phone", "date", "code", "number", "exact"]
"""``name``: spelt alike, rare names count more. ``text``: spelt alike. ``email``, ``phone``, ``date``: as such, with
slips. ``code``: up to two wrong digits or letters. ``number``: close by. ``exact``: equal or not."""
FieldName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
BlockPart = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}(:(start|end))?$")]
_NO_FIELDS = frozenset({"node_key", "fingerprint", "known_as", "fresh"})
"""Names of columns that records have beside their fields."""
_CLOSED = ConfigDict(extra="forbid", frozen=True)


class MatchField(BaseModel):
    """One thing that is compared: where a record has it from, and how two of them are held together."""

    model_config = _CLOSED

    traits: tuple[str, ...] = Field(
        default=(), description="Traits that tell it; of several the first that a record has."
    )
    identifiers: tuple[str, ...] = Field(
        default=(), description="Kinds of identifiers that tell it where no trait does."
    )
    compare: Compare = Field(default="exact", description="How two values are held together.")

    @model_validator(mode="after")
    def _from_somewhere(self) -> Self:
        if not self.traits and not self.identifiers:
            raise ValueError("name the traits or the identifiers that tell the field")
        return self


class MatchingSpec(BaseModel):
    """How records without a shared identifier are found to be one person's."""

    model_config = _CLOSED

    sources: tuple[str, ...] = Field(
        default=(), description="Only records that these sources tell; empty: all sources."
    )
    fields: dict[FieldName, MatchField] = Field(
        default_factory=dict,
        description="Fields beside the usual ones of people, or instead of those of the same name.",
    )
    keep_defaults: bool = Field(
        default=True, description="Compare the usual fields of people too, where records have them."
    )
    blocking: tuple[tuple[BlockPart, ...], ...] = Field(
        default=(),
        description="Only records that agree on all parts of one of these are compared; `field:start` and `field:end` "
        "are the halves of a value. Empty: rules that suit the fields.",
    )
    join_at: float = Field(
        default=0.99,
        gt=0.5,
        lt=1,
        description="Expected precision of what is joined without asking: the share of joined pairs that are right.",
    )
    review_at: float = Field(
        default=0.5, gt=0, lt=1, description="Probability from which a pair that is not joined is put to people."
    )
    accounts: bool = Field(
        default=False,
        description="Compare two known accounts too (two user ids, or two values of another type of which a person has "
        "one): such pairs are put to people, never joined.",
    )
    join: bool = Field(default=True, description="Join by itself; false: everything is put to people.")
    every: DurationText = Field(default="1d", description="How often new records are compared.")
    train_every: DurationText = Field(default="30d", description="How old what was learnt may become.")
    most_pairs: int = Field(
        default=5_000_000,
        ge=1_000,
        le=1_000_000_000,
        description="Blocking rules that lead to more pairs are left out.",
    )

    @model_validator(mode="after")
    def _blocks_are_fields(self) -> Self:
        if any(not rule for rule in self.blocking):
            raise ValueError("a blocking rule names at least one field")
        if not self.keep_defaults and not self.fields:
            raise ValueError("without the usual fields, name some")
        taken = sorted(_NO_FIELDS & self.fields.keys())
        if taken:
            raise ValueError(f"matching has a column {taken[0]} of its own: name the field otherwise")
        return self
