"""The ``channel`` document: which implementation serves what is sent over it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from foretell.definitions import Catalog, Document, Kind, Problem, RateSection, SandboxSection, suggestion
from foretell.deliver.channels import channel_kinds, development_kind
from foretell.deliver.channels.base import MEDIA, Channel, ChannelKind, ChannelPlace


class ChannelSpec(BaseModel):
    """A way to people."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str | None = Field(None, description="What people call it.")
    uses: str = Field(
        description="Implementation: smtp, sendgrid, ses, twilio, webhook, google_ads, meta, slack; inbox_email, "
        "inbox_sms, inbox_ads, inbox_alert, inbox_push for development; or one of a package."
    )
    settings: dict[str, Any] = Field(default_factory=dict, description="Settings of the implementation.")
    price: float | None = Field(
        None, ge=0, description="What one message costs, in major units of the workspace's currency."
    )
    rate: RateSection | None = Field(None, description="How fast the provider takes messages; what is over it waits.")
    sandbox: SandboxSection | None = Field(
        None, description="Only these addresses get anything over it; stands before the sandbox of all channels."
    )


def spec_of(document: Document) -> ChannelSpec:
    """The content of a channel document."""
    assert isinstance(document.spec, ChannelSpec)
    return document.spec


def kind_of(catalog: Catalog, key: str) -> ChannelKind | None:
    """What serves the channel ``key``: its document's choice, else the development channel of the medium
    of that name; None where there is neither."""
    if catalog.has("channel", key):
        document = catalog.documents.get(("channel", key))
        return None if document is None else channel_kinds().get(spec_of(document).uses)
    return development_kind(key)


def open_channel(catalog: Catalog, key: str, place: ChannelPlace) -> Channel | None:
    """The channel ``key``, opened with the settings of its document; None where nothing serves it."""
    kind = kind_of(catalog, key)
    if kind is None:
        return None
    document = catalog.documents.get(("channel", key))
    return kind.open(kind.settings.model_validate(spec_of(document).settings if document else {}), place)


def _check(document: Document, catalog: Catalog) -> Iterable[Problem]:
    spec = spec_of(document)
    kind = channel_kinds().get(spec.uses)
    if kind is None:
        yield Problem(
            "UNKNOWN_CHANNEL",
            f"there is no channel implementation {spec.uses!r}",
            document.name,
            document.positions.at(("spec", "uses")),
            suggestion(spec.uses, sorted(channel_kinds()), what="implementations"),
        )
        return
    if document.key in MEDIA and document.key != kind.capabilities.medium:
        yield Problem(
            "WRONG_CHANNEL",
            f"{spec.uses} carries {kind.capabilities.medium} and not {document.key}",
            document.name,
            document.positions.at(("spec", "uses")),
            f"Choose an implementation that carries {document.key}, or give the channel another key.",
        )
    yield from _settings_problems(document, kind)
    for name, secret in spec.settings.items():
        if name.endswith("_secret") and isinstance(secret, str) and secret not in catalog.settings.secrets:
            yield Problem(
                "SECRET_MISSING",
                f"there is no secret called {secret!r}",
                document.name,
                document.positions.at(("spec", "settings", name)),
                f"Write it under secrets in foretell.yaml: {secret}: ${{VARIABLE}}.",
            )


def _settings_problems(document: Document, kind: ChannelKind) -> Iterable[Problem]:
    try:
        kind.settings.model_validate(spec_of(document).settings)
    except ValidationError as error:
        for detail in error.errors():
            path = ("spec", "settings", *detail["loc"])
            message = str(detail["msg"]).removeprefix("Value error, ")
            name = ".".join(map(str, detail["loc"])) or "settings"
            yield Problem(
                "BAD_VALUE",
                f"{name}: {message[:1].lower()}{message[1:]}",
                document.name,
                document.positions.at(path),
                f"Settings of {kind.name}: {', '.join(kind.settings.model_fields) or 'none'}.",
            )


KIND = Kind("channel", "channels", ChannelSpec, _check)
"""The kind ``channel``, in the workspace's folder ``channels``."""
