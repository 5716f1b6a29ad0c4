"""What messages cause in the shop's world, and what they leave alone."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from foretell.demo.shop import ShopWorld, shop_truth
from foretell.errors import UsageError
from tests.unit.demo.worlds import in_state, mails, named, run, world_of

HISTORY = 240


@pytest.fixture(scope="module")
def small() -> ShopWorld:
    return world_of(300, days=HISTORY)


@pytest.fixture(scope="module")
def large() -> ShopWorld:
    return world_of(1200, days=HISTORY)


def test_a_message_leaves_everybody_else_and_everything_before_as_it_was(small: ShopWorld) -> None:
    without, with_it = small.fork(), small.fork()
    people = in_state(with_it, "gone", "drifting")[:40]
    later = timedelta(hours=30)
    messages = mails(with_it, people, after=later)
    sent_at = (with_it.now + later).replace(tzinfo=None)
    plain = run(without, hours=24 * 40, step_hours=6).events
    treated = run(with_it, hours=24 * 40, step_hours=24, messages=messages).events
    assert not plain.equals(treated)

    def untouched(events: pa.Table) -> pa.Table:
        theirs = pc.is_in(events["person"], pa.array(people, pa.int32()))
        return events.filter(pc.or_(pc.invert(theirs), pc.less(events["ts"], sent_at)))

    assert untouched(plain).equals(untouched(treated))


def test_who_does_not_see_a_message_lives_as_without_it(small: ShopWorld) -> None:
    without, with_it = small.fork(), small.fork()
    people = in_state(with_it, "gone", "drifting")
    messages = mails(with_it, people)
    plain, treated = run(without, hours=480, step_hours=24), run(with_it, hours=480, step_hours=24, messages=messages)
    seen = {int(text.split("-")[1]) for text in treated.engagements["message_id"].to_pylist()}
    blind = pa.array(sorted(set(people) - seen), pa.int32())
    assert len(blind) > 10
    left, right = (step.events.filter(pc.is_in(step.events["person"], blind)) for step in (plain, treated))
    assert left.equals(right)


def test_the_size_of_steps_does_not_change_what_messages_cause(small: ShopWorld) -> None:
    def outcome(step_hours: int) -> tuple[bytes, pa.Table]:
        world = small.fork()
        messages = mails(world, in_state(world, "steady", "drifting", "gone"), after=timedelta(hours=10))
        step = run(world, hours=24 * 20, step_hours=step_hours, messages=messages)
        return step.lines(), step.engagements

    small, large = outcome(6), outcome(24 * 20)
    assert small[0] == large[0]
    assert small[1].equals(large[1])


def test_engagements_follow_their_message_and_clicks_their_open(large: ShopWorld) -> None:
    world = large.fork()
    people = in_state(world, "steady", "drifting", "gone")
    sent_at = world.now.replace(tzinfo=None)
    step = run(world, hours=24 * 20, step_hours=24, messages=mails(world, people))
    rows = step.engagements.to_pylist()
    assert all(row["at"] >= sent_at for row in rows)
    at = {(row["message_id"], row["kind"]): row["at"] for row in rows}
    assert len(at) == len(rows)
    kinds = {kind for _, kind in at}
    assert kinds >= {"open", "machine_open", "click", "unsubscribe"}
    for (message, kind), instant in at.items():
        if kind in ("click", "unsubscribe", "reply", "spam"):
            assert at[(message, "open")] < instant
    assert {row["link"] for row in rows if row["kind"] == "click"} == {"cta"}
    assert {row["link"] for row in rows if row["kind"] != "click"} == {None}
    clicks = sum(kind == "click" for _, kind in at)
    campaign = [line for line in step.lines().splitlines() if b'"utm_campaign":"winback"' in line]
    assert len(campaign) == clicks


def test_codes_are_used_by_whom_they_were_given_to(large: ShopWorld) -> None:
    world = large.fork()
    step = run(world, hours=24 * 20, step_hours=24, messages=mails(world, in_state(world, "gone"), percent=0.2))
    used = named(step, "Order Completed").filter(pc.is_valid(named(step, "Order Completed")["coupon"])).to_pylist()
    assert len(used) > 5
    for row in used:
        assert row["coupon"] == f"BACK{row['person']}"
        assert row["discount_minor"] == pytest.approx((row["amount_minor"] + row["discount_minor"]) * 0.2, abs=1)
    assert step.lines().count(b'"coupon":"BACK') == len(used)


def returning(world: ShopWorld, people: list[int], messages: pa.Table | None) -> set[int]:
    """Who of these people orders within 30 days."""
    orders = named(run(world, hours=24 * 30, step_hours=24, messages=messages), "Order Completed")
    return set(orders["person"].to_pylist()) & set(people)


def test_a_winback_helps_on_average_but_no_sleeping_dog(large: ShopWorld) -> None:
    base, rescued = large.fork(), large.fork()
    people = in_state(base, "gone", "drifting")
    persona = np.array(shop_truth(base)["persona"].to_pylist())
    plain = returning(base, people, None)
    treated = returning(rescued, people, mails(rescued, people))
    assert len(treated) / len(people) - len(plain) / len(people) > 0.04
    assert not {p for p in treated - plain if persona[p] == "private"}


def test_sleeping_dogs_are_driven_away(large: ShopWorld) -> None:
    calm, woken = large.fork(), large.fork()
    private = pc.equal(shop_truth(calm)["persona"], "private").to_numpy(zero_copy_only=False)
    people = [person for person in in_state(calm, "steady") if private[person]]
    plain, treated = returning(calm, people, None), returning(woken, people, mails(woken, people))
    assert treated <= plain
    assert len(treated) < len(plain)
    stayed = [(world.shop.lives.state[people] == 0).sum() for world in (calm, woken)]
    assert stayed[1] < stayed[0]


def test_a_larger_discount_answers_better_where_price_matters(large: ShopWorld) -> None:
    none, half = (shop_truth(large, offer_percent=percent) for percent in (0.0, 0.5))
    gain = half["answer_winback"].to_numpy() - none["answer_winback"].to_numpy()
    sensitivity = half["price_sensitivity"].to_numpy()
    assert (gain >= 0).all()
    assert gain[sensitivity > 0.6].mean() > 2 * gain[sensitivity < 0.3].mean()
    answers = none["answer_winback"].to_numpy()
    assert 0.05 < (answers < 0).mean() < 0.2
    assert answers.mean() > 0.1
    assert abs(none["answer_news"].to_numpy().mean()) < 0.05


def test_other_column_types_mean_the_same(small: ShopWorld) -> None:
    plain, other = small.fork(), small.fork()
    messages = mails(plain, in_state(plain, "steady"), percent=None)
    zoned = messages["sent_at"].cast(pa.timestamp("us", "UTC"))
    typed = messages.set_column(3, "sent_at", zoned)
    for place, name in ((2, "channel"), (4, "kind")):
        typed = typed.set_column(place, name, typed[name].dictionary_encode())
    for place, name in ((5, "offer_percent"), (6, "offer_code")):
        typed = typed.set_column(place, name, pa.nulls(len(typed)))
    until = plain.now + timedelta(days=10)
    left, right = plain.step(until, messages), other.step(until, typed)
    assert left.engagements.num_rows > 20
    assert left.engagements.equals(right.engagements)
    assert left.events.equals(right.events)


def test_messages_to_nobody_are_lost_and_wrong_tables_refused(small: ShopWorld) -> None:
    world, other = small.fork(), small.fork()
    messages = mails(world, [1, 2])
    strangers = messages.set_column(1, "address", pa.array(["nobody@customers.example", "+490000"]))
    left = world.step(world.now + timedelta(days=20), strangers)
    right = other.step(other.now + timedelta(days=20))
    assert left.events.equals(right.events)
    assert left.engagements.num_rows == 0
    with pytest.raises(UsageError, match="offer_code"):
        world.step(world.now, messages.drop_columns(["offer_code"]))
