"""Finding a person by any identifier."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from foretell.engine import Engine
from foretell.errors import UsageError
from foretell.identify import find
from tests.support.small_events import event, frame, open_small

IDS = [
    {"user_id": "17850", "email": "ann@x.example"},
    {"phone": "17850"},
    {"user_id": "auth0|1:2", "card": "77"},
    {"anonymous_id": "d1"},
    {"anonymous_id": "d2"},
    {"user_id": "p_like an id"},
]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_small(tmp_path) as opened:
        opened.spool_append([frame([event("Seen", f"m{n}", n, ids=ids) for n, ids in enumerate(IDS)])])
        opened.apply_pending()
        yield opened


@pytest.mark.parametrize(
    ("written", "key", "kind"),
    [
        ("user_id:17850", 1, "user_id"),
        ("phone:17850", 2, "phone"),
        ("ann@x.example", 1, "email"),
        (" Ann@X.Example ", 1, "email"),
        ("email:ANN@x.example", 1, "email"),
        ("Ann Lee <ann@X.example>", 1, "email"),
        ("card:77", 3, "card"),
        ("77", 3, "card"),
        ("auth0|1:2", 3, "user_id"),
        ("user_id:auth0|1:2", 3, "user_id"),
        ("d1", 4, "anonymous_id"),
        ("p_like an id", 6, "user_id"),
    ],
)
def test_by_type_and_value_or_by_the_bare_value(engine: Engine, written: str, key: int, kind: str) -> None:
    match = find(engine, written)
    assert (match.profile_key, match.kind) == (key, kind)
    assert match.profile_id.startswith("p_")


def test_by_the_public_id(engine: Engine) -> None:
    one = find(engine, "user_id:17850")
    match = find(engine, one.profile_id)
    assert (match.profile_key, match.profile_id, match.kind) == (1, one.profile_id, "profile_id")


def test_after_a_merge_every_id_leads_to_the_one_person(engine: Engine) -> None:
    first, second = find(engine, "d1"), find(engine, "d2")
    engine.spool_append([frame([event("Seen", f"x{n}", ids={"email": "d@x.example", "anonymous_id": f"d{n}"})
                                for n in (1, 2)])])  # fmt: skip
    engine.apply_pending()
    for written in ("d1", "d2", "d@x.example", first.profile_id, second.profile_id):
        found = find(engine, written)
        assert (found.profile_key, found.profile_id) == (first.profile_key, first.profile_id), written


def test_several_people_are_listed(engine: Engine) -> None:
    with pytest.raises(UsageError) as caught:
        find(engine, "17850")
    assert (caught.value.code, caught.value.exit_status) == ("PROFILE_AMBIGUOUS", 2)
    assert "2 people" in caught.value.what
    assert "phone:17850, user_id:17850" in caught.value.what
    assert "phone:17850" in caught.value.next_step


def test_two_identifiers_of_one_person_are_one_match(engine: Engine) -> None:
    engine.spool_append([frame([event("Seen", "x", ids={"user_id": "same", "card": "same"})])])
    engine.apply_pending()
    assert find(engine, "same").profile_key == 7


@pytest.mark.parametrize(
    "written", ["nobody", "user_id:nobody", "p_00000000000000000000", "", "user_id:", "%", "' OR 1=1 --"]
)
def test_nobody_is_said(engine: Engine, written: str) -> None:
    with pytest.raises(UsageError) as caught:
        find(engine, written)
    assert (caught.value.code, caught.value.exit_status) == ("PROFILE_UNKNOWN", 2)
    assert repr(written) in caught.value.what
    assert "TYPE:VALUE" in caught.value.next_step
