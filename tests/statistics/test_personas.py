"""Personas of a simulated shop against the true types of its people, whom nobody tells the product of."""

from __future__ import annotations

from pathlib import Path

from foretell import app, collect
from foretell.bench.personas import against_truth
from foretell.clock import SteppedClock
from foretell.condition import parse
from foretell.demo import DATASETS, ShopSettings, ShopWorld, tell_history
from foretell.segment import personas
from tests.browser.living_shop import BEGIN, LIVED, Silent

PEOPLE = 600
FLOOR = 0.03
"""Of the adjusted Rand index: chance is 0; the types overlap so far that .06 is what these habits tell."""


def test_habits_tell_something_of_the_true_types(tmp_path: Path) -> None:
    DATASETS["shop"].write(tmp_path)
    document = tmp_path / "personas" / "customers.yaml"
    document.write_text(document.read_text().replace("  window: 1y\n", "  window: 1y\n  people_needed: 300\n"))
    now = BEGIN + LIVED
    with app.open_workspace(tmp_path, clock=SteppedClock(now)) as workspace:
        world = ShopWorld(ShopSettings(PEOPLE, 7, BEGIN))
        tell_history(workspace, world, now, Silent())
        collect.refresh_sessions(workspace.engine, workspace.catalog, now=now)
        found = personas.build(workspace.engine, workspace.catalog, workspace.reader, as_of=now, now=now)
        assert found.state == "built"
        left_out = {one["key"]: one["left_out"] for one in found.behaviours}
        for chance in ("searches", "clicks", "refunds", "tickets"):
            assert left_out[chance].startswith("is no habit"), "in this world it befalls everybody alike"
        assert left_out["visits"] is None
        assert left_out["opens"] is None
        assert found.fidelity is not None
        assert found.fidelity >= 0.85
        assert against_truth(workspace, world, as_of=now) > FLOOR
        for one in personas.personas(workspace.engine.ops):
            assert workspace.reader.count(parse(one.card["rule"]), as_of=now) > 0
