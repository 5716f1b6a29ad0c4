"""On the demo shop, whose true opinions are known: the weighted score lies closer to the truth than the raw one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from foretell import app, demo, listen
from foretell.app import Workspace
from foretell.clock import FixedClock, naive_utc
from foretell.demo.listening import true_nps
from foretell.engine import TIMESTAMP

PEOPLE, DAYS, SEEDS = 2_000, 360, (7,)
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
NOW = BEGIN + timedelta(days=DAYS)
WINDOWS = tuple((BEGIN + timedelta(days=day), BEGIN + timedelta(days=day + 90)) for day in (70, 160, 250))


class Silent:
    """Nobody watches the progress."""

    def done(self, completed: float, total: float) -> None:
        """Tell nobody."""


@pytest.fixture(scope="module", params=SEEDS)
def lived(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Workspace, pa.Table]]:
    root: Path = tmp_path_factory.mktemp("listening") / "shop"
    demo.DATASETS["shop"].write(root)
    with app.open_workspace(root, "write", FixedClock(NOW)) as place:
        assert not place.problems
        app.apply(place)
        world = demo.ShopWorld(demo.ShopSettings(PEOPLE, request.param, BEGIN, place.settings.zone))
        demo.tell_history(place, world, NOW, Silent())
        yield place, demo.shop_opinions(world)


def test_the_weighted_score_is_closer_to_the_truth(lived: tuple[Workspace, pa.Table]) -> None:
    place, asked = lived
    raw_off, weighted_off = [], []
    for since, until in WINDOWS:
        query = listen.scores.ScoreQuery("nps", since=since, until=until)
        report = listen.scores.score(place.engine, place.catalog, query, now=NOW)
        true = true_nps(asked, *(pa.scalar(naive_utc(at), TIMESTAMP) for at in (since, until)))
        raw, weighted = report.scores[0].value, report.weighted[0].value
        assert None not in (true, raw, weighted)
        raw_off.append(abs(raw - true))
        weighted_off.append(abs(weighted - true))
    assert sum(raw_off) / len(raw_off) > 4, "answers alone are well off"
    assert all(weighted < raw for weighted, raw in zip(weighted_off, raw_off, strict=True)), (raw_off, weighted_off)
    assert sum(weighted_off) < 0.9 * sum(raw_off), (raw_off, weighted_off)
