"""A model as settings for Splink."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from foretell.identify.matching.fields import Field
from foretell.identify.matching.levels import Level, levels_of
from foretell.identify.matching.model import Learnt, Model


def settings_of(model: Model, rules: Sequence[str]) -> dict[str, Any]:
    """``model`` with ``rules`` for blocking."""
    return settings(model.fields, rules, model.levels, model.prior)


def settings(
    fields: Sequence[Field],
    rules: Sequence[str],
    learnt: Mapping[str, Sequence[Learnt]] | None = None,
    prior: float = 0.0001,
) -> dict[str, Any]:
    """Settings for Splink; without ``learnt`` those that training begins with."""
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "node_key",
        "retain_matching_columns": True,
        "retain_intermediate_calculation_columns": True,
        "probability_two_random_records_match": prior,
        "blocking_rules_to_generate_predictions": list(rules),
        "comparisons": [_comparison(field, None if learnt is None else learnt[field.name]) for field in fields],
    }


def _comparison(field: Field, learnt: Sequence[Learnt] | None) -> dict[str, Any]:
    nothing = " OR ".join(f'"{field.name}_{side}" IS NULL' for side in ("l", "r"))
    levels: list[dict[str, Any]] = [{"sql_condition": nothing, "label_for_charts": "not told", "is_null_level": True}]
    for place, level in enumerate(levels_of(field)):
        levels.append(_level(field, level, learnt[place] if learnt is not None else None))
    return {"output_column_name": field.name, "comparison_levels": levels}


def _level(field: Field, level: Level, learnt: Learnt | None) -> dict[str, Any]:
    told: dict[str, Any] = {"sql_condition": level.sql or "ELSE", "label_for_charts": level.label}
    told["m_probability"] = learnt.m if learnt is not None else level.m
    if learnt is not None:
        told["u_probability"] = learnt.u
    if level.by_frequency:
        told["tf_adjustment_column"] = field.name
        told["tf_minimum_u_value"] = 1e-5
    return told
