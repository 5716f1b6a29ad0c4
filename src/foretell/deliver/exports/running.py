"""Every export, each turn: what is new is noted, what is due goes out."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from foretell import segment
from foretell.clock import micros
from foretell.condition import Reader
from foretell.definitions import Catalog, Document
from foretell.deliver.exports.document import KIND, spec_of
from foretell.deliver.exports.standing import Standing, all_standings, forget, save, standing_of
from foretell.deliver.exports.telling import tell
from foretell.deliver.exports.writing import Keep, write
from foretell.engine import Engine, naming
from foretell.errors import ForetellError

__all__ = ["ExportReport", "Standing", "refresh", "standings"]
_TURN = threading.Lock()
"""One turn at a time: two would tell the same."""


@dataclass
class ExportReport:
    """What a turn did.

    Args:
        told: entries and exits that servers took.
        refused: that they will not have, or that were given up.
        waiting: that are still to be told.
        left_out: entries and exits that were not told, and people who are not in a file, since it may not be.
        files: that were written.
        failed: exports that could do nothing.
    """

    told: int = 0
    refused: int = 0
    waiting: int = 0
    left_out: int = 0
    files: int = 0
    failed: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def refresh(engine: Engine, catalog: Catalog, reader: Reader, *, keep: Keep, now: datetime) -> ExportReport:
    """Let every export do what is due; whose document is gone is forgotten.

    An export tells of what is noticed from its first turn on; one that follows another segment from now on begins anew.
    What one cannot do now keeps the others from nothing, and is tried again with growing pauses.

    Args:
        keep: puts files into their places.
    """
    report = ExportReport()
    with _TURN:
        standing = all_standings(engine.ops)
        kept = segment.live.kept_segments(engine) if catalog.all(KIND.name) else frozenset()
        for document in catalog.all(KIND.name):
            before = _begun(engine, document, standing.get(document.key), now)
            with naming(document.name):
                after = _turn(engine, catalog, reader, document, before, keep, kept, now)
            _count(report, document, before, after)
        gone = [key for key in standing if not catalog.has(KIND.name, key)]
        if gone:
            with engine.ops.write() as tx:
                for key in gone:
                    forget(tx, key)
    return report


def standings(engine: Engine) -> Mapping[str, Standing]:
    """How every export stands that has had a turn, by key."""
    return all_standings(engine.ops)


def _begun(engine: Engine, document: Document, standing: Standing | None, now: datetime) -> Standing:
    key = spec_of(document).segment
    if standing is not None and standing.segment == key:
        return standing
    begun = Standing(document.key, key, micros(now))
    with engine.ops.write() as tx:
        forget(tx, document.key)
        save(tx, begun)
    return begun


def _turn(
    engine: Engine,
    catalog: Catalog,
    reader: Reader,
    document: Document,
    before: Standing,
    keep: Keep,
    kept: frozenset[str],
    now: datetime,
) -> Standing:
    try:
        if spec_of(document).to is not None:
            return write(engine, catalog, reader, document, before, keep, now)
        return tell(engine, catalog, document, before, now=now) if before.segment in kept else before
    except ForetellError as error:  # somebody can mend it
        failed = (standing_of(engine.ops, document.key) or before).failed(str(error), now)
        with engine.ops.write() as tx:
            save(tx, failed)
        return failed


def _count(report: ExportReport, document: Document, before: Standing, after: Standing) -> None:
    report.failed += after.failures > before.failures
    report.waiting += after.waiting
    if spec_of(document).to is not None:
        written = after.done_at is not None and after.done_at != before.done_at
        report.files += written
        report.left_out += sum(after.left_out.values()) if written else 0
        return
    report.told += after.told - before.told
    report.refused += after.refused - before.refused
    report.left_out += sum(after.left_out.values()) - sum(before.left_out.values())
