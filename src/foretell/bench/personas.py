"""``personas``: what is found on a year of real invoices, and how it compares with the true types of the demo shop.

Nothing rivals here: the shop's true types are drawn when its people are made, and show in what they do only through
much chance, so that the adjusted Rand index says how much of them habits tell at all.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from sklearn.metrics import adjusted_rand_score

from foretell import app, collect
from foretell.app import Workspace
from foretell.bench.registry import Result
from foretell.clock import SteppedClock
from foretell.demo import DATASETS, Options, ShopWorld, shop_truth, tell_history, world_of
from foretell.segment import personas

LIMITS = {
    "retail_kinds": "3", "retail_worst_jaccard": ">= 0.75", "shop_worst_jaccard": ">= 0.75", "shop_ari": ">= 0.01",
}  # fmt: skip
QUICK = 1_400
"""People of the smaller shop."""
_AFTER = datetime(2011, 12, 10, tzinfo=UTC)
"""The midnight after the last invoice."""


def run(*, quick: bool, report: Callable[[str], None]) -> Result:
    """Find personas in both data sets; ``quick`` plays a smaller shop."""
    ratios: dict[str, float] = {}
    figures: dict[str, float] = {}
    with TemporaryDirectory(prefix="foretell-bench-") as folder:
        people = QUICK if quick else None
        for name in ("retail", "shop"):
            root = Path(folder, name)
            found, ari, seconds = _retail(root, report) if name == "retail" else _shop(root, people, report)
            worst = [one["worst_jaccard"] for one in found.candidates if one["chosen"]]
            ratios[f"{name}_worst_jaccard"] = round(worst[0], 3) if worst else 0.0
            if name == "retail":
                ratios["retail_kinds"] = float(found.kinds)
            else:
                ratios["shop_ari"] = round(ari, 4)
                figures["shop_kinds"] = float(found.kinds)
            figures[f"{name}_people"] = float(found.with_history)
            figures[f"{name}_fidelity"] = round(found.fidelity or 0.0, 3)
            figures[f"{name}_build_cpu_s"] = round(seconds, 2)
    return Result("personas", ratios, figures, LIMITS)


def against_truth(workspace: Workspace, world: ShopWorld, *, as_of: datetime) -> float:
    """Adjusted Rand index of the personas that were built against the true types of the world's people."""
    facts = personas.members(workspace.engine, workspace.catalog, as_of=as_of, now=as_of)
    truth = shop_truth(world)
    types = dict(zip(truth["user_id"].to_pylist(), truth["persona"].to_pylist(), strict=True))
    rows = workspace.engine.analytics.query(
        "SELECT p.persona, min(i.value) AS user_id FROM people p "
        "JOIN log_identifiers i ON i.profile_key = p.profile_key WHERE i.kind = 'user_id' "
        "GROUP BY p.profile_key, p.persona",
        tables={"people": facts.select(["profile_key", "persona"])},
    ).to_pylist()
    pairs = [(types[row["user_id"]], row["persona"]) for row in rows if row["user_id"] in types]
    return float(adjusted_rand_score(*map(np.array, zip(*pairs, strict=True)))) if pairs else 0.0


def _retail(root: Path, report: Callable[[str], None]) -> tuple[personas.Build, float, float]:
    dataset = DATASETS["online-retail"]
    dataset.write(root)
    report("importing a year of invoices")
    with app.open_workspace(root, clock=SteppedClock(_AFTER)) as workspace:
        (file, source) = dataset.imports[0]
        collect.import_files(
            workspace.engine, workspace.catalog, [dataset.root / "data" / file], source, now=_AFTER,
            reader=workspace.frames,
        )  # fmt: skip
        found, seconds = _built(workspace, _AFTER, report)
        return found, 0.0, seconds


def _shop(root: Path, people: int | None, report: Callable[[str], None]) -> tuple[personas.Build, float, float]:
    dataset = DATASETS["shop"]
    assert dataset.world is not None
    dataset.write(root)
    at = dataset.world.begin + dataset.world.history
    with app.open_workspace(root, clock=SteppedClock(at)) as workspace:
        world = world_of(dataset, Options(people=people), workspace.settings.zone)
        report("two years in the shop")
        tell_history(workspace, world, at, _Silent())
        collect.refresh_sessions(workspace.engine, workspace.catalog, now=at)
        found, seconds = _built(workspace, at, report)
        return found, against_truth(workspace, world, as_of=at), seconds


def _built(workspace: Workspace, at: datetime, report: Callable[[str], None]) -> tuple[personas.Build, float]:
    report("looking for personas")
    began = time.process_time()
    found = personas.build(workspace.engine, workspace.catalog, workspace.reader, as_of=at, now=at, by="bench")
    return found, time.process_time() - began


class _Silent:
    """Nobody watches the progress."""

    def done(self, completed: float, total: float) -> None:
        """The present piece stands at ``completed`` of ``total``."""
