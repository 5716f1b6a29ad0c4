"""E-mail addresses of the usual form: in normal form for certain, so that no library need look at them."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

_USUAL = r"^[a-z0-9_+-]+(\.[a-z0-9_+-]+)*@([a-z0-9]+(-[a-z0-9]+)*\.)+[a-z]{2,}$"
_SPECIAL = r"\.(arpa|invalid|local|localhost|onion|test)$"
"""Both in RE2: nearly all addresses are of the usual form, and good unless their domain is of special use (IANA)."""
_USUAL_LENGTH = 64


def usual(addresses: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Where ``addresses`` are of the usual form, in small letters; false for null."""
    short = pc.less_equal(pc.binary_length(addresses), _USUAL_LENGTH)
    formed = pc.and_(short, pc.match_substring_regex(addresses, _USUAL))
    return pc.fill_null(pc.and_not(formed, pc.match_substring_regex(addresses, _SPECIAL)), False)
