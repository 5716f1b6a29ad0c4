"""Tracking documents that say something wrong are refused with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from foretell import collect, definitions
from foretell.collect import CompiledPlan
from tests.unit.collect.tracking.planned import ORDERS, loaded

PROPERTY = "events:\n  Order Completed:\n    properties:\n      a: {0}\n"


def problems_of(root: Path, **plans: str) -> list[tuple[str, str, str]]:
    """Code, file with line, and sentence of everything that is wrong."""
    _, problems = loaded(root, **plans)
    return [(one.code, one.where, one.message) for one in problems]


@pytest.mark.parametrize(
    ("field", "code", "line", "message"),
    [
        ("{standard: emial}", "UNKNOWN_STANDARD", 7, "there is no standard called 'emial'"),
        ("{standard: {name: email, x: 1}}", "BAD_STANDARD_OPTION", 7, "standard email has no option 'x'"),
        ("{pattern: '(('}", "BAD_PATTERN", 7, "the pattern '((' is no regular expression: missing ): (("),
        ("{type: number, pattern: x}", "BAD_TRACKING", 7, "pattern says nothing of the type number"),
        ("{type: string, minimum: 1}", "BAD_TRACKING", 7, "minimum says nothing of the type string"),
        ("{type: integer, enum: [1.5]}", "BAD_TRACKING", 7, "the allowed value 1.5 is no integer"),
    ],
)
def test_a_field_that_cannot_be_checked(tmp_path: Path, field: str, code: str, line: int, message: str) -> None:
    (found,) = problems_of(tmp_path, shop=PROPERTY.format(field))
    assert found == (code, f"tracking/shop.yaml:{line}", message)


@pytest.mark.parametrize(
    "text",
    [
        PROPERTY.format("{type: text}"),
        PROPERTY.format("{type: string, items: {b: {}}}"),
        PROPERTY.format("{minimum: 2, maximum: 1}"),
        PROPERTY.format("{owner: {}}"),
        PROPERTY.format("{owner: {team: a, person: b}}"),
        "on_violation: report\n",
        "unplanned: maybe\n",
    ],
)
def test_a_document_that_is_none(tmp_path: Path, text: str) -> None:
    assert problems_of(tmp_path, shop=text)


def test_two_plans_may_not_claim_an_event_with_other_rules(tmp_path: Path) -> None:
    other = ORDERS.replace("minimum: 0", "minimum: 1")
    (found,) = problems_of(tmp_path, shop=ORDERS, till=other)
    assert found[:2] == ("CLAIMED_TWICE", "tracking/till.yaml:7")
    assert found[2] == "'Order Completed' is claimed by tracking shop too, with other rules, for all sources"
    assert problems_of(tmp_path, till=ORDERS) == []
    apart = [f"sources: [{name}]\n{text}" for name, text in (("web", ORDERS), ("till", other))]
    codes = {code for code, _, _ in problems_of(tmp_path, shop=apart[0], till=apart[1])}
    assert codes == {"SOURCE_UNKNOWN"}, "warnings: there is no source document of these names"


def test_what_nobody_sends_has_no_plan(tmp_path: Path) -> None:
    found = problems_of(tmp_path, shop=f"sources: [foretell, tables, erased]\n{ORDERS}")
    assert [code for code, _, _ in found] == ["BAD_TRACKING"] * 3
    assert found[2][2] == "'tables' is the source of the rows of own tables; it has no plan"


def test_a_plan_with_an_error_is_not_in_force(tmp_path: Path) -> None:
    catalog, _ = loaded(tmp_path, shop=ORDERS, bad="traits: {x: {pattern: '(('}}")
    rules = CompiledPlan(catalog).of("web")
    assert rules is not None
    assert {rule.plan for rule in rules.rules} == {"shop"}


def test_owners_and_actions_are_taken_over_from_above(tmp_path: Path) -> None:
    text = """
owner: {team: All}
on_violation: quarantine
events:
  A: {owner: {person: ada}, on_violation: drop_field, properties: {x: {items: {y: {}}}, z: {on_violation: allow}}}
  B: {properties: {o: {owner: {team: Own}, properties: {p: {}}}}}
traits: {t: {}}
"""
    catalog, problems = loaded(tmp_path, shop=text)
    assert problems == []
    found = {
        (one.event, one.field): (one.owner, one.on_violation)
        for one in collect.planned_fields(catalog.get("tracking", "shop"))
    }
    assert found == {
        ("A", "x"): ("ada", "drop_field"),
        ("A", "x.y"): ("ada", "drop_field"),
        ("A", "z"): ("ada", "allow"),
        ("B", "o"): ("Own", "quarantine"),
        ("B", "o.p"): ("Own", "quarantine"),
        ("", "traits.t"): ("All", "quarantine"),
    }


def test_the_schema_knows_the_words() -> None:
    schema = definitions.schema(collect.TRACKING)
    assert "on_violation" in str(schema)
