"""Who people are, as their traits tell: country, language, gender and age."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import Analytics, scratch

PARTS = ("country", "language", "gender", "age")
_NAMES = {
    "country": ("country", "address.country"),
    "language": ("language", "locale"),
    "gender": ("gender", "sex"),
    "age": ("age",),
    "birthday": ("birthday", "birthdate", "date_of_birth"),
}
"""The traits that tell each part; of several the first in this order that a person has."""
_BANDS = ((18, "under 18"), (25, "18–24"), (35, "25–34"), (45, "35–44"), (55, "45–54"), (65, "55–64"))
_OLDEST = "65 and over"
_LAST_AGE = 120

_TRAITS = ", ".join(f"'{name}'" for names in _NAMES.values() for name in names)
_LATEST = f"""
SELECT profile_key, trait, s, n FROM (
  SELECT t.profile_key, t.trait, t.s, t.n,
    row_number() OVER (PARTITION BY t.profile_key, t.trait ORDER BY t.ts DESC, t.seq DESC) AS place
  FROM log_traits t WHERE t.trait IN ({_TRAITS})
) l WHERE place = 1 AND (s IS NOT NULL OR n IS NOT NULL)"""


def _told(part: str, column: str) -> str:
    values = ", ".join(f"max({column}) FILTER (WHERE trait = '{name}')" for name in _NAMES[part])
    return f"coalesce({values})"


_AGE = "CASE " + " ".join(f"WHEN age < {below} THEN '{band}'" for below, band in _BANDS) + f" ELSE '{_OLDEST}' END"
_COUNTED = f"""
WITH told AS (
  SELECT profile_key, {_told("country", "trim(s)")} AS country, lower({_told("language", "trim(s)")}) AS language,
    lower({_told("gender", "trim(s)")}) AS gender, {_told("age", "n")} // 1000000 AS stated,
    TRY_CAST(left({_told("birthday", "s")}, 10) AS DATE) AS birthday FROM latest GROUP BY profile_key
), aged AS (
  SELECT *, coalesce(year($today) - year(birthday)
    - CASE WHEN strftime($today, '%m%d') < strftime(birthday, '%m%d') THEN 1 ELSE 0 END, stated) AS age FROM told
), long AS (
  SELECT profile_key, 'country' AS part, nullif(country, '') AS value FROM aged
  UNION ALL SELECT profile_key, 'language', nullif(language, '') FROM aged
  UNION ALL SELECT profile_key, 'gender', nullif(gender, '') FROM aged
  UNION ALL SELECT profile_key, 'age', CASE WHEN age >= 0 AND age <= {_LAST_AGE} THEN {_AGE} END FROM aged
), counted AS (SELECT * FROM long WHERE value IS NOT NULL
  UNION ALL SELECT profile_key, part, '' FROM long WHERE value IS NOT NULL
  UNION ALL SELECT DISTINCT profile_key, '', '' FROM long WHERE value IS NOT NULL)
SELECT c.part, c.value, count(m.profile_key) AS people, count(*) AS everybody
FROM counted c LEFT JOIN members m ON m.profile_key = c.profile_key
GROUP BY c.part, c.value ORDER BY c.part, everybody DESC, c.value
"""


@dataclass(frozen=True)
class Demographics:
    """Who people are.

    Args:
        people, everybody: how many of the people asked for, and of all, tell at least one part.
        counts: ``part`` (one of :data:`PARTS`), ``value``, ``people``, ``everybody``; a person has one value a part.
            The empty value: of whom the part is known.
    """

    people: int
    everybody: int
    counts: pa.Table


def demographics(analytics: Analytics, members: pa.Table, *, today: date) -> Demographics:
    """How many people are what.

    Args:
        members: ``profile_key`` of the people who are held against everybody.
        today: on which their age is reckoned; a birthday counts before a stated age.
    """
    tables = {"latest": analytics.query(_LATEST), "members": members.select(["profile_key"])}
    found = scratch(_COUNTED, tables, {"today": today})
    whole = pc.equal(found["part"], "")
    total = found.filter(whole).to_pylist() or [{"people": 0, "everybody": 0}]
    return Demographics(total[0]["people"], total[0]["everybody"], found.filter(pc.invert(whole)))
