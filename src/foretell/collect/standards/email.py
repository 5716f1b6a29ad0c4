"""E-mail addresses: RFC 5321 and 5322, internationalised by RFC 6531 and IDNA 2008; no look-up of anything.

The local part is put into lower case as well: RFC 5321 lets a host tell cases apart, no common one does, and
people write their address either way.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
from email_validator import EmailNotValidError, validate_email

from foretell.collect.standards.base import (
    Example,
    Standard,
    StandardContext,
    Standardised,
    StandardOptions,
    as_read,
    each_distinct,
)
from foretell.collect.standards.tables.signs import without_hidden
from foretell.collect.standards.tables.usual_addresses import usual

_NAMED = re.compile(r"[^<>]*<([^<>]+)>[\s,;]*")
_CACHED = 20_000


def _work(values: pa.Array, _context: StandardContext, _options: StandardOptions) -> Standardised:
    small = pc.ascii_lower(pc.utf8_trim_whitespace(values))
    plain = usual(small)
    if pc.all(pc.or_(plain, pc.is_null(values))).as_py():
        return as_read(values, small)
    others = each_distinct(pc.if_else(plain, None, values), normal_address)
    return as_read(values, pc.if_else(plain, small, others.text))


@lru_cache(_CACHED)
def normal_address(text: str) -> str | None:
    """``text`` as an address in normal form; None where it is none."""
    word = without_hidden(text).strip()
    named = _NAMED.fullmatch(word)
    word = (named[1] if named else word).strip().rstrip(",;").strip()
    if word[:7].lower() == "mailto:":
        word = unquote(word[7:].partition("?")[0]).strip()
    try:
        found = validate_email(unicodedata.normalize("NFC", word.lower()), check_deliverability=False, strict=True)
    except EmailNotValidError:
        return None
    local = unicodedata.normalize("NFC", found.local_part.lower())
    return f"{local}@{found.ascii_domain}"


STANDARD = Standard(
    name="email",
    meaning="an e-mail address in lower case, its domain in ASCII; display names and `mailto:` fall away",
    source="RFC 5321, RFC 5322, RFC 6531, IDNA 2008",
    work=_work,
    longest=400,
    examples=(
        Example(" Ann.Lee@Example.COM ", "ann.lee@example.com"),
        Example('"Lee, Ann" <ANN@example.com>', "ann@example.com"),
        Example("mailto:ann@example.com?subject=Hi", "ann@example.com"),
        Example("ann@bücher.de", "ann@xn--bcher-kva.de"),
        Example("ann@@example.com", None),
    ),
)
