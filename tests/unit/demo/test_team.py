"""The demo's service team: takes every case that has lain long enough, and calls who can be called."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pyarrow as pa
import pytest

from foretell import care
from foretell.app import Workspace
from foretell.demo import team
from foretell.engine import Engine
from tests.unit.care.test_cases import CATALOG, NOW, cases, open_, opened, send

NEXT_DAY = NOW + timedelta(hours=18)
PEOPLE = ("ann", "bob", "cleo")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """Ann has an address, Bob has none, Cleo's came with an anonymous visit that was merged into her."""
    with opened(tmp_path) as engine:
        send(
            engine,
            {"type": "identify", "userId": "ann", "traits": {"email": "ann@shop.example"}},
            {"userId": "bob"},
            {"userId": "cleo"},
            {"type": "identify", "anonymousId": "a1", "traits": {"email": "cleo@shop.example"}},
            {"type": "identify", "anonymousId": "a1", "userId": "cleo"},
        )
        yield engine


def place(engine: Engine) -> Workspace:
    return cast(Workspace, SimpleNamespace(engine=engine, catalog=CATALOG))


def key_of(engine: Engine, user_id: str) -> int:
    rows = engine.ops.query(
        "SELECT coalesce(m.profile_key, i.node_key) FROM identifiers i LEFT JOIN merged m ON m.node_key = i.node_key "
        "WHERE i.kind = 'user_id' AND i.value = ?",
        (user_id,),
    )
    return int(rows[0][0])


def open_for(engine: Engine, *people: str) -> None:
    open_(engine, cases(*((f"case-{name}", key_of(engine, name), "high", 48) for name in people), owner=None))


def heard(*cases_: str, text: str | None = None) -> pa.Table:
    """What people say who answer the telephone."""
    return pa.table({"message_id": list(cases_), "text": pa.array([text] * len(cases_), pa.string())})


def told(calls: pa.Table) -> dict[str, str]:
    return dict(zip(calls["message_id"].to_pylist(), calls["address"].to_pylist(), strict=True))


def test_cases_of_people_without_an_address_are_taken_too(engine: Engine) -> None:
    open_for(engine, *PEOPLE)
    calls = team.calls(place(engine), NEXT_DAY)
    assert told(calls) == {"case-ann": "ann@shop.example", "case-bob": "", "case-cleo": "cleo@shop.example"}
    assert set(calls["channel"].to_pylist()) == {"call"}
    found = [care.show(engine, f"case-{name}") for name in PEOPLE]
    assert [(one.state, one.owner) for one in found] == [("in_progress", team.AGENT)] * 3


def test_a_case_is_left_until_it_has_lain_long_enough_and_is_taken_once(engine: Engine) -> None:
    open_for(engine, "ann")
    assert team.calls(place(engine), NEXT_DAY - timedelta(minutes=1)).num_rows == 0
    assert team.calls(place(engine), NEXT_DAY).num_rows == 1
    assert team.calls(place(engine), NEXT_DAY + timedelta(days=1)).num_rows == 0


def test_called_people_are_closed_as_reached_only_where_they_answered(engine: Engine) -> None:
    open_for(engine, "ann", "bob")
    team.calls(place(engine), NEXT_DAY)
    team.close_called(place(engine), heard("case-ann"), NEXT_DAY + timedelta(days=1))
    found = {name: care.show(engine, f"case-{name}") for name in ("ann", "bob")}
    assert {name: (one.state, one.outcome) for name, one in found.items()} == {
        "ann": ("closed", "reached"),
        "bob": ("closed", "not_reached"),
    }
