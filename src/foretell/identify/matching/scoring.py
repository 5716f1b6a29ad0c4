"""How likely pairs of records are one person's, with what each field has to say."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import linkage, scratch
from foretell.identify.matching.blocking import FRESH, Rule
from foretell.identify.matching.levels import levels_of
from foretell.identify.matching.linker import linker_on, registered
from foretell.identify.matching.model import Model
from foretell.identify.matching.splink_settings import settings_of

if TYPE_CHECKING:
    from splink.internals.splink_dataframe import SplinkDataFrame

UNLIKELY = 0.001
"""Pairs below this probability are left out."""


def pairs_within(model: Model, records: pa.Table, rules: Sequence[Rule]) -> pa.Table:
    """Pairs that hold a fresh record and are not unlikely.

    Args:
        records: with ``fresh``; how frequent a value is, is counted over all of them.

    Returns:
        ``node_a node_b`` (the smaller first), ``weight`` (log2 of the Bayes factor, the prior left out),
        ``probability``, and for each field ``w_FIELD`` (its part of the weight) and ``g_FIELD`` (number of its
        level, the most alike has the highest; -1: not told); ordered by the nodes.
    """
    fresh = records.filter(records[FRESH])
    if records.num_rows < 2 or not fresh.num_rows or not rules:
        return _shaped(model, None)
    with linkage() as place:
        linker = linker_on(registered(place, records), settings_of(model, [rule.sql for rule in rules]))
        for field in model.fields:
            if levels_of(field)[0].by_frequency:
                linker.table_management.compute_tf_table(field.name)
        new = registered(place, fresh)
        inside = linker.inference.predict_within(new, threshold_match_probability=UNLIKELY, warning_mode="never")
        parts = [_table(inside)]
        if fresh.num_rows < records.num_rows:
            others = registered(place, records.filter(pc.invert(records[FRESH])))
            between = linker.inference.predict_between(
                new, others, threshold_match_probability=UNLIKELY, warning_mode="never"
            )
            parts.append(_table(between))
    return _shaped(model, pa.concat_tables(parts, promote_options="permissive"))


def _table(found: SplinkDataFrame) -> pa.Table:
    read: Callable[[], pa.Table] = found.as_pyarrow_table
    return read()


def with_prior(scored: pa.Table, prior: float) -> pa.Table:
    """``scored`` with the probabilities that another prior gives; unlikely pairs are left out."""
    return scratch(
        "SELECT * REPLACE (1.0 / (1.0 + (1.0 - $prior) / $prior * pow(2.0, -weight)) AS probability) FROM s "
        "WHERE 1.0 / (1.0 + (1.0 - $prior) / $prior * pow(2.0, -weight)) >= $least",
        {"s": scored},
        {"prior": prior, "least": UNLIKELY},
    )


def _shaped(model: Model, found: pa.Table | None) -> pa.Table:
    names = [field.name for field in model.fields]
    if found is None:
        kinds = {"node_a": pa.int64(), "node_b": pa.int64(), "weight": pa.float64(), "probability": pa.float64()}
        kinds |= {f"w_{name}": pa.float64() for name in names} | {f"g_{name}": pa.int64() for name in names}
        return pa.schema(list(kinds.items())).empty_table()
    weights = {name: _weight(name, found.column_names) for name in names}
    prior = math.log2(model.prior / (1.0 - model.prior))
    told = ", ".join(f'CAST(round({weights[name]}, 4) AS DOUBLE) AS "w_{name}"' for name in names)
    levels = ", ".join(f'CAST("gamma_{name}" AS BIGINT) AS "g_{name}"' for name in names)
    return scratch(
        "SELECT least(node_key_l, node_key_r) AS node_a, greatest(node_key_l, node_key_r) AS node_b, "
        "CAST(round(match_weight - $prior, 4) AS DOUBLE) AS weight, "
        f"CAST(round(match_probability, 9) AS DOUBLE) AS probability, {told}, {levels} FROM f ORDER BY node_a, node_b",
        {"f": found},
        {"prior": prior},
    )


def _weight(name: str, columns: Sequence[str]) -> str:
    parts = [f'"{column}"' for column in (f"mw_{name}", f"mw_tf_adj_{name}") if column in columns]
    return " + ".join(parts)
