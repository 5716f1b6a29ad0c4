"""From pairs to people: who becomes one, with guards against gluing.

Profiles that likely pairs connect form components. Nearly all hold two profiles: these are joined at once unless
together they break a limit or are kept apart. Larger ones are walked pair by pair, the likeliest first
(:mod:`.walking`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import integers, python_rows, scratch, table_of
from foretell.identify.matching.walking import KEPT_APART, Walk

Ints = npt.NDArray[np.int64]

MERGES = pa.schema([("loser_key", pa.int64()), ("winner_key", pa.int64()), ("pair", pa.int64())])
_HELD = pa.schema([("pair", pa.int64()), ("held_back", pa.string())])
_LIMITS = {"kind": pa.string(), "most": pa.int64()}


@dataclass(frozen=True)
class Standing:
    """What is known of the profiles of pairs.

    Args:
        counts: ``profile_key kind count``: their identifiers.
        apart: ``profile_a profile_b``: who may not become one, the smaller key first.
        limit: the most identifiers of a kind in one profile.
    """

    counts: pa.Table
    apart: pa.Table
    limit: Callable[[str], int]


@dataclass(frozen=True)
class Clusters:
    """What pairs come to.

    Args:
        merges: ``loser_key winner_key pair``: the row of the pair that is the evidence.
        held_back: ``pair held_back``: why a likely pair was not joined: ``limit:KIND``, ``kept_apart`` or ``chain``.
    """

    merges: pa.Table
    held_back: pa.Table


def cluster(pairs: pa.Table, standing: Standing, *, join_from: float) -> Clusters:
    """Who becomes one.

    Args:
        pairs: ``profile_a profile_b probability objection``, each pair of profiles once (the smaller key first), the
            likeliest first; those below ``join_from`` or with an objection join nobody, they say who else is alike.
    """
    rows = pairs.append_column("pair", pa.array(np.arange(pairs.num_rows, dtype=np.int64)))
    rows = rows.append_column("strong", pc.and_(pc.greater_equal(pairs["probability"], join_from), _free(pairs)))
    strong = rows.filter(rows["strong"])
    if not strong.num_rows:
        return Clusters(MERGES.empty_table(), _HELD.empty_table())
    members = _components(strong)
    limits = _limits(standing)
    tables = {
        "strong": strong, "members": members, "counts": standing.counts, "limits": limits, "apart": standing.apart,
    }  # fmt: skip
    twos = scratch(_TWOS, tables, {"kept_apart": KEPT_APART})
    joined = twos.filter(pa.array(twos["held_back"].is_null().to_numpy()))
    merges = joined.select(["loser_key", "winner_key", "pair"]).cast(MERGES)
    held = twos.filter(pa.array(twos["held_back"].is_valid().to_numpy())).select(["pair", "held_back"]).cast(_HELD)
    walked = _walked(scratch(_LARGER, {"rows_found": rows, "members": members}), standing)
    return Clusters(pa.concat_tables([merges, walked.merges]), pa.concat_tables([held, walked.held_back]))


def _walked(larger: pa.Table, standing: Standing) -> Clusters:
    """The components with more than two profiles."""
    walk = Walk(standing.limit)
    concerned = scratch("SELECT profile_a AS profile_key FROM t UNION SELECT profile_b FROM t", {"t": larger})
    near = {"p": concerned, "counts": standing.counts, "apart": standing.apart}
    for key, kind, count in python_rows(scratch("SELECT c.* FROM counts c SEMI JOIN p USING (profile_key)", near)):
        walk.hold(key, kind, count)
    both = "SELECT a.profile_a, a.profile_b FROM apart a SEMI JOIN p ON p.profile_key = a.profile_a"
    for one, other in python_rows(scratch(both, near)):
        walk.keep_apart(one, other)
    for one, other, _, _ in python_rows(larger):
        walk.alike(one, other)
    for one, other, strong, pair in python_rows(larger):
        if strong:
            walk.join(one, other, pair)
    return Clusters(
        table_of(dict(zip(MERGES.names, MERGES.types, strict=True)), walk.merges()),
        table_of(dict(zip(_HELD.names, _HELD.types, strict=True)), sorted(walk.held_back.items())),
    )


def _free(pairs: pa.Table) -> pa.Array | pa.ChunkedArray:
    return pc.is_null(pairs["objection"])


def _limits(standing: Standing) -> pa.Table:
    kinds = sorted(set(standing.counts["kind"].to_pylist()))
    return table_of(_LIMITS, [(kind, standing.limit(kind)) for kind in kinds])


def _components(edges: pa.Table) -> pa.Table:
    """``profile_key component`` of everybody in ``edges``; labels spread to the smallest in reach."""
    left, right = integers(edges["profile_a"]), integers(edges["profile_b"])
    profiles, index = np.unique(np.concatenate([left, right]), return_inverse=True)
    one, other = index[: len(left)], index[len(left) :]
    label: Ints = np.arange(len(profiles))
    while True:
        least = np.minimum(label[one], label[other])
        spread = label.copy()
        for places in (one, other, label[one], label[other]):
            np.minimum.at(spread, places, least)
        spread = spread[spread]
        if np.array_equal(spread, label):
            break
        label = spread
    return pa.table({"profile_key": profiles, "component": label})


_SIZES = "sizes AS (SELECT component, count(*) AS size FROM members GROUP BY component)"
_TWOS = f"""
WITH {_SIZES},
     twos AS (SELECT s.profile_a, s.profile_b, s.pair FROM strong s JOIN members m ON m.profile_key = s.profile_a
        JOIN sizes z ON z.component = m.component WHERE z.size = 2),
     over AS (SELECT t.pair, min(c.kind) AS kind FROM (
            SELECT t.pair, c.kind, sum(c.count) AS total FROM twos t
            JOIN counts c ON c.profile_key IN (t.profile_a, t.profile_b) GROUP BY t.pair, c.kind) c
        JOIN twos t ON t.pair = c.pair JOIN limits l ON l.kind = c.kind WHERE c.total > l.most GROUP BY t.pair)
SELECT t.profile_b AS loser_key, t.profile_a AS winner_key, t.pair,
    CASE WHEN a.profile_a IS NOT NULL THEN $kept_apart WHEN o.kind IS NOT NULL THEN 'limit:' || o.kind END AS held_back
FROM twos t LEFT JOIN over o ON o.pair = t.pair
LEFT JOIN apart a ON a.profile_a = t.profile_a AND a.profile_b = t.profile_b ORDER BY t.pair"""
_LARGER = f"""
WITH {_SIZES}
SELECT r.profile_a, r.profile_b, r.strong, r.pair FROM rows_found r
JOIN members a ON a.profile_key = r.profile_a JOIN members b ON b.profile_key = r.profile_b
JOIN sizes z ON z.component = a.component WHERE a.component = b.component AND z.size > 2
ORDER BY r.pair"""
