"""The ``audience`` document: a list of people kept in step with an advertising platform."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from foretell.definitions import Catalog, Document, DurationText, KeyText, Kind, Problem
from foretell.deliver.channel_document import kind_of

Match = Literal["email", "phone", "address", "external_id"]


class AudienceSpec(BaseModel):
    """An audience."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str | None = Field(None, description="What people call it.")
    description: str | None = Field(None, description="What it is for.")
    channel: KeyText = Field("ads", description="Key of the channel that carries it to the platform.")
    segment: KeyText | None = Field(
        None,
        description="Key of a segment: who is in it joins, if advertising is allowed, and who leaves it leaves.",
    )
    platform: str | None = Field(None, min_length=1, description="Name of the platform, for people to read.")
    list: str | None = Field(
        None,
        pattern=r"^[0-9]{1,20}$",
        description="Id of the list at the platform; without it, one with the audience's title is looked for, or made.",
    )
    match: tuple[Match, ...] = Field(
        ("email",),
        min_length=1,
        description="What the platform may compare, always hashed: email, phone, address (name, country, postal code), "
        "external_id. The less, the better for people; the more, the more are found.",
    )
    split: Literal["offer", "product"] | None = Field(
        None, description="A list for each offer, or product, of the run: platforms carry no code of a person's own."
    )
    stays: DurationText | None = Field(
        None, description="So long after joining a person leaves again; not with segment, which says who is in."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(set(self.match)) < len(self.match):
            raise ValueError("match names something twice")
        if self.segment is not None and self.stays is not None:
            raise ValueError("stays does not go with segment: whoever is in the segment stays")
        if self.split is not None and self.list is not None:
            raise ValueError("split makes several lists; leave list out")
        if self.split is not None and self.segment is not None:
            raise ValueError("split needs the offer of a run, and who follows a segment has none")
        return self


def spec_of(document: Document) -> AudienceSpec:
    """The content of an audience document."""
    assert isinstance(document.spec, AudienceSpec)
    return document.spec


def spec_for(catalog: Catalog, key: str) -> AudienceSpec:
    """What the document of ``key`` says; the usual where there is none any more."""
    document = catalog.documents.get(("audience", key))
    return AudienceSpec.model_validate({}) if document is None else spec_of(document)


def _check(document: Document, catalog: Catalog) -> Iterable[Problem]:
    channel = spec_of(document).channel
    kind = kind_of(catalog, channel)
    if kind is None or kind.capabilities.medium != "ads":
        yield Problem(
            "WRONG_CHANNEL",
            f"the channel {channel!r} carries no audiences",
            document.name,
            document.positions.at(("spec", "channel")),
            "Name a channel of the medium ads.",
        )
    elif kind.name == "google_ads" and set(spec_of(document).match) == {"external_id"}:
        yield Problem(
            "BAD_VALUE",
            "Google compares no id of ours, so that it would take nobody",
            document.name,
            document.positions.at(("spec", "match")),
            "Add email, phone or address to match.",
        )


def _refers(document: Document) -> Iterable[tuple[str, str]]:
    spec = spec_of(document)
    if spec.channel != "ads":
        yield "channel", spec.channel
    if spec.segment is not None:
        yield "segment", spec.segment


KIND = Kind("audience", "audiences", AudienceSpec, _check, _refers)
"""The kind ``audience``, in the workspace's folder ``audiences``."""
