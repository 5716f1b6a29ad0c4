"""One fit of a trained prediction, made again on everybody as of the newest instant whose outcomes are known.

The plain library is handed the matrix that is ready, the same settings and as many trees; it grows them, predicts the
same people and gives its cheap attributions. Ours puts the matrix together from the features, fits
line and trees, and makes rows of scores with intervals and the three reasons of each person in words.
"""

from __future__ import annotations

import statistics
from datetime import datetime
from time import process_time
from typing import Any

import numpy as np
import numpy.typing as npt
import xgboost
from threadpoolctl import threadpool_limits

from foretell.app import Workspace
from foretell.predict import Refit

Single = npt.NDArray[np.float32]


def measured(workspace: Workspace, key: str, as_of: datetime, passes: int) -> dict[str, Any]:
    """CPU seconds of both sides in turns (medians), what was fitted, and how many people were scored."""
    with threadpool_limits(limits=1, user_api="blas"):
        again = Refit.of(workspace.engine, workspace.catalog, workspace.reader, key, as_of)
        ready, x = again.rows(), again.asked()
        costs: dict[str, list[float]] = {"ours_cpu_s": [], "plain_fit_cpu_s": [], "plain_cpu_s": []}
        for _ in range(passes):
            began = process_time()
            made = again.made()
            costs["ours_cpu_s"].append(process_time() - began)
            began = process_time()
            booster = _plain_fit(again, ready.x, ready.y)
            costs["plain_fit_cpu_s"].append(process_time() - began)
            plain = _plain_scores(again, booster, x)
            costs["plain_cpu_s"].append(process_time() - began)
    assert made == plain, (made, plain)
    told = {name: statistics.median(seconds) for name, seconds in costs.items()}
    return told | {"rows": len(ready), "features": ready.x.shape[1], "rounds": again.rounds, "scored": made}


def _plain_fit(again: Refit, x: Single, y: npt.NDArray[np.float64]) -> xgboost.Booster:
    """The same trees by the library alone, with as many threads as ours has for so many rows."""
    told = dict(again.library_parameters(len(x)))
    return xgboost.train(told, xgboost.DMatrix(x, label=y, nthread=told["nthread"]), again.rounds)


def _plain_scores(again: Refit, booster: xgboost.Booster, x: Single) -> int:
    """Probabilities and cheap attributions by the library alone; returns of how many people."""
    people = xgboost.DMatrix(x, nthread=again.library_parameters(len(x))["nthread"])
    booster.predict(people)
    return len(booster.predict(people, pred_contribs=True, approx_contribs=True))
