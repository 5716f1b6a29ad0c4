"""Who of a team gets a new case: whose turn it is, or who has the fewest."""

from __future__ import annotations

import pyarrow as pa

from foretell.definitions import Catalog
from foretell.engine import Tx, scratch, table_of

_MEMBERS = {"team": pa.string(), "member": pa.string(), "place": pa.int64()}
_LOADS = {"member": pa.string(), "load": pa.int64()}
_TURNS = {"team": pa.string(), "turn": pa.int64()}

_GIVEN = """
WITH asked AS (
  SELECT case_id, team, assign, row_number() OVER (PARTITION BY team, assign ORDER BY opened_at, case_id) - 1 AS turn
  FROM r WHERE owner IS NULL AND team IN (SELECT m.team FROM m)
), sizes AS (
  SELECT team, count(*) AS members FROM m GROUP BY team
), wanted AS (
  SELECT team, count(*) AS cases FROM asked WHERE assign = 'least_loaded' GROUP BY team
), slots AS (
  SELECT m.team, m.member, row_number() OVER (
    PARTITION BY m.team ORDER BY coalesce(l.load, 0) + s.place, m.place) - 1 AS turn
  FROM m JOIN wanted w ON w.team = m.team LEFT JOIN l ON l.member = m.member
  CROSS JOIN (SELECT unnest(range((SELECT coalesce(max(cases), 0) FROM wanted))) AS place) s
)
SELECT a.case_id, m.member AS given FROM asked a JOIN sizes z ON z.team = a.team LEFT JOIN t ON t.team = a.team
JOIN m ON m.team = a.team AND m.place = (a.turn + coalesce(t.turn, 0)) % z.members WHERE a.assign = 'round_robin'
UNION ALL
SELECT a.case_id, s.member FROM asked a JOIN slots s ON s.team = a.team AND s.turn = a.turn
WHERE a.assign = 'least_loaded' ORDER BY 1"""


def given(tx: Tx, catalog: Catalog, rows: pa.Table) -> pa.Table:
    """Who gets cases that have a team and no owner.

    Args:
        rows: ``case_id team owner assign opened_at``.

    Returns: ``case_id given``; no row for a case that nobody is given.
    """
    members = [
        (key, name, place)
        for key, team in catalog.settings.care.teams.items()
        for place, name in enumerate(team.members)
    ]
    loads = tx.query("SELECT owner, count(*) FROM cases WHERE state <> 'closed' AND owner IS NOT NULL GROUP BY owner")
    turns = tx.query("SELECT team, turn FROM team_turns")
    tables = {"r": rows, "m": table_of(_MEMBERS, members), "l": table_of(_LOADS, loads), "t": table_of(_TURNS, turns)}
    found = scratch(_GIVEN, tables)
    taken = scratch(
        "SELECT r.team, count(*) AS cases FROM g JOIN r USING (case_id) WHERE r.assign = 'round_robin' GROUP BY r.team "
        "ORDER BY r.team",
        {"g": found, "r": rows},
    )
    for row in taken.to_pylist():
        tx.execute(
            "INSERT INTO team_turns VALUES (?, ?) ON CONFLICT (team) DO UPDATE SET turn = team_turns.turn + ?",
            (row["team"], row["cases"], row["cases"]),
        )
    return found
