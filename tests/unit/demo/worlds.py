"""Small worlds and messages for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.demo.shop import ShopSettings, ShopWorld, WorldStep, shop_truth

BEGIN = datetime(2024, 1, 1, tzinfo=UTC)


def world_of(people: int, *, seed: int = 7, days: int = 0) -> ShopWorld:
    """A world, ``days`` after its beginning."""
    world = ShopWorld(ShopSettings(people=people, seed=seed, begin=BEGIN))
    if days:
        world.step(BEGIN + timedelta(days=days))
    return world


def run(world: ShopWorld, *, hours: int, step_hours: int, messages: pa.Table | None = None) -> WorldStep:
    """Step a world; the messages are handed over with the first step."""
    events, engagements, wording = [], [], None
    for _ in range(hours // step_hours):
        step = world.step(world.now + timedelta(hours=step_hours), messages)
        messages, wording = None, step.wording
        events.append(step.events)
        engagements.append(step.engagements)
    assert wording is not None
    return WorldStep(pa.concat_tables(events, promote_options="permissive"), pa.concat_tables(engagements), wording)


def mails(
    world: ShopWorld,
    people: list[int],
    *,
    channel: str = "email",
    kind: str = "winback",
    percent: float | None = 0.15,
    after: timedelta = timedelta(0),
) -> pa.Table:
    """One message to each of some people, sent ``after`` the world's present."""
    addresses = world.shop.identities["phone" if channel in ("sms", "call") else "email"].to_pylist()
    sent_at = (world.now + after).replace(tzinfo=None)
    return pa.table(
        {
            "message_id": [f"{channel}-{person}" for person in people],
            "address": [addresses[person] for person in people],
            "channel": [channel] * len(people),
            "sent_at": pa.array([sent_at] * len(people), pa.timestamp("us")),
            "kind": [kind] * len(people),
            "offer_percent": pa.array([percent] * len(people), pa.float64()),
            "offer_code": pa.array([None if percent is None else f"BACK{p}" for p in people], pa.string()),
        }
    )


def in_state(world: ShopWorld, *states: str) -> list[int]:
    """The numbers of the registered people in these states."""
    truth = shop_truth(world)
    chosen = pc.is_in(truth["state"], pa.array(list(states))).to_numpy(zero_copy_only=False)
    return [int(person) for person in np.flatnonzero(chosen & world.shop.lives.registered)]


def named(step: WorldStep, event: str) -> pa.Table:
    """The events of one name."""
    return step.events.filter(pc.equal(step.events["event"].cast(pa.string()), event))
