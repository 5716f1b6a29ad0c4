"""A small workspace for the tests of offers and arms."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa

from foretell import collect, decide, identify, profile
from foretell.definitions import Document, catalog_of
from foretell.definitions import WorkspaceSettings as Settings
from foretell.engine import Batch, Engine, EngineSettings, Tx, open_engine

AT = datetime(2026, 3, 1, 9, 0)
ROOMS = (collect.PARTS, identify.PARTS, profile.PARTS, decide.PARTS)


class Now:
    def now(self) -> datetime:
        from foretell.clock import utc

        return utc(AT)


@contextmanager
def opened(path: Path) -> Iterator[Engine]:
    stages = [identify.IdentifyStage(), collect.CollectStage("EUR"), profile.ProfileStage(), decide.DecideStage()]
    with open_engine(EngineSettings(path), ROOMS, stages, collect.decoders(collect.FrameReader()), Now()) as engine:
        yield engine


def offer(path: Path, **spec: object) -> Document:
    raw = {"kind": "offer", "key": "winback", "spec": {"title": "Come back", "percent": 15, **spec}}
    from foretell.definitions.positions import Positions

    catalog, problems = catalog_of(
        [(raw, Positions("offers/winback.yaml"))], [decide.OFFER], root=path, settings=Settings()
    )
    assert problems == []
    return catalog.get("offer", "winback")


def send(engine: Engine, *lines: str) -> None:
    origin = collect.Origin("site", "", Now().now() + timedelta(days=400))
    engine.spool_append([collect.lines_frame("\n".join(lines).encode(), origin, arrival="import", first_line=None)])
    engine.apply_pending()


def runs(*keys: int, at: datetime = AT) -> pa.Table:
    return pa.table(
        {
            "run": [f"r{key}" for key in keys],
            "profile_key": pa.array(keys, pa.int64()),
            "node_key": pa.array(keys, pa.int64()),
            "at": pa.array([at] * len(keys), pa.timestamp("us")),
        }
    )


def acting(engine: Engine, work: object) -> object:
    """What ``work(tx, batch)`` returns, done as one batch."""
    found: list[object] = []

    def run(tx: Tx, batch: Batch) -> None:
        found.append(work(tx, batch))  # type: ignore[operator]

    engine.act("decide", run, now=Now().now())
    return found[0]
