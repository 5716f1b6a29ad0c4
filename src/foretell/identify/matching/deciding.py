"""What becomes of scored pairs: profiles that are joined, and questions for people."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from foretell.engine import Engine, scratch, table_of
from foretell.identify.ledger import kept_apart_pairs
from foretell.identify.matching.clusters import Standing, cluster
from foretell.identify.matching.document import MatchingSpec
from foretell.identify.matching.evidence import with_evidence
from foretell.identify.matching.fields import own_to_a_person
from foretell.identify.matching.model import Model
from foretell.identify.rules import IdentityRules

CONTRADICTION = "contradiction"
_PAIRS = {"node_a": pa.int64(), "node_b": pa.int64()}
_COUNTS = {"profile_key": pa.int64(), "kind": pa.string(), "count": pa.int64()}


@dataclass(frozen=True)
class Decisions:
    """What is to be done.

    Args:
        joins: ``loser_key winner_key`` and the pair that is the evidence: ``node_a node_b probability weight
            fields note held_back``.
        questions: pairs for people, the same columns without the keys.
    """

    joins: pa.Table
    questions: pa.Table


def decide_pairs(engine: Engine, pairs: pa.Table, model: Model, spec: MatchingSpec, rules: IdentityRules) -> Decisions:
    """Who is joined and who is asked about.

    Args:
        pairs: of records, as scored; those of one profile, and those that people have decided, are left out.
    """
    asked = engine.ops.query("SELECT node_a, node_b FROM match_pairs WHERE state IN ('same', 'different')")
    tables = {
        "pairs": pairs,
        "merged": engine.analytics.query("SELECT node_key, profile_key FROM merged"),
        "decided": table_of(_PAIRS, asked),
    }
    between = scratch(_BETWEEN.format(objection=_objection(model)), tables)
    apart = scratch(_APART, {"k": kept_apart_pairs(engine.ops)})
    counts = _counts(engine, between)
    join_from = model.join_from if spec.join else 2.0
    found = cluster(between, Standing(counts, apart, rules.limit), join_from=join_from)
    told = with_evidence(between, model)
    joins = scratch(_JOINS, {"told": told, "merges": found.merges})
    questions = scratch(
        _QUESTIONS,
        {"told": told, "held": found.held_back, "merges": found.merges, "apart": apart},
        {"review_from": model.review_from, "join_from": model.join_from},
    )
    return Decisions(joins, questions)


def _objection(model: Model) -> str:
    """SQL: what speaks against joining a pair by itself.

    Where both tell what is a person's own (birth date, e-mail, phone, an id) and none of it agrees, father and son
    of one name and address look like this, and people are asked.
    """
    own = [field.name for field in model.fields if own_to_a_person(field)]
    if not own:
        return "CAST(NULL AS VARCHAR)"
    told = " OR ".join(f"g_{name} >= 0" for name in own)
    agreed = " OR ".join(f"(g_{name} >= 1 AND w_{name} > 0)" for name in own)
    return f"CASE WHEN ({told}) AND NOT ({agreed}) THEN '{CONTRADICTION}' END"


def _counts(engine: Engine, pairs: pa.Table) -> pa.Table:
    """How many identifiers of each kind the profiles of ``pairs`` hold."""
    found: pa.Table = engine.analytics.query(
        "SELECT l.profile_key, l.kind, count(DISTINCT l.value) AS count FROM log_identifiers l "
        "SEMI JOIN p ON p.profile_key = l.profile_key GROUP BY l.profile_key, l.kind",
        tables={"p": scratch("SELECT profile_a AS profile_key FROM b UNION SELECT profile_b FROM b", {"b": pairs})},
    )
    return found.cast(pa.schema(list(_COUNTS.items())))


_APART = """
SELECT DISTINCT least(k.profile_a, k.profile_b) AS profile_a, greatest(k.profile_a, k.profile_b) AS profile_b
FROM k ORDER BY profile_a, profile_b"""
_BETWEEN = """
WITH owned AS (SELECT coalesce(a.profile_key, p.node_a) AS one, coalesce(b.profile_key, p.node_b) AS other, p.*
        FROM pairs p LEFT JOIN merged a ON a.node_key = p.node_a LEFT JOIN merged b ON b.node_key = p.node_b
        ANTI JOIN decided d ON d.node_a = p.node_a AND d.node_b = p.node_b),
     best AS (SELECT least(one, other) AS profile_a, greatest(one, other) AS profile_b, * EXCLUDE (one, other),
        row_number() OVER (PARTITION BY least(one, other), greatest(one, other)
            ORDER BY weight DESC, node_a, node_b) AS place
        FROM owned WHERE one <> other)
SELECT * EXCLUDE (place), {objection} AS objection FROM best WHERE place = 1
ORDER BY probability DESC, weight DESC, node_a, node_b"""
_JOINS = """
WITH numbered AS (SELECT *, row_number() OVER (ORDER BY probability DESC, weight DESC, node_a, node_b) - 1 AS pair
    FROM told)
SELECT m.loser_key, m.winner_key, n.node_a, n.node_b, n.probability, n.weight, n.fields, n.note,
    CAST(NULL AS VARCHAR) AS held_back
FROM merges m JOIN numbered n ON n.pair = m.pair ORDER BY m.loser_key"""
_QUESTIONS = """
WITH numbered AS (SELECT *, row_number() OVER (ORDER BY probability DESC, weight DESC, node_a, node_b) - 1 AS pair
        FROM told),
     into_other AS (SELECT loser_key AS profile_key, winner_key FROM merges),
     ends AS (SELECT n.*, coalesce(a.winner_key, n.profile_a) AS end_a, coalesce(b.winner_key, n.profile_b) AS end_b
        FROM numbered n LEFT JOIN into_other a ON a.profile_key = n.profile_a
        LEFT JOIN into_other b ON b.profile_key = n.profile_b WHERE n.probability >= $review_from)
SELECT e.node_a, e.node_b, e.probability, e.weight, e.fields, e.note,
    coalesce(h.held_back, CASE WHEN e.probability >= $join_from THEN e.objection END) AS held_back FROM ends e
LEFT JOIN held h ON h.pair = e.pair
ANTI JOIN apart k ON k.profile_a = e.profile_a AND k.profile_b = e.profile_b
WHERE e.end_a <> e.end_b AND coalesce(h.held_back, '') <> 'kept_apart'
ORDER BY e.probability DESC, e.node_a, e.node_b"""
