"""The words of texts, and pairs of words next to each other, in the form in which themes and word clouds count them."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pyarrow as pa

from foretell.engine import scratch
from foretell.listen.text.masking import MASKS
from foretell.listen.text.stop_words import stop_words

MOST_TERMS = 200
"""Of one text so many different words and pairs are counted, the first ones."""
LONGEST = 40
SHORTEST = 3
_MASKED = "|".join(re.escape(one) for one in MASKS)
_TOKENS = f"""
WITH cut AS (
  SELECT place, regexp_extract_all(regexp_replace(replace(lower(text), '’', ''''), '{_MASKED}', ' . ', 'g'),
    '[\\p{{L}}\\p{{M}}\\p{{N}}''-]+|[.!?;:,()\\n]') AS listed FROM t
)
SELECT place, nth, trim(token, '''-') AS token FROM (
  SELECT place, unnest(listed) AS token, generate_subscripts(listed, 1) AS nth FROM cut) u"""
_TERMS = f"""
WITH known AS (
  SELECT k.place, k.nth, f.word FROM tokens k LEFT JOIN forms f ON f.token = k.token
), placed AS (
  SELECT place, nth, word, lead(word) OVER w AS following, lead(nth) OVER w AS next
  FROM known WINDOW w AS (PARTITION BY place ORDER BY nth)
), every AS (
  SELECT place, nth, word, 1 AS long FROM placed WHERE word IS NOT NULL
  UNION ALL SELECT place, nth, word || ' ' || following, 2 FROM placed
  WHERE word IS NOT NULL AND following IS NOT NULL AND word <> following AND next = nth + 1
), firsts AS (
  SELECT place, word, min(nth) AS nth, min(long) AS long FROM every GROUP BY place, word
)
SELECT place, word FROM (SELECT *, row_number() OVER (PARTITION BY place ORDER BY nth, long) AS n FROM firsts) r
WHERE n <= {MOST_TERMS} ORDER BY word, place"""


def terms(texts: pa.Array) -> pa.Table:
    """Each word and pair of a text once: ``place`` (0-based row of ``texts``, masked and plain) and ``word``.

    Left out are masks, numbers, words that say nothing of what it is about, and pairs with one of them between.
    """
    rows = pa.table({"place": pa.array(range(len(texts)), pa.int64()), "text": texts.fill_null("")})
    tokens = scratch(_TOKENS, {"t": rows})
    distinct: list[str] = tokens["token"].unique().to_pylist()
    kept = [(token, word) for token in distinct if (word := form(token)) is not None]
    forms = pa.table(
        {
            "token": pa.array([one for one, _ in kept], pa.string()),
            "word": pa.array([one for _, one in kept], pa.string()),
        }
    )
    return scratch(_TERMS, {"tokens": tokens, "forms": forms})


def form(token: str) -> str | None:
    """A word in small letters as it is counted; None where it says nothing."""
    if not SHORTEST <= len(token) <= LONGEST or token in stop_words() or not any(map(str.isalpha, token)):
        return None
    found = _singular(token.removesuffix("'s"))
    return None if found in stop_words() or len(found) < SHORTEST else found


def form_of(words: str) -> str | None:
    """One or two words as people write them, in the form in which they are counted; None where nothing is left.

    Words that say nothing are left out at either end; with one between, two words never stand next to each other.
    """
    found: Sequence[str | None] = [
        form(one) for one in re.findall(r"[^\s,;.!?]+", words.lower().replace("\u2019", "'"))
    ]
    kept = [place for place, one in enumerate(found) if one is not None]
    if not kept or kept[-1] - kept[0] + 1 != len(kept) or len(kept) > 2:
        return None
    return " ".join(one for one in found if one is not None)


def _singular(word: str) -> str:
    """English plurals without their ending (Harman 1991): parcels and parcel are one word."""
    if word.endswith("ies") and len(word) > 4 and not word.endswith(("eies", "aies")):
        return f"{word[:-3]}y"
    if word.endswith(("sses", "xes", "ches", "shes")) and len(word) > 4:
        return word[:-2]
    if word.endswith("s") and len(word) > 3 and not word.endswith(("us", "ss", "is", "as", "os")):
        return word[:-1]
    return word
