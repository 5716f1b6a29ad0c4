"""The ``audience`` document: a list of people kept in step with an advertising platform."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, Field

from foretell.definitions import Catalog, Document, KeyText, Kind, Problem
from foretell.deliver.channel_document import kind_of


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


def spec_of(document: Document) -> AudienceSpec:
    """The content of an audience document."""
    assert isinstance(document.spec, AudienceSpec)
    return document.spec


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


def _refers(document: Document) -> Iterable[tuple[str, str]]:
    spec = spec_of(document)
    if spec.channel != "ads":
        yield "channel", spec.channel
    if spec.segment is not None:
        yield "segment", spec.segment


KIND = Kind("audience", "audiences", AudienceSpec, _check, _refers)
"""The kind ``audience``, in the workspace's folder ``audiences``."""
