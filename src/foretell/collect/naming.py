"""Which texts name a person: by their identifiers and by what only they said of themselves."""

from __future__ import annotations

import pyarrow as pa

from foretell.engine import scratch

LEAST_TELLING = 8
"""Characters from which a text tells a person wherever it stands; an e-mail address does at any length."""
_LEAST_VALUE = 4
"""Characters from which an identifier tells a person where it is a value by itself."""
_LEAST_ODD = 16
"""Characters from which a part of a word with letters and digits tells a person by itself: a token, a key."""
_WORDS_AT_ONCE = 500
_TELLING = """
WITH said AS (
  SELECT lower(value) AS value FROM w WHERE trim(value) <> ''
), parts AS (
  SELECT unnest(regexp_split_to_array(value, '[^a-z0-9]+')) AS part FROM said
), every AS (
  SELECT unnest([value, trim(CAST(to_json(value) AS VARCHAR), '"')]) AS word,
    contains(value, '@') OR length(value) >= $least AS telling FROM said
  UNION ALL
  SELECT part, true FROM parts
  WHERE length(part) >= $odd AND regexp_matches(part, '[0-9]') AND regexp_matches(part, '[a-z]')
)
SELECT word, bool_or(telling) AS telling FROM every GROUP BY word ORDER BY word"""
_NAMING = """
SELECT DISTINCT t.i FROM t JOIN w ON CASE
  WHEN w.telling THEN contains(t.small, w.word)
  WHEN length(w.word) >= $least_value THEN contains(t.small, '"' || w.word || '"')
    OR regexp_matches(t.small, '[:,[ ]' || regexp_escape(w.word) || '(\\.0)?[],} ]')
  ELSE contains(t.small, '"userid":"' || w.word || '"') OR contains(t.small, '"userid": "' || w.word || '"')
    OR contains(t.small, '"anonymousid":"' || w.word || '"') OR contains(t.small, '"anonymousid": "' || w.word || '"')
END"""


def telling_words(words: pa.Table) -> pa.Table:
    """``word`` (lower case, as JSON writes it too) and ``telling`` of ``words`` (columns kind, value), each once."""
    return scratch(_TELLING, {"w": words}, {"least": LEAST_TELLING, "odd": _LEAST_ODD})


def naming(texts: pa.Array | pa.ChunkedArray, words: pa.Table) -> pa.Array:
    """Places of the ``texts`` that name one of the people of ``words`` (see :func:`telling_words`), ascending."""
    if not len(texts) or not words.num_rows:
        return pa.array([], pa.int64())
    given = pa.table({"text": texts})
    small = scratch("SELECT row_number() OVER () - 1 AS i, lower(text) AS small FROM g", {"g": given})
    found = [pa.array([], pa.int64())]
    for start in range(0, words.num_rows, _WORDS_AT_ONCE):
        part = words.slice(start, _WORDS_AT_ONCE)
        hits = scratch(_NAMING, {"t": small, "w": part}, {"least_value": _LEAST_VALUE})
        found.append(hits["i"].combine_chunks().cast(pa.int64()))
    return pa.chunked_array(found).unique().sort()
