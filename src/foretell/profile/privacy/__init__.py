"""Privacy: may we have this, and for how long?

Who is barred and why, requests with due dates, what is suppressed by keyed hash, retention, and the words for
certificates. Rewriting stores is ``engine``'s; the room ``protect`` reaches the rooms after this one.
"""

from __future__ import annotations

from foretell.engine import RoomParts
from foretell.profile.privacy.births import forget_births, take_births
from foretell.profile.privacy.certificate import certificate_html, certificate_text
from foretell.profile.privacy.erasing import (
    STEPS,
    Door,
    Erasing,
    Erasure,
    begin,
    carry_out,
    certificate_of,
    erasure_of,
    list_erasures,
    show_erasure,
    under_way,
    unfinished,
)
from foretell.profile.privacy.hashing import hashing_key, keyed_hashes
from foretell.profile.privacy.people import identifiers_of, nodes_of, people_with, words_of
from foretell.profile.privacy.requests import (
    KINDS,
    PrivacyRequest,
    RequestKind,
    close_request,
    kind_of,
    list_requests,
    note_step,
    open_request,
    open_requests_of,
    requests_about,
    settle_request,
    show_request,
)
from foretell.profile.privacy.restrictions import (
    AGE_OF_CONSENT,
    Restriction,
    is_barred,
    lift,
    mark_suppressed,
    restrict,
    restricted,
    restrictions_of,
)
from foretell.profile.privacy.retention import Retained, retain
from foretell.profile.privacy.stage import PrivacyStage, SuppressionStage
from foretell.profile.privacy.suppression import (
    held_back,
    suppress_identifiers,
    suppressed_count,
    unsuppress_identifiers,
    waiting_arrivals,
)
from foretell.profile.privacy.tables import BIRTHS_DDL, MIGRATION

PRIVACY_PARTS = RoomParts(
    room="privacy",
    migrations=(MIGRATION,),
    people={
        "restrictions": ("node_key",),
        "privacy_requests": ("node_key",),
        "erasure_people": ("node_key", "profile_key"),
    },
)
"""What is decided about people, which no body tells: kept as it is when everything else is derived again."""

__all__ = [
    "AGE_OF_CONSENT",
    "BIRTHS_DDL",
    "KINDS",
    "PRIVACY_PARTS",
    "STEPS",
    "Door",
    "Erasing",
    "Erasure",
    "PrivacyRequest",
    "PrivacyStage",
    "RequestKind",
    "Restriction",
    "Retained",
    "SuppressionStage",
    "begin",
    "carry_out",
    "certificate_html",
    "certificate_of",
    "certificate_text",
    "close_request",
    "erasure_of",
    "forget_births",
    "hashing_key",
    "held_back",
    "identifiers_of",
    "is_barred",
    "keyed_hashes",
    "kind_of",
    "lift",
    "list_erasures",
    "list_requests",
    "mark_suppressed",
    "nodes_of",
    "note_step",
    "open_request",
    "open_requests_of",
    "people_with",
    "requests_about",
    "restrict",
    "restricted",
    "restrictions_of",
    "retain",
    "settle_request",
    "show_erasure",
    "show_request",
    "suppress_identifiers",
    "suppressed_count",
    "take_births",
    "under_way",
    "unfinished",
    "unsuppress_identifiers",
    "waiting_arrivals",
    "words_of",
]
