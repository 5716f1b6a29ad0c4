"""The demo shop's misspelt customer cards, matched by its own identity document and held against its truth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from foretell import app, identify
from foretell.clock import SteppedClock
from foretell.demo import living
from foretell.demo.datasets import DATASETS
from foretell.demo.shop import ShopSettings, ShopWorld, shop_truth

PEOPLE = 300


class Quiet:
    """Nobody looks at the progress."""

    def done(self, completed: float, total: float) -> None:
        """The present piece stands at ``completed`` of ``total``."""


def test_misspelt_cards_find_their_people_and_nobody_else(tmp_path: Path) -> None:
    shop = DATASETS["shop"]
    assert shop.world is not None
    shop.write(tmp_path / "shop")
    clock = SteppedClock(shop.world.begin + shop.world.history)
    with app.open_workspace(tmp_path / "shop", "write", clock) as workspace:
        world = ShopWorld(ShopSettings(PEOPLE, 7, shop.world.begin, workspace.settings.zone))
        living.tell_history(workspace, world, clock.instant, Quiet())
        matched = app.refresh_matching(workspace, clock.instant)
        assert matched is not None
        found = workspace.engine.analytics.query(
            "SELECT profile_id, kind, value FROM identifiers WHERE kind IN ('user_id', 'card_id')"
        ).to_pylist()
        joins = identify.ledger(workspace.engine.ops, offset=0, limit=1_000, reason="matched").entries
    truth = shop_truth(world).to_pylist()
    owner = {row[name]: row["person"] for row in truth for name in ("user_id", "card", "typed_card")}
    right = [one for one in joins if owner[one.value_a] == owner[one.value_b]]  # type: ignore[index]
    assert len(right) >= 0.99 * len(joins)
    held: dict[str, Any] = {row["value"]: row["profile_id"] for row in found}
    misspelt = [row for row in truth if row["typed_card"] in held and row["user_id"] in held]
    assert len(misspelt) >= 5
    recall = sum(held[row["typed_card"]] == held[row["user_id"]] for row in misspelt) / len(misspelt)
    assert recall >= 0.8
