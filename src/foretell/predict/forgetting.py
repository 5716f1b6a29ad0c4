"""Model files and people: a model learns numbers, and none may hold what tells a person."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa

from foretell.engine import Engine
from foretell.errors import explain_os_errors


def forget_models(engine: Engine, words: pa.Array) -> dict[str, Any]:
    """Remove the models whose files or reports hold one of ``words`` (lower case); the next refresh trains anew.

    Returns:
        ``looked_at`` (files) and ``removed`` (what → how many).
    """
    needles = [text.encode() for text in words.to_pylist()]
    looked = 0
    removed: set[str] = set()
    with explain_os_errors("models"):
        for card in sorted((engine.data / "models").glob("*/*/card.json")):
            files = [path for path in card.parent.iterdir() if path.is_file()]
            looked += len(files)
            if any(_holds(path, needles) for path in files):
                removed.add(card.parent.name)
                shutil.rmtree(card.parent)
    removed |= _in_reports(engine, words)
    if removed:
        with engine.ops.write() as tx:
            for model in sorted(removed):
                tx.execute("DELETE FROM models WHERE model = ?", (model,))
                tx.execute("UPDATE training_runs SET model = NULL, report = NULL WHERE model = ?", (model,))
    return {"looked_at": looked, "removed": {"models, to be trained anew": len(removed)}}


def _holds(path: Path, needles: list[bytes]) -> bool:
    text = path.read_bytes().lower()
    return any(needle in text for needle in needles)


def _in_reports(engine: Engine, words: pa.Array) -> set[str]:
    """The models whose report, as it is kept in the store, holds one of ``words``."""
    told = engine.ops.query("SELECT model, lower(report) FROM models ORDER BY model")
    wanted = words.to_pylist()
    return {model for model, report in told if any(word in report for word in wanted)}
