"""The ``export`` document: what of a segment goes where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from foretell.definitions import Catalog, Document, DurationText, KeyText, Kind, Problem
from foretell.deliver.posting import Target

IDENTIFIERS = ("user_id", "email", "phone")
TRAIT = "traits."
USUAL_EVERY = "1d"
Event = Literal["entered", "exited"]
FieldText = Annotated[str, Field(pattern=rf"^({'|'.join(IDENTIFIERS)}|traits\.\S.{{0,200}})$")]


class Webhook(Target):
    """Where who enters and who leaves is told."""

    secret: str = Field(min_length=1, description="Name under `secrets` in foretell.yaml of the shared secret.")
    events: list[Event] = Field(["entered", "exited"], min_length=1, description="What is told.")


class ExportSpec(BaseModel):
    """An export of a segment."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str | None = Field(None, description="What people call it.")
    description: str | None = Field(None, description="What it is for, and who gets it.")
    segment: KeyText = Field(description="Key of the segment.")
    webhook: Webhook | None = Field(None, description="A server that is told of everybody who enters or leaves.")
    to: str | None = Field(
        None,
        pattern=r"^exports/[A-Za-z0-9][A-Za-z0-9._-]*\.(csv|parquet)$",
        description="A file for the members, e.g. exports/vips.csv; .csv or .parquet.",
    )
    every: DurationText | None = Field(None, description=f"How often the file is written; {USUAL_EVERY} unless said.")
    fields: list[FieldText] = Field(
        [],
        max_length=100,
        description="What is told of a person beside profile_id: user_id, email, phone, traits.NAME",
    )
    purpose: str | None = Field(
        None, min_length=1, max_length=100, description="Purpose that has to be allowed besides export, e.g. ads."
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.webhook is None) == (self.to is None):
            raise ValueError("say either webhook or to: an export has one target")
        if self.every is not None and self.to is None:
            raise ValueError("every is for files; a webhook is told at once")
        if len(set(self.fields)) < len(self.fields):
            raise ValueError("fields names something twice")
        return self


def spec_of(document: Document) -> ExportSpec:
    """The content of an export document."""
    assert isinstance(document.spec, ExportSpec)
    return document.spec


def target_of(document: Document) -> str:
    """Where an export goes: the server's name, or the file within the workspace."""
    spec = spec_of(document)
    return spec.to or (urlsplit(spec.webhook.url).hostname or "" if spec.webhook else "")


def _check(document: Document, catalog: Catalog) -> Iterator[Problem]:
    spec = spec_of(document)
    if spec.webhook is not None and spec.webhook.secret not in catalog.settings.secrets:
        yield Problem(
            "SECRET_MISSING",
            f"there is no secret called {spec.webhook.secret!r}",
            document.name,
            document.positions.at(("spec", "webhook", "secret")),
            f"Write it under secrets in foretell.yaml: {spec.webhook.secret}: ${{VARIABLE}}.",
        )
    others = [one.key for one in catalog.all("export") if one.key < document.key and spec_of(one).to == spec.to]
    if spec.to is not None and others:
        yield Problem(
            "TAKEN",
            f"the export {others[0]} writes the same file",
            document.name,
            document.positions.at(("spec", "to")),
            "Name another file.",
        )


def _refers(document: Document) -> Iterable[tuple[str, str]]:
    yield "segment", spec_of(document).segment


KIND = Kind("export", "exports", ExportSpec, _check, _refers)
"""The kind ``export``, in the workspace's folder ``exports``."""
