"""The set-wise enforcement finds what a checker finds that goes through the events one by one."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from foretell.collect import decode_segment
from foretell.collect.standards import StandardContext
from foretell.collect.tracking import FieldPlan, enforced
from foretell.collect.tracking.compiling import Rule, SourceRules
from tests.unit.collect.decoding import NOW
from tests.unit.collect.tracking.naive_checker import breaches, without

NAMES = ["a", "b", "ü d", "e/f"]
TYPES = ["string", "number", "integer", "boolean", "array", "object"]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([0.5, -1.25, 2.0, 1e3]),
    st.sampled_from(["", "x", "12", "true", "xy", "O1", 'q"\\', "ü"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)),
    max_leaves=6,
)
NO_TRAITS = pa.table({"row": pa.array([], pa.int64()), "token": pa.array([], pa.string())})
ACTIONS = st.sampled_from(["allow", "drop_field", "quarantine"])


def _field(*, items: int) -> st.SearchStrategy[dict[str, Any]]:
    told: dict[str, Any] = {
        "type": st.lists(st.sampled_from(TYPES), max_size=2, unique=True),
        "required": st.booleans(),
        "enum": st.lists(st.sampled_from(["x", "12", "true", True, 1, 2.0]), max_size=3),
        "on_violation": ACTIONS,
    }
    bounds = {
        "pattern": st.sampled_from(["^x", "[0-9]", "O"]),
        "minimum": st.sampled_from([-1.0, 0.5]),
        "maximum": st.sampled_from([1.0, 2.0]),
    }
    if items:
        bounds["items"] = st.dictionaries(st.sampled_from(NAMES), _field(items=items - 1), max_size=2)
    return st.fixed_dictionaries(told, optional=bounds)


FIELDS = st.dictionaries(st.sampled_from(NAMES), _field(items=3), min_size=1, max_size=4)
NESTED = st.dictionaries(st.sampled_from(["a.b", "b.ü d.a", "c"]), _field(items=0), max_size=3)


def rules_of(fields: dict[str, dict[str, Any]]) -> SourceRules:
    """The rules of an event T with these fields."""
    rules: list[Rule] = []

    def add(arrays: tuple[str, ...], name: str, told: dict[str, Any]) -> None:
        plan = FieldPlan.model_construct(**{**FieldPlan.model_validate({}).__dict__, **told, "items": {}})
        action: Any = "allow" if arrays[1:] and told["on_violation"] == "drop_field" else told["on_violation"]
        array = arrays[0] if arrays else None
        rules.append(Rule(len(rules), "p", "T", array, name, plan, None, action, arrays[1:]))
        for inner, part in told.get("items", {}).items():
            add((*arrays, name), inner, part)

    for name, told in fields.items():
        add((), name, told)
    return SourceRules(tuple(rules), {"T": tuple(rules)}, (), {}, None, None, StandardContext())


@settings(max_examples=25)
@given(
    fields=FIELDS,
    nested=NESTED,
    events=st.lists(st.dictionaries(st.sampled_from([*NAMES, "c"]), VALUES, max_size=5), min_size=1, max_size=25),
)
def test_the_same_is_found_one_by_one(
    fields: dict[str, Any], nested: dict[str, Any], events: list[dict[str, Any]]
) -> None:
    planned = {**fields, **nested}
    decoded = _decoded(events)
    found = enforced(decoded, rules_of(planned), NO_TRAITS)
    told = Counter((row["message_id"], row["field"], row["rule"]) for row in found.decoded.remarks.to_pylist())
    by_hand = {f"m{n}": set(breaches(event, planned)) for n, event in enumerate(events)}
    assert told == Counter((name, *breach) for name, all_of in by_hand.items() for breach in all_of)

    strict = {name for name, told in _flat(planned).items() if told["on_violation"] == "quarantine"}
    aside = [n for n in range(len(events)) if any(field in strict for field, _ in by_hand[f"m{n}"])]
    assert found.aside["row"].to_pylist() == aside
    assert found.decoded.events["row"].to_pylist() == list(range(len(events) - len(aside)))
    kept = [n for n in range(len(events)) if n not in aside]
    assert found.decoded.events["message_id"].to_pylist() == [f"m{n}" for n in kept]


@settings(max_examples=20)
@given(
    fields=FIELDS,
    events=st.lists(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=4), min_size=1, max_size=20),
)
def test_what_is_left_out_is_left_out_of_json_and_columns(fields: dict[str, Any], events: list[dict[str, Any]]) -> None:
    for told in _flat(fields).values():
        told["on_violation"] = "drop_field"
    found = enforced(_decoded(events), rules_of(fields), NO_TRAITS).decoded
    expected = [without(event, fields) for event in events]
    assert [json.loads(text or "{}") for text in found.events["properties"].to_pylist()] == expected
    anew = _decoded(expected)
    for name in ("properties", "elements"):
        assert _rows(getattr(found, name)) == _rows(getattr(anew, name)), name


def _flat(fields: dict[str, Any]) -> dict[str, Any]:
    inner = {
        f"{name}.{key}": part for name, told in fields.items() for key, part in _flat(told.get("items", {})).items()
    }
    return {**fields, **inner}


def _decoded(events: list[dict[str, Any]]) -> Any:
    lines = [
        json.dumps({"type": "track", "event": "T", "userId": "u", "messageId": f"m{n}", "properties": event})
        for n, event in enumerate(events)
    ]
    return decode_segment(pa.array(lines, pa.large_string()), source="s", received_at=NOW)


def _rows(table: pa.Table) -> list[dict[str, Any]]:
    """Rows without what is null."""
    return [{name: value for name, value in row.items() if value is not None} for row in table.to_pylist()]
