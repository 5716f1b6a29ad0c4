"""Identifiers of people in the forms that advertising platforms compare, as SHA-256 in lower-case hexadecimal.

Two platforms that ask for "the e-mail address" ask for two different texts, so every form is made once, when a person
joins an audience, and kept with the membership: whoever is taken out again is named exactly as when they came in, and
what is handed to a channel holds no plain address, number or name.

Sources: Google, *Data Manager API, Format user data* (2026): lower case, no white space, in ``gmail.com`` and
``googlemail.com`` no dots and nothing from a plus on before the @; numbers as E.164 with the plus; given and family
names in lower case without prefix, suffix and punctuation; region and postal code are not hashed. Meta, *Marketing API
v25.0, Customer File Custom Audiences, Hashing and normalizing data* (2026-04-28): addresses trimmed and in lower case;
numbers as digits with the country code, without leading zeros; names in lower case without punctuation; postal codes
without spaces, five digits in the US, area, district and sector in the UK; the country as two small letters.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from foretell.engine import scratch

FIELDS = ("email", "phone", "first_name", "last_name", "country", "postal_code", "external_id")
"""What of a person can be told; each is text or null."""

_CLEAN = r"""
WITH said AS (
  SELECT i, lower(trim(email)) AS email, regexp_replace(email, '\s', '', 'g') AS dense,
    regexp_replace(regexp_replace(phone, '[^0-9+]', '', 'g'), '^00', '+') AS phone,
    trim(regexp_replace(regexp_replace(lower(trim(first_name)),
      '^(mr|mrs|ms|miss|mx|dr|prof|sir|herr|frau|monsieur|madame|mme)(\.\s*|\s+)', ''), '[\p{P}\p{S}]', '', 'g'))
      AS given,
    trim(regexp_replace(regexp_replace(lower(trim(last_name)), '(,\s*|\s+)(jr|sr|ii|iii|iv|phd|md|esq)\.?$', ''),
      '[\p{P}\p{S}]', '', 'g')) AS family,
    CASE WHEN regexp_full_match(trim(country), '[A-Za-z]{2}') THEN upper(trim(country)) END AS country,
    upper(regexp_replace(trim(postal_code), '\s+', ' ', 'g')) AS postal,
    external_id
  FROM p
), parted AS (
  SELECT *, split_part(lower(dense), '@', 1) AS local, split_part(lower(dense), '@', 2) AS host,
    CASE WHEN regexp_full_match(phone, '\+[1-9][0-9]{4,14}') THEN phone END AS e164,
    lower(regexp_replace(postal, '[\s-]', '', 'g')) AS tight
  FROM said
)"""
_FORMS = """
SELECT i,
  sha256(nullif(email, '')) AS email,
  CASE WHEN host IN ('gmail.com', 'googlemail.com')
    THEN sha256(replace(split_part(local, '+', 1), '.', '') || '@' || host) ELSE sha256(nullif(lower(dense), '')) END
    AS email_dotless,
  sha256(e164) AS phone, sha256(e164[2:]) AS phone_digits,
  sha256(nullif(given, '')) AS first_name, sha256(nullif(family, '')) AS last_name,
  country, sha256(lower(country)) AS country_hash,
  nullif(postal, '') AS postal_code,
  sha256(nullif(CASE country WHEN 'US' THEN tight[1:5] WHEN 'GB' THEN tight[:-3] ELSE tight END, '')) AS postal_hash,
  sha256(external_id) AS external_id
FROM parted"""
_NAMES = (
    "email", "email_dotless", "phone", "phone_digits", "first_name", "last_name", "country", "country_hash",
    "postal_code", "postal_hash", "external_id",
)  # fmt: skip
_TEXT = f"""{_CLEAN}, formed AS ({_FORMS}
) SELECT CAST(json_merge_patch('{{}}', json_object({", ".join(f"'{name}', {name}" for name in _NAMES)})) AS VARCHAR)
  AS hashed FROM formed ORDER BY i"""


def hashed(people: pa.Table) -> pa.ChunkedArray:
    """The forms of each row of ``people``, in their order: JSON text, with those that there are.

    ``country`` (two capital letters) and ``postal_code`` are plain, as Google asks for them; whoever reads the text
    hands them to nobody else.

    Args:
        people: any of :data:`FIELDS`, text or null. A number without its country code has no form: who knows where it
            was meant?
    """
    count = people.num_rows
    columns = {
        name: people[name].cast(pa.string()) if name in people.column_names else pa.nulls(count, pa.string())
        for name in FIELDS
    }
    numbered = pa.table({"i": pa.array(np.arange(count, dtype=np.int64)), **columns})
    return scratch(_TEXT, {"p": numbered})["hashed"]
