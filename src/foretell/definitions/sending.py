"""The section ``sending`` of ``foretell.yaml``: who writes, when, and how often at most."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import time, timedelta
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from foretell.clock import Duration
from foretell.definitions.sending_limits import (
    TRANSACTIONAL,
    CapSection,
    DomainText,
    RateSection,
    SandboxSection,
    doubtful_caps,
)
from foretell.definitions.texts import DurationText

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\Z")
_EMAIL = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+\.[^@\s<>,;\".]+\Z")


def _clock(text: str) -> str:
    if not _CLOCK.match(text):
        raise ValueError(f'{text!r} is no time of day; write 24-hour time in quotes, e.g. "21:00"')
    return text


def _base_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise ValueError(f"{text!r} is no address of a site; write e.g. https://mail.example.com")
    return text.rstrip("/")


def _email(text: str) -> str:
    if not _EMAIL.match(text):
        raise ValueError(f"{text!r} is no e-mail address")
    return text


def _exact(text: str) -> str:
    if Duration.parse(text).exact is None:
        raise ValueError(f"{text!r} has no fixed length; write days or weeks, e.g. 30d")
    return text


def _one_line(text: str) -> str:
    if any(ord(mark) < 32 for mark in text):
        raise ValueError("it must be one line of text")
    return text


ClockText = Annotated[str, AfterValidator(_clock), Field(json_schema_extra={"examples": ["21:00"]})]
EmailText = Annotated[str, AfterValidator(_email), Field(json_schema_extra={"examples": ["hello@example.com"]})]
LineText = Annotated[str, AfterValidator(_one_line)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class QuietHoursSection(_Section):
    """When people are left alone, on their own clock."""

    begin: ClockText = Field(alias="from", description='Quiet from this time of day on, e.g. "21:00".')
    end: ClockText = Field(alias="to", description='No longer quiet at this time of day, e.g. "08:00".')

    @model_validator(mode="after")
    def _apart(self) -> QuietHoursSection:
        if self.begin == self.end:
            raise ValueError("from and to are the same time, so nothing could ever be sent; leave quiet_hours out")
        return self

    @property
    def times(self) -> tuple[time, time]:
        """Both as times of day."""
        return time.fromisoformat(self.begin), time.fromisoformat(self.end)


class ServiceSection(_Section):
    """What messages of the purpose ``service`` may pass."""

    passes_caps: bool = Field(default=False, description="Caps neither stop nor count them.")
    passes_quiet_hours: bool = Field(default=False, description="They go out in quiet hours too.")


class SendingSection(_Section):
    """How messages go out."""

    base_url: Annotated[str, AfterValidator(_base_url)] = Field(
        default="http://127.0.0.1:8080",
        description="Address at which people reach this server: links, pixel, preferences.",
    )
    from_name: LineText | None = Field(default=None, description="Name in the sender's line; default: the workspace's.")
    from_email: EmailText = Field(default="hello@localhost.localdomain", description="Address in the sender's line.")
    reply_to: EmailText | None = Field(default=None, description="Where answers go; default: the sender.")
    website: Annotated[str, AfterValidator(_base_url)] | None = Field(
        default=None, description="The company's own site."
    )
    postal_address: LineText | None = Field(default=None, description="Postal address in the footer of every e-mail.")
    quiet_hours: QuietHoursSection | None = Field(
        default=None,
        description="When people are left alone, by their zone (trait zone or timezone, else the workspace's).",
    )
    caps: tuple[CapSection, ...] = Field(default=(), description="How many messages a person gets at most.")
    survey_gap: Annotated[DurationText, AfterValidator(_exact)] = Field(
        default="30d",
        description="For so long after a survey nobody is asked by another, whatever its purpose; 0d: no rest.",
    )
    service: ServiceSection = ServiceSection()
    domain_rates: dict[DomainText, RateSection] = Field(
        default_factory=dict,
        description="How fast the mail servers of a domain take e-mail, by domain; default: of each of the others.",
    )
    sandbox: SandboxSection | None = Field(
        default=None, description="Where it stands, only listed addresses get anything; all the rest is as ever."
    )
    without_consent: tuple[str, ...] = Field(
        default=("service",), description="Purposes that need no consent; a denial still stops them."
    )
    attempts: int = Field(default=14, ge=1, le=50, description="How often a message is tried before it is given up.")

    @property
    def gap(self) -> timedelta:
        """The length of ``survey_gap``."""
        return Duration.parse(self.survey_gap).exact or timedelta(0)

    @property
    def uncapped(self) -> frozenset[str]:
        """Purposes that caps neither stop nor count."""
        return frozenset({TRANSACTIONAL, *(("service",) if self.service.passes_caps else ())})

    @property
    def unquiet(self) -> frozenset[str]:
        """Purposes that quiet hours do not put off."""
        return frozenset({TRANSACTIONAL, *(("service",) if self.service.passes_quiet_hours else ())})

    def doubts(self) -> Iterator[tuple[str, tuple[str | int, ...], str, str]]:
        """What is allowed and may not be meant: a code, the path within the section, what it is, and what to do."""
        for place, what, next_step in doubtful_caps(self.caps, self.uncapped):
            yield "CAP_NEVER_REACHED", ("caps", place), what, next_step
        if self.sandbox is not None:
            listed = len(self.sandbox.to)
            what = f"sending is in the sandbox: of all addresses {listed or 'none'} may get messages"
            yield "SANDBOX", ("sandbox",), what, "Remove sandbox from foretell.yaml when the rehearsal is over."
