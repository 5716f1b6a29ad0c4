"""What a purpose needs: as the consent document says, else as it is usual."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

import pyarrow as pa

from foretell.clock import Duration, micros
from foretell.definitions import Catalog
from foretell.profile.consents.document import Basis, DoubleOptIn, PurposeSpec, Texts, Wording, spec_of, text_in
from foretell.profile.privacy.restrictions import AGE_OF_CONSENT

PLAIN = ("profiling", "training", "export", "assistant")
"""Purposes that go over no channel."""
ADS = "ads.marketing"
CONFIRMING = "transactional"
"""Of messages that ask whether somebody meant it; by contract always."""
EXEMPT = ("service", CONFIRMING)
"""Purposes that leaving a channel as a whole does not end."""
_SHORT = {"ads": ADS}
_REQUIRES = {"training": ("profiling",), ADS: ("profiling",)}
_UTC = ZoneInfo("UTC")


def full_name(name: str) -> str:
    """The name of a purpose in full: ``ads`` is ``ads.marketing``."""
    small = name.strip().lower()
    return _SHORT.get(small, small)


def name_of(channel: str, purpose: str) -> str:
    """``CHANNEL.PURPOSE``, or the purpose alone where it goes over no channel."""
    return f"{channel}.{purpose}" if channel else purpose


@dataclass(frozen=True)
class Purpose:
    """One purpose over one channel (empty for those that go over none).

    Args:
        basis: the legal ground.
        expires_after: how long a grant holds; None: for good.
        requires: names of purposes that have to be allowed as well.
        minors: whether it may be done to minors.
    """

    name: str
    basis: Basis
    title: Texts | None = None
    wordings: tuple[Wording, ...] = ()
    expires_after: Duration | None = None
    double_opt_in: DoubleOptIn | None = None
    requires: tuple[str, ...] = ()
    minors: bool = False
    on_page: bool = False

    @property
    def channel(self) -> str:
        """``email`` of ``email.marketing``; empty of ``profiling``."""
        return self.name.partition(".")[0] if "." in self.name else ""

    @property
    def purpose(self) -> str:
        """``marketing`` of ``email.marketing``; ``profiling`` of ``profiling``."""
        return self.name.partition(".")[2] or self.name

    @property
    def asks(self) -> bool:
        """True where only a grant allows it; else everybody is allowed who did not object."""
        return self.basis == "consent"

    def wording(self, day: date) -> Wording | None:
        """The wording that is shown on a day."""
        shown = [one for one in self.wordings if one.since is None or one.since <= day]
        return shown[-1] if shown else None

    def called(self, language: str | None = None) -> str:
        """How people call it, in a language as far as there is a text."""
        return text_in(self.title, language)


@dataclass(frozen=True)
class Purposes:
    """Every purpose of a workspace.

    Args:
        listed: those that its document names, by name.
        without_consent: words after the dot that need no consent unless the document says otherwise.
        proof: what is kept with a word.
        zone: of calendar months.
        described: False where there is no document.
        age_of_consent: years; of younger people only what may be done to minors is allowed.
    """

    listed: Mapping[str, Purpose] = field(default_factory=dict)
    without_consent: frozenset[str] = frozenset(EXEMPT)
    proof: frozenset[str] = frozenset({"url"})
    zone: ZoneInfo = _UTC
    described: bool = False
    age_of_consent: int = AGE_OF_CONSENT

    def of(self, name: str) -> Purpose:
        """What the purpose ``name`` needs."""
        full = full_name(name)
        return self.listed.get(full) or self._usual(full)

    def required(self, name: str) -> list[Purpose]:
        """Every other purpose that has to be allowed for ``name`` too, also those that these require; each once."""
        found = {(first := self.of(name)).name: first}
        waiting = [first]
        while waiting:
            for other in map(self.of, waiting.pop(0).requires):
                if other.name not in found:
                    found[other.name] = other
                    waiting.append(other)
        return list(found.values())[1:]

    def _usual(self, name: str) -> Purpose:
        if name in PLAIN:
            return Purpose(name, "legitimate_interest", requires=_REQUIRES.get(name, ()))
        contract = name.partition(".")[2] in self.without_consent
        return Purpose(name, "contract" if contract else "consent", requires=_REQUIRES.get(name, ()), minors=contract)

    @cached_property
    def plain(self) -> tuple[str, ...]:
        """Every purpose that goes over no channel."""
        return tuple(dict.fromkeys((*PLAIN, *(name for name in self.listed if "." not in name))))

    @cached_property
    def confirmed(self) -> pa.Table:
        """Purposes whose grants have to be confirmed: columns channel, purpose."""
        asked = [one for one in self.listed.values() if one.double_opt_in is not None]
        columns = {"channel": [one.channel for one in asked], "purpose": [one.purpose for one in asked]}
        return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})

    def waiting_since(self, at: datetime) -> dict[str, datetime]:
        """Purposes whose grants have to be confirmed, by name → since when requests have links that work at ``at``."""
        asked = {name: one.double_opt_in for name, one in self.listed.items()}
        return {name: Duration.parse(one.valid_for).before(at, self.zone) for name, one in asked.items() if one}

    def terms(self, at: datetime) -> pa.Table:
        """Up to when a grant had to be given to have lapsed by ``at``: channel, purpose, given_by (microseconds)."""
        short = [one for one in self.listed.values() if one.expires_after is not None]
        given = [micros(one.expires_after.before(at, self.zone)) for one in short if one.expires_after is not None]
        return pa.table(
            {
                "channel": pa.array([one.channel for one in short], pa.string()),
                "purpose": pa.array([one.purpose for one in short], pa.string()),
                "given_by": pa.array(given, pa.int64()),
            }
        )


USUAL = Purposes()
"""What holds without a document: marketing by consent, service by contract, the rest with objection."""


def purposes_of(catalog: Catalog) -> Purposes:
    """The purposes of a workspace."""
    settings = catalog.settings
    age = settings.privacy.age_of_consent
    documents = catalog.all("consent")
    free = frozenset({*settings.sending.without_consent, CONFIRMING})
    if not documents:
        return Purposes(without_consent=free, zone=settings.zone_info, age_of_consent=age)
    spec = spec_of(documents[0])
    listed = [_purpose(full_name(name), told) for name, told in spec.purposes.items()]
    named = {one.name: one for one in listed}
    return Purposes(named, free, frozenset(spec.proof), settings.zone_info, described=True, age_of_consent=age)


def _purpose(name: str, told: PurposeSpec) -> Purpose:
    by_rule = told.basis in ("contract", "legal_obligation")
    requires: Iterable[str] = _REQUIRES.get(name, ()) if told.requires is None else told.requires
    return Purpose(
        name,
        told.basis,
        told.title,
        told.wording,
        None if told.expires_after is None else Duration.parse(told.expires_after),
        told.double_opt_in,
        tuple(map(full_name, requires)),
        by_rule if told.minors is None else told.minors == "allowed",
        not by_rule if told.on_page is None else told.on_page,
    )
