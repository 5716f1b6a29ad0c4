"""Personal data in texts are masked before anything of a text is shown.

Masked are e-mail addresses, web addresses, account numbers (IBAN, ISO 13616, by their check digits), card numbers
(ISO/IEC 7812, by Luhn's check digit), telephone numbers (libphonenumber), further long numbers such as those of
orders, and the person's own names as their profile has them. Postal addresses in prose and names of others are not
found by this; what has to be sure is kept out by not asking for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import scratch
from foretell.listen.text.cleaning import plain

EMAIL, LINK, ACCOUNT, CARD, PHONE, NUMBER, NAME = (
    "[e-mail]", "[link]", "[account number]", "[card number]", "[phone number]", "[number]", "[name]",
)  # fmt: skip
MASKS = (EMAIL, LINK, ACCOUNT, CARD, PHONE, NUMBER, NAME)
_EMAIL = r"(?i)[\p{L}\p{N}._%+'-]+\s?(?:@|\(at\)|\[at\])\s?(?:[\p{L}\p{N}-]+(?:\.|\(dot\)|\[dot\]))+\p{L}{2,24}"
_LINK = r"(?i)\b(?:https?://|ftp://|www\.)[^\s<>\"']*[^\s<>\"'.,;:!?)]"
_HOST = (
    r"(?i)\b(?:[a-z0-9-]+\.)+(?:com|net|org|io|co|eu|info|shop|store|app|dev|uk|de|fr|it|es|nl|at|ch|be|pl)"
    r"\b(?:/[^\s<>\"']*)?"
)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}\b", re.IGNORECASE)
_CARD = re.compile(r"(?<![\d])\d(?:[ .-]?\d){12,18}(?![\d])")
_NUMBER = r"(?i)#?\b[A-Z]{0,4}[-_/]?\d(?:[ ./-]?\d){4,}"
_FOREIGN = r"\p{Nd}(?:[ ./-]?\p{Nd}){4,}"
"""Long numbers in the digits of any script, also at the end of a word."""
_LIKELY = r"\d(?:[\s().+/-]{0,3}\d){5}"
"""Whatever could be a telephone number: six digits near each other."""
_ACCOUNTS = (15, 34)
_ONE_NAME = (
    "regexp_replace({}, '(^|[^\\p{{L}}\\p{{N}}])(?:' || n.pattern || ')($|[^\\p{{L}}\\p{{N}}])', '\\1"
    + NAME
    + "\\2', 'gi')"
)
# Twice: the sign between two names belongs to the first of them.
_NAMED = (
    f"SELECT CASE WHEN n.pattern IS NULL THEN t.text ELSE {_ONE_NAME.format(_ONE_NAME.format('t.text'))} END AS text "
    "FROM t LEFT JOIN n ON n.place = t.place ORDER BY t.place"
)
_PATTERNS = """
SELECT place, string_agg(regexp_escape(name), '|' ORDER BY length(name) DESC, name) AS pattern FROM (
  SELECT DISTINCT place, unnest(list_concat([trim(name)], regexp_split_to_array(trim(name), '[\\s,]+'))) AS name
  FROM names) p
JOIN t USING (place) WHERE length(name) >= 2 AND contains(lower(t.text), lower(name)) GROUP BY place"""
"""Names that stand in the text at all; making a pattern of each would take far longer than looking."""


def mask(texts: pa.Array, names: pa.Table | None = None, *, region: str | None = None) -> pa.Array:
    """Plain texts with personal data masked; null stays null.

    Args:
        names: ``place`` (0-based row of ``texts``) and ``name``: the names of the person who wrote it, as many rows
            as there are.
        region: ISO 3166-1 alpha-2 code: where telephone numbers are from that name no country.
    """
    found = pc.replace_substring_regex(texts, _EMAIL, EMAIL)
    found = pc.replace_substring_regex(pc.replace_substring_regex(found, _LINK, LINK), _HOST, LINK)
    found = pc.replace_substring_regex(_numbers(found, region), _FOREIGN, NUMBER)
    if names is not None and names.num_rows:
        # As the text was cleaned: an apostrophe or an accent that is written another way is the same name.
        place = names.schema.get_field_index("name")
        found = _without_names(found, names.set_column(place, "name", plain(names["name"])))
    return found


def _numbers(texts: pa.Array, region: str | None) -> pa.Array:
    """Masks numbers; only texts that have enough digits are looked at one by one."""
    likely = pc.match_substring_regex(texts.fill_null(""), _LIKELY)
    some = texts.filter(likely)
    if not len(some):
        return pc.replace_substring_regex(texts, _NUMBER, NUMBER)
    masked = pa.array([_checked(text, region) for text in some.to_pylist()], pa.string())
    found = pc.replace_with_mask(texts, pa.array(likely.to_pylist(), pa.bool_()), masked)
    return pc.replace_substring_regex(found, _NUMBER, NUMBER)


@lru_cache(maxsize=20_000)
def _checked(text: str, region: str | None) -> str:
    """What is known by its check digits, then what could be dialled."""
    text = _IBAN.sub(_account, text)
    text = _CARD.sub(_if(_is_card, CARD), text)
    matches = list(_dialled(text, region))
    for match in reversed(matches):
        text = f"{text[: match.start]}{PHONE}{text[match.end :]}"
    return text


def _dialled(text: str, region: str | None) -> Any:
    # Its tables are large, and few texts need them.
    phonenumbers = import_module("phonenumbers")
    return phonenumbers.PhoneNumberMatcher(text, region)


def _if(holds: Callable[[str], bool], mask_: str) -> Callable[[re.Match[str]], str]:
    return lambda match: mask_ if holds(match[0]) else match[0]


def _account(match: re.Match[str]) -> str:
    """The longest beginning whose check digits are right is masked: what follows may be a word."""
    text = match[0]
    for end in range(len(text), _ACCOUNTS[0] - 1, -1):
        code = re.sub(r"[ -]", "", text[:end]).upper()
        whole = end == len(text) or not text[end].isalnum()
        if whole and _ACCOUNTS[0] <= len(code) <= _ACCOUNTS[1] and code.isascii() and _is_account(code):
            return ACCOUNT + text[len(text[:end].rstrip()) :]
    return text


def _is_account(code: str) -> bool:
    """ISO 7064, mod 97-10."""
    return int("".join(str(int(one, 36)) for one in code[4:] + code[:4])) % 97 == 1


def _is_card(text: str) -> bool:
    """Luhn's sum is a multiple of ten."""
    digits = [int(one) for one in text if one.isdigit()][::-1]
    return (sum(digits[::2]) + sum(sum(divmod(2 * one, 10)) for one in digits[1::2])) % 10 == 0 and any(digits)


def _without_names(texts: pa.Array, names: pa.Table) -> pa.Array:
    rows = pa.table({"text": texts, "place": pa.array(range(len(texts)), pa.int64())})
    patterns = scratch(_PATTERNS, {"names": names.select(["place", "name"]), "t": rows})
    if not patterns.num_rows:
        return texts
    return scratch(_NAMED, {"t": rows, "n": patterns})["text"].combine_chunks()
