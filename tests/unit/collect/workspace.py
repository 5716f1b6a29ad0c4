"""A workspace for tests of this room: source documents, an engine with the stages that collect needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from foretell import collect, definitions, identify
from foretell.clock import FixedClock
from foretell.collect import FileReport
from foretell.definitions import Catalog
from foretell.engine import Engine, EngineSettings, open_engine
from tests.unit.collect.decoding import NOW


def catalog(root: Path, sources: Mapping[str, str]) -> Catalog:
    """The definitions of a workspace at ``root`` with these source documents (key → YAML below ``spec``)."""
    (root / "sources").mkdir(parents=True, exist_ok=True)
    (root / "foretell.yaml").write_text("name: test\ncurrency: GBP\nzone: Europe/London\n")
    for key, text in sources.items():
        spec = "\n".join(f"  {line}" for line in text.strip("\n").splitlines())
        (root / "sources" / f"{key}.yaml").write_text(f"kind: source\nkey: {key}\nspec:\n{spec}\n")
    found, problems = definitions.load(root, [collect.KIND])
    assert [problem.headline for problem in problems] == []
    return found


@contextmanager
def opened(folder: Path, reader: collect.FrameReader | None = None) -> Iterator[Engine]:
    """An engine with the stages of identify and collect."""
    frames = collect.decoders(reader or collect.FrameReader())
    parts = [definitions.PARTS, collect.PARTS, identify.PARTS]
    stages = [identify.IdentifyStage(), collect.CollectStage("GBP")]
    with open_engine(EngineSettings(folder), parts, stages, frames, FixedClock(NOW)) as engine:
        yield engine


class Shop:
    """Imports files and answers queries."""

    def __init__(self, root: Path, engine: Engine, sources: Mapping[str, str]) -> None:
        self.root, self.engine = root, engine
        self.catalog = catalog(root, sources)

    def load(self, name: str, text: str | bytes | None = None, source: str | None = None) -> FileReport:
        """Write a file and import it."""
        path = self.root / name
        if text is not None:
            path.write_bytes(text.encode() if isinstance(text, str) else text)
        (report,) = collect.import_files(self.engine, self.catalog, [path], source, now=NOW)
        return report

    def query(self, sql: str) -> list[dict[str, Any]]:
        """Rows of a query over the views."""
        found: list[dict[str, Any]] = self.engine.analytics.query(sql).to_pylist()
        return found


@contextmanager
def shop(root: Path, **sources: str) -> Iterator[Shop]:
    """A workspace with an open engine."""
    with opened(root / "data") as engine:
        yield Shop(root, engine, sources)
