"""The ``identity`` document: which identifiers make a person, and what must not join two."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from foretell.definitions import Catalog, Document, Kind, Problem
from foretell.identify.matching.checking import check_matching
from foretell.identify.matching.document import MatchingSpec
from foretell.identify.rules import OTHER, USUAL, IdentifierType, IdentityRules, fault_of_pattern
from foretell.identify.survivorship_document import SurvivorshipSpec

_CLOSED = ConfigDict(extra="forbid", frozen=True)
_ORDINARY = pa.array(["7", "x4f9-11", "ann lee", "ann.lee@customers.example", "+49 151 2345678", "c0ffee00-9a7b-4c1d"])
"""Values that have nothing in common; a pattern that finds them all blocks whatever comes."""


class IdentifierSpec(BaseModel):
    """What one type of identifier may do."""

    model_config = _CLOSED

    limit: int | None = Field(
        None, ge=1, le=100_000, description="Most values that one person may have; default: the type's usual one."
    )
    merges: bool = Field(
        True, description="False: it names a person, but never joins two that something stronger names."
    )
    shared_after: int | None = Field(
        None,
        ge=1,
        le=1_000,
        description="After so many values of the strongest type a value is shared, as the tablet in a shop: it joins "
        "nobody any more, and what it does alone is its own.",
    )


class BlockedSpec(BaseModel):
    """Values that identify nobody."""

    model_config = _CLOSED

    values: tuple[str, ...] = Field((), description="As they stand, whatever their case and outer blanks.")
    patterns: tuple[str, ...] = Field(
        (), description="Regular expressions (RE2, whatever the case); a value in which one is found is blocked."
    )
    keep_defaults: bool = Field(True, description="Block the usual ones too: unknown, null, 0, guest, …")


class IdentitySpec(BaseModel):
    """Which identifiers make a person."""

    model_config = _CLOSED

    identifiers: dict[Annotated[str, Field(min_length=1, max_length=100)], IdentifierSpec] = Field(
        default_factory=dict,
        description="Types of identifiers, the strongest first; `other` stands for all that are not named. The usual "
        "types that are left out keep their usual place and limit.",
    )
    blocked: BlockedSpec = Field(BlockedSpec.model_validate({}), description="Values that identify nobody.")
    matching: MatchingSpec | None = Field(
        None, description="How records without a shared identifier are found to be one person's."
    )
    survivorship: SurvivorshipSpec | None = Field(
        None, description="Which value of a trait stands where several were told."
    )


USUAL_SPEC = IdentitySpec.model_validate({})
"""What holds where a workspace has no identity document."""


def identity_of(catalog: Catalog) -> IdentitySpec:
    """What the workspace's identity document says; without one, all that is usual."""
    documents = catalog.all("identity")
    return spec_of(documents[0]) if documents else USUAL_SPEC


def rules_of(catalog: Catalog) -> IdentityRules:
    """The rules by which the workspace's identifiers make a person."""
    return compiled(identity_of(catalog))


def compiled(spec: IdentitySpec) -> IdentityRules:
    """The rules that a document states."""
    types = [_type(name, told) for name, told in spec.identifiers.items()]
    return IdentityRules.of(
        types,
        values=spec.blocked.values,
        patterns=spec.blocked.patterns,
        keep_defaults=spec.blocked.keep_defaults,
    )


def spec_of(document: Document) -> IdentitySpec:
    """The content of an identity document."""
    assert isinstance(document.spec, IdentitySpec)
    return document.spec


def _type(name: str, told: IdentifierSpec) -> IdentifierType:
    usual = USUAL.get(name, USUAL[OTHER])
    return IdentifierType(name, told.limit or usual, merges=told.merges, shared_after=told.shared_after)


def _check(document: Document, catalog: Catalog) -> Iterable[Problem]:
    others = [one.key for one in catalog.all("identity") if one.key < document.key]
    if others:
        place = document.positions.at(("key",))
        message = f"the rules of this workspace are in identity {others[0]} already"
        yield Problem("IDENTITY_TWICE", message, document.name, place, "Put all rules into one document.")
    yield from _check_types(document)
    yield from _check_patterns(document)
    if (matching := spec_of(document).matching) is not None:
        yield from check_matching(document, matching, catalog)


def _check_types(document: Document) -> Iterator[Problem]:
    spec = spec_of(document)
    strongest = compiled(spec).types[0].name
    for name, told in spec.identifiers.items():
        place = document.positions.at(("spec", "identifiers", name))
        if name != name.strip():
            message = f"the type {name!r} begins or ends with a blank"
            yield Problem("BAD_IDENTITY", message, document.name, place, "Write it without.")
        if name == strongest and (not told.merges or told.shared_after):
            word = "shared_after" if told.merges else "merges: false"
            message = f"{word} says nothing of {name}: no type is stronger"
            yield Problem(
                "BAD_IDENTITY", message, document.name, place, "Leave it out, or name a stronger type before."
            )


def _check_patterns(document: Document) -> Iterator[Problem]:
    for number, pattern in enumerate(spec_of(document).blocked.patterns):
        place = document.positions.at(("spec", "blocked", "patterns", number))
        fault = fault_of_pattern(pattern, _ORDINARY)
        if fault is not None:
            step = "See https://github.com/google/re2/wiki/Syntax for what may stand in one."
            yield Problem("BAD_PATTERN", fault, document.name, place, step)


KIND = Kind("identity", "identity", IdentitySpec, _check)
"""The kind ``identity``, in the workspace's folder ``identity``; a workspace has at most one such document."""
