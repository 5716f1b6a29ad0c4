from __future__ import annotations

import pytest

from foretell.collect import told
from tests.unit.collect.decoding import codes, decoded, rows, track

ODD_KEYS = [
    "", " ", ".", "a.b", "$", "$.x", "/", "~1", "'", '"', "\\", "`", "a;DROP TABLE x", "é", "Ω", "日本", "😀",
    "null", "select", "%s", "{0}", "@ts", "s:n", "row", "owner", "token", "\u0000", "\n", "x" * 500,
]  # fmt: skip


@pytest.mark.parametrize("key", ODD_KEYS)
def test_odd_keys_are_data(key: str) -> None:
    found = decoded(track(properties={key: "v", "plain": {key: 2}, "list": [{key: 3}]}))
    row = rows(found.properties)[0]
    assert row[f"s:{key}"] == "v"
    assert row[f"n:plain.{key}"] == 2_000_000
    assert rows(found.elements) == [{"array": "list", "row": 0, "ordinal": 0, f"n:{key}": 3_000_000}]
    assert codes(found) == []


def test_keys_that_differ_in_case_alone_stay_apart() -> None:
    found = decoded(track(properties={"Price": 1, "price": 2, "PRICE": "three"}))
    assert rows(found.properties) == [{"row": 0, "n:Price": 1_000_000, "n:price": 2_000_000, "s:PRICE": "three"}]


def test_mixed_types_of_one_property() -> None:
    values = [1, "two", "3.5", True, None, {"deep": 1}, [1], 1e30, 0.1234565, "-7", ""]
    found = decoded(*(track(messageId=str(i), properties={"x": value}) for i, value in enumerate(values)))
    table = found.properties.to_pylist()
    assert [(row.get("s:x"), row.get("n:x")) for row in table] == [
        (None, 1_000_000),
        ("two", None),
        ("3.5", 3_500_000),
        ("true", None),
        (None, None),
        (None, None),
        (None, None),
        (None, None),
        (None, 123_456),
        ("-7", -7_000_000),
        ("", None),
    ]
    assert table[5]["n:x.deep"] == 1_000_000
    assert '"x":1e30' in found.events["properties"][7].as_py()


def test_arrays_become_elements() -> None:
    properties = {
        "products": [{"sku": "a", "price": 1.5, "size": {"w": 2}, "tags": ["t"]}, "loose", None, [1], {}],
        "cart": {"lines": [{"sku": "b"}]},
        "colors": ["red", 7],
        "none": [],
    }
    found = decoded(track(properties=properties))
    assert sorted(rows(found.elements), key=lambda row: (row["array"], row["ordinal"])) == [
        {"array": "cart.lines", "row": 0, "ordinal": 0, "s:sku": "b"},
        {"array": "colors", "row": 0, "ordinal": 0, "s:": "red"},
        {"array": "colors", "row": 0, "ordinal": 1, "n:": 7_000_000},
        {"array": "products", "row": 0, "ordinal": 0, "s:sku": "a", "n:price": 1_500_000, "n:size.w": 2_000_000},
        {"array": "products", "row": 0, "ordinal": 1, "s:": "loose"},
        {"array": "products", "row": 0, "ordinal": 2},
        {"array": "products", "row": 0, "ordinal": 3},
        {"array": "products", "row": 0, "ordinal": 4},
    ]


def test_too_many_paths_keep_the_most_frequent_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told, "PATH_LIMIT", 3)
    found = decoded(
        track(messageId="a", properties={"often": 1, "twice": 1, "rare": 1, "items": [{"sku": 1}, {"sku": 2}]}),
        track(messageId="b", properties={"often": 1, "twice": 1, "items": [{"sku": 3, "odd": 1}]}),
        track(messageId="c", properties={"often": 1}),
    )
    assert sorted(found.properties.column_names) == ["n:often", "n:twice", "row"]
    assert sorted(found.elements.column_names) == ["array", "n:sku", "ordinal", "row"]
    (problem,) = found.problems.to_pylist()
    assert (problem["code"], problem["severity"], problem["line"]) == ("PROPERTY_LIMIT", "warning", None)
    assert "2 property paths beyond 3" in problem["message"]
    assert "'rare'" in problem["message"]
    assert "'items.odd'" in problem["message"]
    assert '"rare":1' in found.events["properties"][0].as_py()


def test_a_thousand_paths_are_within_the_limit_and_one_more_is_not() -> None:
    full = {f"k{i}": i for i in range(1_000)}
    assert codes(decoded(track(properties=full))) == []
    found = decoded(track(properties=full), track(messageId="b", properties={"zz": 1, "k1": 2}))
    assert codes(found) == ["PROPERTY_LIMIT"]
    assert found.properties.num_columns == 1_001


def test_what_is_nested_too_deep_stays_in_the_json_and_is_told() -> None:
    deep = '{"a":' * 40 + "1" + "}" * 40
    line = '{"type":"track","event":"E","userId":"u","messageId":"m","properties":{"x":1,"deep":' + deep + "}}"
    found = decoded(line)
    assert rows(found.properties) == [{"row": 0, "n:x": 1_000_000}]
    assert codes(found) == ["PROPERTY_DEPTH"]
    assert deep in found.events["properties"][0].as_py()


def test_a_depth_bomb_does_no_harm() -> None:
    bomb = '{"type":"track","event":"E","userId":"u","properties":' + '{"a":' * 20_000 + "1" + "}" * 20_001
    found = decoded(bomb, track())
    assert "m1" in found.events["message_id"].to_pylist()


def test_of_a_key_that_comes_twice_the_last_value_counts() -> None:
    line = '{"type":"track","event":"E","userId":"u","properties":{"x":1,"x":2}}'
    assert rows(decoded(line).properties) == [{"row": 0, "n:x": 2_000_000}]
