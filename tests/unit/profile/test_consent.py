"""Consent: the latest word, the stricter of one instant, purposes, garbage, merges, forgetting."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from foretell.engine import Batch, Engine, Tx
from foretell.identify import find
from foretell.profile import Consent, ProfileStage, consents, show
from tests.support.small_events import NOW, event, frame, open_small

ANN, BOB = {"user_id": "ann"}, {"user_id": "bob"}
States = dict[tuple[str, str], str]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_small(tmp_path) as opened:
        yield opened


def apply(engine: Engine, *events: dict[str, Any]) -> None:
    engine.spool_append([frame(events)])
    engine.apply_pending()


def said(
    state: str, message_id: str, at: float, purpose: str | None = "marketing", ids: Any = None, **more: Any
) -> dict[str, Any]:
    properties = {"channel": "email", "purpose": purpose, "state": state, **more}
    return event("Consent Updated", message_id, at, ids=ids or ANN, properties=properties)


def left(message_id: str, at: float, ids: Any = None, **properties: Any) -> dict[str, Any]:
    return event("Unsubscribed", message_id, at, ids=ids or ANN, properties=properties)


def states(engine: Engine, who: str = "user_id:ann") -> States:
    """By channel and purpose; the view says the same as the operational table."""
    match = find(engine, who)
    rows = consents(engine.ops, pa.array([match.profile_key])).to_pylist()
    found = {(row["channel"], row["purpose"]): row["state"] for row in rows}
    view = engine.analytics.query(
        "SELECT channel, purpose, state, ts, source FROM consents WHERE profile_id = $p ORDER BY channel, purpose",
        {"p": match.profile_id},
    ).to_pylist()
    assert view == [{name: row[name] for name in ("channel", "purpose", "state", "ts", "source")} for row in rows]
    return found


def test_the_latest_word_counts_in_whatever_order_words_come(engine: Engine) -> None:
    words = [("granted", 1), ("denied", 3), ("granted", 2)]
    for number, order in enumerate(permutations(words)):
        ids = {"user_id": f"p{number}"}
        for place, (state, at) in enumerate(order):
            apply(engine, said(state, f"{number}-{place}", at, ids=ids))
        assert states(engine, f"user_id:p{number}") == {("email", "marketing"): "denied"}
    apply(engine, said("granted", "again", 4, ids={"user_id": "p0"}))
    assert states(engine, "user_id:p0") == {("email", "marketing"): "granted"}


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("order", [("granted", "denied"), ("denied", "granted")])
def test_of_one_instant_the_stricter_counts(engine: Engine, order: tuple[str, ...], together: bool) -> None:
    words = [said(state, f"m{place}", 1) for place, state in enumerate(order)]
    for batch in [words] if together else [[word] for word in words]:
        apply(engine, *batch)
    assert states(engine) == {("email", "marketing"): "denied"}


def test_channels_and_purposes_are_apart_and_read_without_case(engine: Engine) -> None:
    apply(
        engine,
        said("Granted ", "a", 1, " Marketing"),
        said("granted", "b", 1, "service"),
        said("denied", "c", 2, channel="SMS"),
        said("granted", "d", 1, ids=BOB),
    )
    assert states(engine) == {
        ("email", "marketing"): "granted", ("email", "service"): "granted", ("sms", "marketing"): "denied",
    }  # fmt: skip
    assert states(engine, "user_id:bob") == {("email", "marketing"): "granted"}


def test_unsubscribed_without_a_purpose_denies_all_of_the_channel_but_service(engine: Engine) -> None:
    apply(
        engine,
        said("granted", "a", 1),
        said("granted", "b", 1, "newsletter"),
        said("granted", "c", 1, "service"),
        said("granted", "d", 1, channel="sms"),
    )
    apply(engine, left("e", 5))
    denied = {("email", "marketing"): "denied", ("email", "newsletter"): "denied"}
    kept = {("email", "service"): "granted", ("sms", "marketing"): "granted"}
    assert states(engine) == denied | kept
    apply(engine, said("granted", "late", 4, "tips"), said("granted", "new", 6, "news"))
    assert states(engine) == denied | kept | {("email", "tips"): "denied", ("email", "news"): "granted"}
    apply(engine, left("f", 7, channel="sms", purpose="marketing"))
    assert states(engine)["sms", "marketing"] == "denied"


def test_unsubscribed_alone_denies_marketing(engine: Engine) -> None:
    apply(engine, left("a", 1))
    assert states(engine) == {("email", "marketing"): "denied"}
    card = show(engine, find(engine, "user_id:ann"))
    assert card.consents == [Consent("email", "marketing", "denied", NOW + timedelta(hours=1), "test")]


def test_what_is_no_word_is_kept_in_the_history_and_changes_nothing(engine: Engine) -> None:
    apply(engine, said("granted", "good", 1, source="checkout", basis="double opt-in"))
    odd = ["yes", "", "opt-in", "granteddenied", "true", 1, None, True]
    apply(engine, *(said(state, f"m{place}", 5) for place, state in enumerate(odd)))  # type: ignore[arg-type]
    apply(engine, said("granted", "x", 6, None), said("granted", "y", 6, channel=""), said("granted", "z", 6, "*"))
    assert states(engine) == {("email", "marketing"): "granted"}
    rows = engine.analytics.query("SELECT state, count(*) AS n FROM consent_rows GROUP BY state ORDER BY state")
    assert rows.to_pylist() == [{"state": "granted", "n": 1}, {"state": "unknown", "n": len(odd) + 3}]
    view = engine.analytics.query("SELECT source, basis FROM consents").to_pylist()
    assert view == [{"source": "checkout", "basis": "double opt-in"}]
    apply(engine, said("denied", "all", 7, None))
    assert states(engine) == {("email", "marketing"): "denied"}


def test_words_without_any_property_or_person_are_harmless(engine: Engine) -> None:
    apply(engine, event("Consent Updated", "a", 1, ids=ANN), event("Unsubscribed", "b", 1, ids={"user_id": "unknown"}))
    assert states(engine) == {}
    assert engine.ops.query("SELECT count(*) FROM consent_words") == [(0,)]


@pytest.mark.parametrize("strict_first", [True, False])
def test_a_merge_keeps_the_stricter_until_a_later_word(engine: Engine, strict_first: bool) -> None:
    one, two = {"anonymous_id": "d1"}, {"anonymous_id": "d2"}
    first, second = ("denied", "granted") if strict_first else ("granted", "denied")
    apply(engine, said(first, "a", 1, ids=one), said(second, "b", 2, ids=two), said("granted", "c", 1, "tips", ids=two))
    apply(engine, event("Seen", "x", 3, ids=one | {"email": "a@x.example"}))
    apply(engine, event("Seen", "y", 4, ids=two | {"email": "a@x.example"}))
    both = {("email", "marketing"): "denied", ("email", "tips"): "granted"}
    assert states(engine, "a@x.example") == both
    apply(engine, said("granted", "late", 1.5, ids=two))
    assert states(engine, "a@x.example") == both
    apply(engine, said("granted", "again", 5, ids=two))
    assert states(engine, "a@x.example") == both | {("email", "marketing"): "granted"}


def test_three_people_become_one(engine: Engine) -> None:
    devices = [{"anonymous_id": f"d{number}"} for number in range(3)]
    words = ("granted", "denied", "granted")
    apply(engine, *(said(word, f"w{n}", n, ids=devices[n]) for n, word in enumerate(words)))
    apply(
        engine, *(event("Seen", f"x{n}", 9, ids=device | {"email": "a@x.example"}) for n, device in enumerate(devices))
    )
    assert states(engine, "a@x.example") == {("email", "marketing"): "denied"}
    assert engine.ops.query("SELECT count(*) FROM consent_words") == [(3,)]


def test_consents_of_many_and_of_nobody(engine: Engine) -> None:
    apply(engine, *(said("granted", f"m{n}", n % 3, ids={"user_id": f"u{n}"}) for n in range(300)))
    with engine.ops.write() as tx:
        found = consents(tx, pa.chunked_array([list(range(1, 301)), [1, 2, None]], pa.int64()))
    assert found.num_rows == 300
    assert found["profile_key"].to_pylist() == list(range(1, 301))
    assert found.schema.field("ts").type == pa.timestamp("us")
    assert consents(engine.ops, pa.array([], pa.int64())).num_rows == 0


def test_forgetting_takes_consent_along(engine: Engine) -> None:
    apply(engine, said("granted", "a", 1), left("b", 1, ids=BOB))
    match = find(engine, "user_id:ann")
    with engine.ops.write() as tx:
        ProfileStage().erase(tx, pa.table({"profile_key": [match.profile_key]}))
    kept = engine.ops.query("SELECT DISTINCT node_key FROM consent_words")
    assert kept == [(find(engine, "user_id:bob").profile_key,)]


def test_own_events_are_heard_like_others(engine: Engine) -> None:
    apply(engine, said("granted", "a", 1))
    key = find(engine, "user_id:ann").profile_key

    def leave(_: Tx, batch: Batch) -> None:
        at = (NOW + timedelta(hours=2)).replace(tzinfo=None)
        batch.tell(
            pa.table(
                {
                    "message_id": ["own-1"], "event": ["Unsubscribed"], "ts": pa.array([at], pa.timestamp("us")),
                    "node_key": pa.array([key], pa.int64()), "channel": ["email"], "purpose": ["marketing"],
                }
            )
        )  # fmt: skip

    engine.act("deliver", leave, now=NOW + timedelta(hours=2))
    assert states(engine) == {("email", "marketing"): "denied"}
    assert show(engine, find(engine, "user_id:ann")).consents[0].source == "foretell"
