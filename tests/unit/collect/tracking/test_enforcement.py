"""What becomes of values that breach the plan, that have a normal form, and that no plan names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from foretell.collect import CompiledPlan, decode_segment
from foretell.collect.tracking import Enforced, enforced
from tests.unit.collect.decoding import NOW
from tests.unit.collect.tracking.planned import loaded, order

DOCS = pa.schema([("row", pa.int64()), ("token", pa.string())])


def held(root: Path, plan: str, *messages: dict[str, Any]) -> Enforced:
    """Messages under a plan."""
    catalog, problems = loaded(root, shop=plan)
    assert [one.headline for one in problems if one.severity == "error"] == []
    rules = CompiledPlan(catalog).of("web")
    assert rules is not None
    lines = pa.array([json.dumps(one) for one in messages], pa.large_string())
    traits = [(row, json.dumps(one["traits"])) for row, one in enumerate(messages) if one["type"] == "identify"]
    docs = pa.Table.from_pylist([{"row": row, "token": token} for row, token in traits], DOCS)
    return enforced(decode_segment(lines, source="web", received_at=NOW), rules, docs)


def told(found: Enforced) -> list[tuple[str, str, str, str | None]]:
    """Field, rule, action and example of every violation."""
    rows = found.decoded.remarks.to_pylist()
    return [(row["field"], row["rule"], row["action"], row["example"]) for row in rows]


def identify(**traits: Any) -> dict[str, Any]:
    return {"type": "identify", "userId": "u", "messageId": "i", "traits": traits}


def test_values_take_their_normal_form_and_the_raw_value_stays_in_the_json(tmp_path: Path) -> None:
    plan = "events: {Order Completed: {properties: {mail: {standard: email}, qty: {type: number, standard: number}}}}"
    found = held(tmp_path, plan, order(1, mail=" Ada@Shop.Example ", qty="12"), order(2, mail="nobody", qty=3))
    assert told(found) == [("mail", "standard", "allow", "nobody")]
    properties = found.decoded.properties.to_pylist()
    assert [row["s:mail"] for row in properties] == ["ada@shop.example", "nobody"]
    assert [row["n:qty"] for row in properties] == [12_000_000, 3_000_000]
    assert json.loads(found.decoded.events["properties"][0].as_py())["mail"] == " Ada@Shop.Example "


def test_a_number_written_as_text_breaches_its_type_unless_a_standard_reads_it(tmp_path: Path) -> None:
    plan = "events: {Order Completed: {properties: {total: {type: number}, order_id: {type: string}}}}"
    found = held(tmp_path, plan, order(1, total="12", order_id=5))
    assert told(found) == [("order_id", "type", "allow", "5"), ("total", "type", "allow", "12")]


def test_how_text_is_written_says_nothing_of_numbers(tmp_path: Path) -> None:
    plan = """
events:
  Order Completed: {properties: {total: {type: integer, standard: {name: number, decimal: ','}, maximum: 99}}}
"""
    found = held(
        tmp_path, plan, order(1, total=12.0), order(2, total="12,00"), order(3, total=1.5), order(4, total="100")
    )
    assert told(found) == [("total", "type", "allow", "1.5"), ("total", "maximum", "allow", "100")]
    assert found.decoded.properties["n:total"].to_pylist() == [12_000_000, 12_000_000, 1_500_000, 100_000_000]


def test_allowed_values_and_patterns_are_those_of_the_normal_form(tmp_path: Path) -> None:
    plan = "events: {Order Completed: {properties: {currency: {standard: currency, enum: [EUR]}}}}"
    found = held(tmp_path, plan, order(1, currency="eur"), order(2, currency="usd"))
    assert told(found) == [("currency", "enum", "allow", "USD")]


def test_a_trait_in_normal_form_is_the_identifier_too(tmp_path: Path) -> None:
    plan = "traits: {phone: {standard: {name: phone, region: DE}}}"
    found = held(tmp_path, plan, identify(phone="030 901820"))
    assert found.decoded.traits.to_pylist() == [{"row": 0, "trait": "phone", "s": "+4930901820", "n": None}]
    named = {row["kind"]: row["value"] for row in found.decoded.identifiers.to_pylist()}
    assert named == {"user_id": "u", "phone": "+4930901820"}


def test_a_second_address_stays_an_identifier_of_its_own(tmp_path: Path) -> None:
    one = identify(email="Ada <ADA@Shop.example>")
    one["context"] = {"externalIds": [{"type": "email", "id": "old@shop.example"}]}
    found = held(tmp_path, "traits: {email: {standard: email}}", one)
    emails = [row["value"] for row in found.decoded.identifiers.to_pylist() if row["kind"] == "email"]
    assert emails == ["ada@shop.example", "old@shop.example"]
    plan = "traits: {email: {format: email, on_violation: drop_field}}"
    emails = [row["value"] for row in held(tmp_path, plan, one).decoded.identifiers.to_pylist()]
    assert emails == ["u", "old@shop.example"]


def test_of_a_member_that_comes_twice_the_last_one_counts_as_in_the_columns(tmp_path: Path) -> None:
    plan = """
on_violation: drop_field
events: {Order Completed: {properties: {total: {minimum: 0}, products: {items: {price: {minimum: 0}}}}}}
"""
    catalog, _ = loaded(tmp_path, shop=plan)
    rules = CompiledPlan(catalog).of("web")
    assert rules is not None
    line = (
        '{"type":"track","event":"Order Completed","userId":"u","messageId":"m","properties":'
        '{"total":1,"total":-5,"products":[{"price":2,"price":-7},{"price":-1,"price":3}]}}'
    )
    lines = pa.array([line], pa.large_string())
    found = enforced(decode_segment(lines, source="web", received_at=NOW), rules, DOCS.empty_table())
    assert told(found) == [
        ("products.price", "minimum", "drop_field", "-7"), ("total", "minimum", "drop_field", "-5"),
    ]  # fmt: skip
    assert "n:total" not in found.decoded.properties.column_names
    assert found.decoded.elements["n:price"].to_pylist() == [None, 3_000_000]
    assert "-5" not in found.decoded.events["properties"][0].as_py()


def test_a_large_frame_is_looked_at_piece_by_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("foretell.collect.tracking.enforcing.PIECE_EVENTS", 3)
    plan = """
events: {Order Completed: {properties: {order_id: {pattern: '[0-9]$', on_violation: quarantine}, total: {maximum: 9},
  mail: {standard: email}}}}
traits: {email: {standard: email}}
"""
    messages = [order(n, total=n, order_id="x" if n == 4 else f"O{n}", mail=f"A{n}@B.de") for n in range(10)]
    messages.append(order(10, total=10))
    messages.append(identify(email="A@B.de"))
    found = held(tmp_path, plan, *messages)
    assert found.aside["row"].to_pylist() == [4]
    assert told(found) == [("order_id", "pattern", "quarantine", "x"), ("total", "maximum", "allow", "10")]
    mails = [f"a{n}@b.de" for n in range(10) if n != 4]
    assert found.decoded.properties["s:mail"].to_pylist() == [*mails, None, None]
    assert found.decoded.traits["s"].to_pylist() == ["a@b.de"]


def test_a_trait_that_is_left_out_names_nobody(tmp_path: Path) -> None:
    plan = "on_violation: drop_field\ntraits: {email: {format: email, pii: contact}}"
    bad = identify(email="x y")
    bad["context"] = {"traits": {"email": "x y", "other": 1}}
    found = held(tmp_path, plan, bad, {"type": "identify", "messageId": "n", "traits": {"email": "zz"}})
    assert [row["value"] for row in found.decoded.identifiers.to_pylist()] == ["u"]
    assert found.decoded.traits.num_rows == 0
    assert json.loads(found.decoded.events["context"][0].as_py()) == {"traits": {"other": 1}}
    assert found.aside["row"].to_pylist() == [1], "it would name nobody"
    assert told(found) == [
        ("traits.email", "format", "drop_field", "x x"), ("traits.email", "format", "quarantine", "xx"),
    ]  # fmt: skip


def test_required_traits_are_asked_of_those_who_tell_traits(tmp_path: Path) -> None:
    plan = "traits: {plan: {required: true, enum: [a]}, address: {type: object}, age: {type: integer}}"
    messages = [identify(plan="a", address={"city": "x"}, age=3), identify(address="x", age=3.5), order(1)]
    found = held(tmp_path, plan, *messages)
    assert told(found) == [
        ("traits.address", "type", "allow", "x"), ("traits.age", "type", "allow", "3.5"),
        ("traits.plan", "required", "allow", None),
    ]  # fmt: skip


def test_the_types_of_traits_are_those_of_the_json(tmp_path: Path) -> None:
    typed = {"vip": "boolean", "tags": "array", "name": "string", "n": "number"}
    plan = f"traits: {json.dumps({name: {'type': kind} for name, kind in typed.items()} | {'ok': {'enum': [True]}})}"
    good = identify(vip=True, tags=["a"], name="[x]", ok=True, n=1)
    bad = identify(vip="true", tags="[1]", name=True, ok="true", n="1")
    assert told(held(tmp_path, plan, good)) == []
    assert told(held(tmp_path, plan, {**good, "messageId": "g"}, bad)) == [
        ("traits.n", "type", "allow", "1"), ("traits.name", "type", "allow", "true"),
        ("traits.ok", "enum", "allow", "true"),
        ("traits.tags", "type", "allow", "[1]"), ("traits.vip", "type", "allow", "true"),
    ]  # fmt: skip


def test_arrays_within_elements_are_looked_at_and_stay_as_they_are(tmp_path: Path) -> None:
    sizes = "{name: {type: string, required: true}, kept: {items: {n: {maximum: 9}}}}"
    lists = f"{{lines: {{items: {{sizes: {{type: array, items: {sizes}}}}}}}}}"
    plan = f"on_violation: drop_field\nevents: {{Order Completed: {{properties: {lists}}}}}"
    lines = [{"sizes": [{"name": "s", "kept": [{"n": 3}, {"n": 12}]}, {"name": 7}]}, {"sizes": [{}]}, {"sizes": 4}]
    found = held(tmp_path, plan, order(1, lines=lines))
    assert told(found) == [
        ("lines.sizes", "type", "drop_field", "4"), ("lines.sizes.kept.n", "maximum", "allow", "12"),
        ("lines.sizes.name", "required", "allow", None), ("lines.sizes.name", "type", "allow", "7"),
    ]  # fmt: skip
    assert json.loads(found.decoded.events["properties"][0].as_py())["lines"] == [*lines[:2], {}]


@pytest.mark.parametrize(
    ("word", "event", "seen"),
    [
        ("allow", [], []),
        ("report", [("", "unplanned", "allow")], [("more", "unplanned", "allow")]),
        ("drop_field", [("", "unplanned", "allow")], [("more", "unplanned", "drop_field")]),
        ("quarantine", [("", "unplanned", "quarantine")], [("more", "unplanned", "quarantine")]),
    ],
)
def test_what_no_plan_names(tmp_path: Path, word: str, event: list[Any], seen: list[Any]) -> None:
    plan = f"unplanned: {word}\nevents: {{Order Completed: {{properties: {{order_id: {{}}, total: {{}}}}}}}}"
    other = {**order(2), "event": "Other"}
    page = {"type": "page", "userId": "u", "name": "Home", "messageId": "p"}
    found = held(tmp_path, plan, order(1, more={"x": 1}), other, page)
    assert [one[:3] for one in told(found)] == seen + event
    kept = json.loads(found.decoded.events["properties"][0].as_py())
    assert ("more" in kept) == (word in ("allow", "report"))


def test_examples_of_personal_fields_are_masked(tmp_path: Path) -> None:
    plan = "events: {Order Completed: {properties: {note: {pattern: '^z', pii: contact}}}}"
    assert told(held(tmp_path, plan, order(1, note="Ädä-7@x")))[0][3] == "xxx-0@x"


def test_a_field_left_out_of_an_element_stays_in_the_others(tmp_path: Path) -> None:
    plan = """
on_violation: drop_field
events:
  Order Completed: {properties: {o.list: {items: {sku: {type: string}}}}}
"""
    found = held(tmp_path, plan, order(1, o={"list": [{"sku": 1, "q": 1}, 7, {"sku": "b"}], "k": 2}))
    properties = json.loads(found.decoded.events["properties"][0].as_py())
    assert properties["o"] == {"list": [{"q": 1}, 7, {"sku": "b"}], "k": 2}
    assert found.decoded.elements["s:sku"].to_pylist() == [None, None, "b"]
    assert found.decoded.elements.column_names[-1] != "n:sku"


def test_without_a_plan_for_the_source_nothing_is_looked_at(tmp_path: Path) -> None:
    catalog, _ = loaded(tmp_path, shop="sources: [web]\ntraits: {a: {required: true}}")
    assert CompiledPlan(catalog).of("till") is None
    assert CompiledPlan().of("web") is None
