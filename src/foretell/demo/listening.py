"""What the demo's people said, beside what they truly think: the world knows, and the product does not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell import listen
from foretell.app import Workspace
from foretell.clock import naive_utc
from foretell.demo.shop import ShopWorld, shop_opinions
from foretell.engine import TIMESTAMP


def heard(workspace: Workspace, world: ShopWorld) -> dict[str, Any]:
    """NPS as answered, weighted, and as it truly is among those who were asked, over the report's own window.

    Returns:
        ``since until answers people raw weighted true cases``: ``raw`` and ``weighted`` have ``value low high`` (-100
        to 100; ``weighted`` is None where who was asked is not known), ``true`` is a number, or None where nobody was
        asked; ``cases`` how many were opened by an answer.
    """
    now = workspace.clock.now()
    report = listen.scores.score(workspace.engine, workspace.catalog, listen.scores.ScoreQuery("nps"), now=now)
    raw = report.scores[0]
    since, until = report.window.since, report.window.until
    cases = workspace.engine.analytics.query("SELECT count(*) AS n FROM cases WHERE survey IS NOT NULL")
    return {
        "since": since.isoformat(),
        "until": until.isoformat(),
        "answers": raw.answers,
        "people": raw.people,
        "raw": _told(raw),
        "weighted": _told(report.weighted[0]) if report.weighted else None,
        "true": true_nps(
            shop_opinions(world), pa.scalar(naive_utc(since), TIMESTAMP), pa.scalar(naive_utc(until), TIMESTAMP)
        ),
        "cases": int(cases["n"][0].as_py()),
    }


def _told(score: listen.scores.Score) -> dict[str, float | None]:
    return {"value": score.value, "low": score.low, "high": score.high}


def true_nps(asked: pa.Table, since: pa.Scalar, until: pa.Scalar) -> float | None:
    """The NPS of everybody who was asked from ``since`` on and before ``until``, had they all answered.

    Args:
        asked: see :func:`~foretell.demo.shop.shop_opinions`.
    """
    within = pc.and_(pc.greater_equal(asked["asked_at"], since), pc.less(asked["asked_at"], until))
    scores = asked.filter(pc.and_(within, pc.equal(asked["measure"], "nps")))["score"].to_numpy()
    return float(100 * (np.mean(scores >= 9) - np.mean(scores <= 6))) if len(scores) else None
