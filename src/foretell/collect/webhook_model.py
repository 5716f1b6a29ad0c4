"""The part of a ``source`` document that says what the bodies of a webhook mean, and how they are signed."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from foretell.definitions import KeyText

Path = str | float | bool
"""A JMESPath expression; a number or a boolean stands for itself."""
Members = dict[str, Any]
"""Name → expression, or a mapping of the same kind for an object."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Signature(_Part):
    """How the sender shows that it is the one we agreed a secret with."""

    header: str = Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$", description="Header with the signature.")
    secret: str = Field(min_length=1, description="Name of the secret in foretell.yaml.")
    scheme: Literal["hmac-sha256", "hmac-sha1", "token", "timestamped"] = Field(
        "hmac-sha256",
        description="Of the body as it is sent; token: the header holds the secret itself; timestamped: the header is "
        "t=SECONDS,v1=HEX, the HMAC-SHA256 of SECONDS.BODY.",
    )
    tolerance_seconds: int = Field(
        300, ge=1, le=86_400, description="Of timestamped: how far its time may lie from that of arrival."
    )
    encoding: Literal["hex", "base64"] = Field("hex", description="How the digest is written.")
    prefix: str = Field("", description="What stands before it, e.g. sha256= or Bearer and a blank.")

    @model_validator(mode="after")
    def _fits_its_scheme(self) -> Signature:
        if self.scheme == "timestamped" and (self.prefix or self.encoding != "hex"):
            raise ValueError("the scheme timestamped has a form of its own, without prefix and encoding")
        if self.scheme != "timestamped" and "tolerance_seconds" in self.model_fields_set:
            raise ValueError("tolerance_seconds needs scheme: timestamped")
        return self


class From(_Part):
    """A name that stands in the body."""

    path: str = Field(alias="from", min_length=1, description="JMESPath expression for the name.")


class EventMapping(_Part):
    """What some items of a body mean. All expressions are JMESPath over one item; ``body()`` is the whole body."""

    each: str | None = Field(None, description="Expression for the items; without it, the body is the one item.")
    when: str | None = Field(None, description="Condition; items for which it is false, empty or missing are left.")
    track: Annotated[str, Field(min_length=1)] | From | None = Field(
        None, description="Name of the event that is told, or {from: EXPRESSION}."
    )
    identify: Literal[True] | None = Field(None, description="The item tells traits of a person.")
    timestamp: str | None = Field(
        None, description="Expression for the time: ISO 8601, or seconds or milliseconds since 1970; else arrival."
    )
    message_id: str | None = Field(None, description="Expression that is unique to each event; else its content.")
    identifiers: dict[KeyText, Path] = Field(
        min_length=1, description="Kind (user_id, email, phone, anonymous_id or your own) → expression."
    )
    traits: Members = Field(default_factory=dict, description="Trait of the person → expression.")
    properties: str | Members = Field(
        default_factory=dict, description="Property of the event → expression; or one expression for all of them."
    )

    @model_validator(mode="after")
    def _tells_one_thing(self) -> EventMapping:
        if (self.track is None) == (self.identify is None):
            raise ValueError("write exactly one of track, identify")
        if self.identify and not self.traits:
            raise ValueError("identify needs traits")
        if self.track and self.traits:
            raise ValueError("traits need identify; write another mapping for them")
        return self
