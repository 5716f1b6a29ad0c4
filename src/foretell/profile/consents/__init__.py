"""Consent and legal basis: what may be done to whom, in whose words, and for how long."""

from __future__ import annotations

from foretell.profile.consents.allowing import REASONS, Allowed, allowed, only_allowed
from foretell.profile.consents.document import KIND, ConsentSpec, spec_of, text_in
from foretell.profile.consents.purposes import (
    CONFIRMING,
    EXEMPT,
    USUAL,
    Purpose,
    Purposes,
    full_name,
    name_of,
    purposes_of,
)
from foretell.profile.consents.reading import Spoken, consent_counts, consent_history
from foretell.profile.consents.requests import (
    ConsentRequest,
    mark_request,
    open_requests,
    request_of,
    requests_of,
)
from foretell.profile.consents.tables import CONSENT_ROWS, CONSENTS, MIGRATIONS, PUT_OFF_DDL
from foretell.profile.consents.taking import erase_consents, take_consents
from foretell.profile.consents.ways import WAYS_OUT, WayOut, way_out
from foretell.profile.consents.words import EVERYTHING, consents

__all__ = [
    "CONFIRMING",
    "CONSENTS",
    "CONSENT_ROWS",
    "EVERYTHING",
    "EXEMPT",
    "KIND",
    "MIGRATIONS",
    "PUT_OFF_DDL",
    "REASONS",
    "USUAL",
    "WAYS_OUT",
    "Allowed",
    "ConsentRequest",
    "ConsentSpec",
    "Purpose",
    "Purposes",
    "Spoken",
    "WayOut",
    "allowed",
    "consent_counts",
    "consent_history",
    "consents",
    "erase_consents",
    "full_name",
    "mark_request",
    "name_of",
    "only_allowed",
    "open_requests",
    "purposes_of",
    "request_of",
    "requests_of",
    "spec_of",
    "take_consents",
    "text_in",
    "way_out",
]
