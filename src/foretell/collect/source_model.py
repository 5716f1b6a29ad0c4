"""The ``source`` document: where rows come from and what they mean."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from foretell.clock import Duration
from foretell.collect.webhook_model import EventMapping, Signature
from foretell.definitions import DurationText, KeyText, ZoneText

_ORIGIN = re.compile(r"https?://[^\s/?#@]+\Z")

Value = str | float | bool
"""An expression, or a value that stands for itself."""
Properties = dict[str, Any]
"""Name → expression, or a mapping of the same kind for an object."""


def _listed(value: object) -> object:
    return [] if value is None else [value] if isinstance(value, str) else value


Names = Annotated[list[str], BeforeValidator(_listed)]
"""One text, or a list of them."""


def _origin(text: str) -> str:
    if not _ORIGIN.match(text.lower()):
        raise ValueError(f"{text!r} is no origin of pages; write e.g. https://shop.example, without a path")
    return text.lower()


OriginText = Annotated[str, AfterValidator(_origin)]
"""Scheme, host and port of a page, as browsers send it."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Skip(_Part):
    """Rows that are left out on purpose; they are counted under the name."""

    name: str = Field(min_length=1, description="What these rows are, as shown in the report.")
    when: str = Field(description="Condition over a row's columns.")


class Header(_Part):
    """The rows at the head of a CSV or Excel file, where it is not the one row of names."""

    rows: int = Field(ge=1, le=20, description="How many rows there are before the first row of data.")
    names: Literal["first", "joined"] = Field(
        "first",
        description="Where the columns' names stand: in the first of these rows; joined: in all of them, with ' / ' "
        "between, where an empty cell of a row above another goes on with what stands to its left.",
    )
    sign: str | None = Field(
        None,
        min_length=1,
        description="A text that one of the rows below the first holds; a file without it is refused.",
    )

    @model_validator(mode="after")
    def _has_rows_below(self) -> Header:
        if self.rows == 1 and (self.sign or self.names == "joined"):
            raise ValueError("sign and names: joined need rows: 2 or more")
        return self


class Items(_Part):
    """Lines of a group as an array of the event."""

    array: KeyText = Field("products", description="Name of the array in the event's properties.")
    properties: Properties = Field(min_length=1, description="Property of a line → expression.")


class RowMapping(_Part):
    """What some of the rows (or groups of rows) mean."""

    name: str = Field(min_length=1, description="What these rows are, as shown in the report.")
    when: str | None = Field(None, description="Condition; the first mapping that holds takes the row or group.")
    track: str | None = Field(None, min_length=1, description="Name of the event that is told.")
    identify: Literal[True] | None = Field(None, description="The rows tell traits of people.")
    product: Literal[True] | None = Field(None, description="The rows are products of the catalogue.")
    account: Literal[True] | None = Field(None, description="The rows are accounts (companies).")
    timestamp: str | None = Field(None, description="Expression for the time; without it, the time of arrival.")
    timestamp_format: Names = Field(
        default_factory=list,
        description="How the time is written, e.g. %d/%m/%Y %H:%M, unix or unix_ms; of several, the first that fits.",
    )
    message_id: str | None = Field(None, description="Expression that is unique to each event of this mapping.")
    identifiers: dict[KeyText, Value] = Field(
        default_factory=dict, description="Kind (user_id, email, phone, anonymous_id or your own) → expression."
    )
    traits: Properties = Field(default_factory=dict, description="Trait of the person → expression.")
    properties: Properties = Field(default_factory=dict, description="Property of the event → expression.")
    items: Items | None = Field(None, description="The group's lines, as an array of the event.")
    consents: dict[str, Value] = Field(
        default_factory=dict,
        description="CHANNEL.PURPOSE that the person agreed to → expression for the basis; without a value, none.",
    )

    @model_validator(mode="after")
    def _tells_one_thing(self) -> RowMapping:
        told = [name for name in ("track", "identify", "product", "account") if getattr(self, name)]
        if len(told) != 1:
            raise ValueError("write exactly one of track, identify, product, account")
        if self.identify and not (self.identifiers and self.traits):
            raise ValueError("identify needs identifiers and traits")
        if self.product and "product_id" not in self.properties:
            raise ValueError("product needs the property product_id")
        if self.account and "account_id" not in self.properties:
            raise ValueError("account needs the property account_id")
        if self.consents and not self.identifiers:
            raise ValueError("consents needs identifiers")
        for name in self.consents:
            channel, _, purpose = name.partition(".")
            if not (channel and purpose):
                raise ValueError(f"{name!r} names no consent; write channel.purpose, e.g. email.marketing")
        if self.timestamp_format and not self.timestamp:
            raise ValueError("timestamp_format needs timestamp")
        return self

    @property
    def event(self) -> str:
        """Name of the event in the log."""
        if self.track:
            return self.track
        return "Identify" if self.identify else "Product Updated" if self.product else "Account Updated"

    @property
    def type(self) -> str:
        """Call of the Segment specification."""
        return "identify" if self.identify else "track"


class SourceSpec(_Part):
    """A source of customer data."""

    format: Literal["csv", "parquet", "xlsx", "json", "jsonl", "api", "webhook"] = Field(
        description="What the files are; json: one JSON value, read by events; jsonl: messages of the Segment "
        "specification; api: events come through /v1; webhook: bodies come to /hooks/KEY."
    )
    delimiter: str = Field(",", min_length=1, max_length=1, description="Between the fields of a CSV file.")
    quote: str = Field('"', min_length=1, max_length=1, description="Around fields of a CSV file.")
    encoding: str = Field("utf-8", description="Of a CSV file, e.g. utf-8, latin-1, utf-16.")
    sheet: str | None = Field(None, description="Of an Excel file; without it, the first.")
    header: Header | None = Field(None, description="Of a CSV or Excel file; without it, one row of names.")
    zone: ZoneText | None = Field(None, description="Zone of times that name none; without it, the workspace's.")
    history: bool = Field(False, description="The files tell of the past: known at the event's time plus lag.")
    lag: DurationText = Field("0s", description="How long after it happened such an event is usually known.")
    group_by: Names = Field(default_factory=list, description="Columns; rows that agree in them become one event.")
    skip: list[Skip] = Field(default_factory=list, description="Rows that are left out on purpose.")
    mappings: list[RowMapping] = Field(default_factory=list, description="What the rows mean; the first match counts.")
    origins: Annotated[list[OriginText], BeforeValidator(_listed)] = Field(
        default_factory=list, description="Of api: pages that may send, e.g. https://shop.example; without any, all."
    )
    consent: Literal["required", "none"] = Field(
        "none",
        description="Of api: required: of people who have not agreed nothing is kept that tells who they are.",
    )
    consent_categories: Names = Field(
        default_factory=list,
        description="Categories of the page's consent that must be granted; without any, all that an event names.",
    )
    signature: Signature | None = Field(None, description="Of webhook: how the sender shows who it is.")
    records: str | None = Field(
        None,
        min_length=1,
        description="Of json: JMESPath expression for the records of a file; without it, the elements of its array.",
    )
    events: list[EventMapping] = Field(
        default_factory=list, description="Of webhook and json: what the bodies, or records, mean."
    )

    @model_validator(mode="after")
    def _fits_the_format(self) -> SourceSpec:
        if not self.holds_rows and (self.mappings or self.skip or self.group_by):
            what = {
                "jsonl": "jsonl files in the Segment specification need",
                "json": "json files are read by events and need",
                "api": "api events need",
            }
            raise ValueError(f"{what.get(self.format, 'webhooks need')} no mappings, skip or group_by")
        if self.holds_rows and not self.mappings:
            raise ValueError(f"{self.format} files need at least one mapping")
        self._check_ways()
        names = [skip.name for skip in self.skip] + [mapping.name for mapping in self.mappings]
        if len(set(names)) < len(names):
            raise ValueError("names of skip and mappings must differ")
        if not self.group_by and any(mapping.items for mapping in self.mappings):
            raise ValueError("items needs group_by")
        if self.lag != "0s" and not self.history:
            raise ValueError("lag needs history: true")
        if self.history and Duration.parse(self.lag).exact is None:
            raise ValueError("lag must be an exact length: s, m, h, d or w")
        return self

    def _check_ways(self) -> None:
        """What only one way of arriving has."""
        if self.format == "webhook" and not (self.signature and self.events):
            raise ValueError("webhook needs signature and events")
        if self.format == "json" and not self.events:
            raise ValueError("json files need events")
        if self.format != "webhook" and self.signature:
            raise ValueError("signature is for webhook")
        if not self.holds_bodies and self.events:
            raise ValueError("events is for webhook and json")
        if self.format != "json" and self.records:
            raise ValueError("records is for json")
        if self.format not in ("csv", "xlsx") and self.header:
            raise ValueError("header is for csv and xlsx")
        if self.format != "api" and (self.origins or self.consent != "none" or self.consent_categories):
            raise ValueError("origins and consent are for api")
        if self.consent_categories and self.consent == "none":
            raise ValueError("consent_categories needs consent: required")
        if self.format in ("api", "webhook") and self.history:
            raise ValueError(f"history is for files, not for {self.format}")

    @property
    def holds_rows(self) -> bool:
        """True where the files hold rows that mappings read; false for messages."""
        return self.format in ("csv", "parquet", "xlsx")

    @property
    def holds_bodies(self) -> bool:
        """True where what comes is JSON of any shape, which ``events`` reads."""
        return self.format in ("webhook", "json")

    @property
    def known_after(self) -> timedelta | None:
        """For history: from when on after it happened an event counts as known."""
        return Duration.parse(self.lag).exact if self.history else None
