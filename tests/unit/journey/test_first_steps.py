"""Whoever enters makes the first steps in the same recorded batch, and at one instant nobody enters twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from foretell.journey import entering
from tests.support.journey_shop import JourneyShop, bought, opened, with_people

HEAD = "kind: journey\nkey: churn_rescue\nspec:\n  enter: {did: Order Completed}\n  holdout: 0%\n"
PLAIN = "kind: template\nkey: we_miss_you\nspec: {subject: We miss you, html: <p>Come back.</p>}\n"
MAIL = "{key: mail, send: we_miss_you, channel: email}"
ASKS = "{key: asks, branch: {did: Order Completed}, then: mail, else: finish}"
REST = "{key: day, wait: 24h}, {key: finish, end: done}"


def documents(steps: str, rule: str = "") -> dict[str, str]:
    return {"journeys/churn_rescue.yaml": f"{HEAD}{rule}  steps: [{steps}]\n", "templates/we_miss_you.yaml": PLAIN}


def batches(shop: JourneyShop) -> int:
    ((count,),) = shop.engine.ops.query("SELECT count(*) FROM batches WHERE room = 'journey'")
    return int(count)


@pytest.mark.parametrize(
    ("steps", "made", "in_batches"),
    [
        (f"{MAIL}, {REST}", ["entered", "sent", "waiting"], 1),
        (f"{ASKS}, {MAIL}, {REST}", ["entered", "then", "sent", "waiting"], 2),
        (f"{MAIL}, {ASKS.replace('then: mail', 'then: day')}, {REST}", ["entered", "sent", "then", "waiting"], 2),
    ],
    ids=["nothing asked", "asked at once", "asked behind the mail"],
)
def test_first_steps_are_made_as_people_enter(tmp_path: Path, steps: str, made: list[str], in_batches: int) -> None:
    with opened(tmp_path, documents=documents(steps)) as shop:
        with_people(shop, "ann", "bob")
        report = shop.tick(0)
        assert batches(shop) == in_batches
        assert (report.entered, report.moves) == (2, 2 * (len(made) - 1))
        assert sorted(outcome for *_, outcome in shop.steps("ann")) == sorted(made)
        assert {(name, state) for name, _, _, state in shop.messages()} == {("ann", "delivered"), ("bob", "delivered")}
        assert shop.runs()["ann"][:2] == ("active", "day")
        shop.tick(24)
        assert shop.runs()["bob"][:2] == ("done", "finish")


def test_at_one_instant_nobody_enters_again_who_has_come_to_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two orders the first lets in and is over at once; the second stands in another part of the queue."""
    monkeypatch.setattr(entering, "CHUNK", 1)
    rule = "  trigger: {event: Order Completed}\n  reentry: always\n"
    with opened(tmp_path, documents=documents(f"{MAIL}, {{key: finish, end: done}}", rule)) as shop:
        with_people(shop, "ann")
        shop.happened(bought("ann", 1), bought("ann", 2))
        assert [shop.tick(hours).entered for hours in (3, 3)] == [1, 0]
        shop.happened(bought("ann", 4))
        assert shop.tick(5).entered == 1
        assert len(shop.messages()) == 2
