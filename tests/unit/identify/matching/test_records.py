"""Records: which traits tell which field, how values are written alike, and what is compared with what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from foretell import profile
from foretell.engine import table_of
from foretell.identify.matching.blocking import FRESH, affordable, candidates
from foretell.identify.matching.document import Compare, MatchField, MatchingSpec
from foretell.identify.matching.fields import fields_of
from foretell.identify.matching.levels import levels_of
from foretell.identify.matching.records import known_fields, read_records
from foretell.identify.rules import IdentityRules
from tests.support.small_events import NOW, event, frame, open_small

RECORDS = {"node_key": pa.int64(), "city": pa.string(), "email": pa.string(), FRESH: pa.bool_()}


def records(folder: Path, *people: dict[str, Any], spec: MatchingSpec | None = None) -> list[dict[str, Any]]:
    """The records that people with these traits make."""
    spec = spec or MatchingSpec()
    with open_small(folder) as engine:
        told = [
            event(
                "Told",
                f"m{n}",
                n,
                ids={"card": f"c{n}", **({"email": one["email"]} if "email" in one else {})},
                traits=one,
            )
            for n, one in enumerate(people)
        ]
        engine.spool_append([frame(told)])
        engine.apply_pending()
        traits = profile.NodeTraits(engine, NOW)
        found = read_records(engine, spec, known_fields(engine, spec, traits), traits, IdentityRules())
    return [
        {k: v for k, v in row.items() if k not in ("node_key", "fingerprint", "known_as")} for row in found.to_pylist()
    ]


def test_usual_traits_are_found_whatever_their_spelling() -> None:
    names = ["firstName", "Last Name", "address.postalCode", "shipping_address.city", "dob", "shoe_size"]
    found = {field.name: field.traits for field in fields_of(MatchingSpec(), names, [])}
    assert found == {
        "given_name": ("firstName",),
        "family_name": ("Last Name",),
        "birth_date": ("dob",),
        "city": ("shipping_address.city",),
        "postcode": ("address.postalCode",),
    }


def test_values_are_written_alike(tmp_path: Path) -> None:
    person = {
        "first_name": " Zoë ", "last_name": "O'Neill-Smith", "email": "Zoe@Shop.Example ", "phone": "+49 (0)151 23",
        "dob": "1990-02-03T00:00:00Z", "postcode": "SW1A 1aa", "street": "High  Street, 5", "house_number": "1",
    }  # fmt: skip
    assert records(tmp_path, person) == [
        {
            "given_name": "zoe", "family_name": "oneillsmith", "email": "zoe@shop.example", "phone": "49015123",
            "birth_date": "19900203", "postcode": "sw1a1aa", "street": "high street 5", "house_number": "1",
        }
    ]  # fmt: skip


def test_a_full_name_stands_for_both(tmp_path: Path) -> None:
    found = records(tmp_path, {"name": "Ada King Lovelace"}, {"name": "Ada"}, {"name": "A B", "surname": "Byron"})
    assert [(row["given_name"], row["family_name"]) for row in found] == [
        ("ada", "lovelace"), ("ada", None), ("a", "byron"),
    ]  # fmt: skip


def test_a_full_name_of_ones_own_is_taken_apart_too(tmp_path: Path) -> None:
    spec = MatchingSpec(keep_defaults=False, fields={"full_name": MatchField(traits=("who",), compare="name")})
    assert records(tmp_path, {"who": "Ada Lovelace", "city": "Bonn"}, spec=spec) == [
        {"given_name": "ada", "family_name": "lovelace"}
    ]


def test_a_field_may_be_called_like_a_word_of_sql(tmp_path: Path) -> None:
    spec = MatchingSpec(keep_defaults=False, fields={"order": MatchField(traits=("number",), compare="code")})
    assert records(tmp_path, {"number": "A 1"}, spec=spec) == [{"order": "a1"}]


def test_a_field_may_not_be_called_like_a_column_of_records() -> None:
    with pytest.raises(ValueError, match="a column fresh of its own"):
        MatchingSpec(fields={"fresh": MatchField(traits=("fresh",))})


def test_numbers_are_read_as_they_are_written(tmp_path: Path) -> None:
    assert records(tmp_path, {"ssn": 7_364_009, "zip": 4814}) == [{"national_id": "7364009", "postcode": "4814"}]


def test_values_that_say_nothing_are_left_out(tmp_path: Path) -> None:
    assert records(tmp_path, {"city": "Unknown", "surname": "--", "given_name": "Ann"}) == [
        {"given_name": "ann", "family_name": None, "city": None}
    ]


def test_only_records_of_the_named_sources_take_part(tmp_path: Path) -> None:
    assert records(tmp_path, {"city": "Bonn"}, spec=MatchingSpec(sources=("till",))) == []


def test_own_fields_come_from_traits_and_identifiers() -> None:
    spec = MatchingSpec(
        keep_defaults=False,
        fields={"card": MatchField(identifiers=("card",), compare="code"), "pet": MatchField(traits=("pet",))},
    )
    found = fields_of(spec, ["pet", "city"], ["card"])
    assert [(field.name, field.traits, field.identifiers) for field in found] == [
        ("card", (), ("card",)), ("pet", ("pet",), ()),
    ]  # fmt: skip
    assert candidates(spec, found) == [("card",), ("card:start",), ("card:end",), ("pet",)]


@pytest.mark.parametrize("compare", ["name", "text", "email", "phone", "date", "code", "number", "exact"])
def test_levels_begin_with_the_same_and_share_out_one(compare: Compare) -> None:
    spec = MatchingSpec(keep_defaults=False, fields={"x": MatchField(traits=("x",), compare=compare)})
    levels = levels_of(fields_of(spec, ["x"], [])[0])
    assert sum(level.m for level in levels) == pytest.approx(1)
    assert (levels[0].label, levels[-1].sql) == ("the same", "")


def test_broad_rules_are_left_out() -> None:
    rows = table_of(RECORDS, [(n, "bonn", f"a{n // 2}@x.example", True) for n in range(1_000)])
    assert [(rule.parts, rule.pairs) for rule in affordable([("city",), ("email",)], rows, 10_000_000)] == [
        (("email",), 500)
    ]


def test_only_pairs_with_a_fresh_record_count() -> None:
    rows = table_of(RECORDS, [(n, "bonn", "", n == 3) for n in range(5)])
    assert [rule.pairs for rule in affordable([("city",)], rows, 100)] == [4]
