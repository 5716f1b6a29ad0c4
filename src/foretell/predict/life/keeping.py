"""Which model folders are kept."""

from __future__ import annotations

import shutil
from pathlib import Path

from foretell.engine import OperationalStore
from foretell.errors import explain_os_errors

KEPT = 20
"""Folders of a prediction that are kept; beside them those that somebody put in use, and the one in use."""


def keep_latest(ops: OperationalStore, models: Path, prediction: str) -> None:
    """Remove the folders of models that are older than the last :data:`KEPT` and were never decided for.

    Their reports and runs stay on record; going back to one needs training as of its instant again.
    """
    rows = ops.query(
        "SELECT model FROM models WHERE prediction = ? AND held_back IS NULL ORDER BY trained_as_of DESC, run DESC "
        "LIMIT 1",
        (prediction,),
    )
    rows = [*rows, *ops.query("SELECT model FROM models WHERE prediction = ? ORDER BY run DESC LIMIT ?",
                              (prediction, KEPT))]  # fmt: skip
    rows = [*rows, *ops.query("SELECT model FROM model_decisions WHERE prediction = ?", (prediction,))]
    kept = {str(model) for (model,) in rows}
    with explain_os_errors(f"prediction {prediction}"):
        for folder in sorted((models / prediction).glob("model_*")):
            if folder.name not in kept:
                shutil.rmtree(folder)
