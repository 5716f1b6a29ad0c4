"""A workspace with tracking plans, and Segment-spec messages to hold against them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from foretell import collect, definitions, identify
from foretell.clock import FixedClock
from foretell.collect import FileReport, FrameReader
from foretell.definitions import Catalog, Problem
from foretell.engine import Engine, EngineSettings, open_engine
from tests.unit.collect.decoding import NOW

ORDERS = """\
owner: {team: Shop}
on_violation: quarantine
events:
  Order Completed:
    properties:
      order_id: {type: string, required: true, pattern: '^O', owner: {person: ada@shop.example}}
      total: {type: number, minimum: 0}
"""


def loaded(root: Path, **plans: str) -> tuple[Catalog, list[Problem]]:
    """The definitions of a workspace with these tracking documents (key → YAML below ``spec``)."""
    (root / "tracking").mkdir(parents=True, exist_ok=True)
    (root / "foretell.yaml").write_text("name: test\ncurrency: GBP\nzone: Europe/London\n")
    for key, text in plans.items():
        spec = "\n".join(f"  {line}" for line in text.strip("\n").splitlines())
        (root / "tracking" / f"{key}.yaml").write_text(f"kind: tracking\nkey: {key}\nspec:\n{spec}\n")
    return definitions.load(root, [collect.KIND, collect.TRACKING])


class Planned:
    """Takes messages in under plans, and answers queries."""

    def __init__(self, root: Path, engine: Engine, reader: FrameReader) -> None:
        self.root, self.engine, self.reader = root, engine, reader
        self.catalog, _ = loaded(root)

    def plan(self, **plans: str) -> None:
        """Put these plans in force."""
        self.catalog, problems = loaded(self.root, **plans)
        assert [problem.headline for problem in problems if problem.severity == "error"] == []
        self.reader.use(self.catalog)

    def source(self, key: str, spec: str) -> None:
        """Write a source document."""
        (self.root / "sources").mkdir(exist_ok=True)
        text = "\n".join(f"  {line}" for line in spec.strip("\n").splitlines())
        (self.root / "sources" / f"{key}.yaml").write_text(f"kind: source\nkey: {key}\nspec:\n{text}\n")
        self.plan()

    def load(self, name: str, messages: Sequence[Mapping[str, Any]] | str, source: str | None = None) -> FileReport:
        """Write a file and import it."""
        path = self.root / name
        text = messages if isinstance(messages, str) else "".join(json.dumps(one) + "\n" for one in messages)
        path.write_text(text)
        (report,) = collect.import_files(self.engine, self.catalog, [path], source, now=NOW, reader=self.reader)
        return report

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Rows of a query over the views."""
        found: list[dict[str, Any]] = self.engine.analytics.query(sql).to_pylist()
        return found


@contextmanager
def planned(root: Path, **plans: str) -> Iterator[Planned]:
    """A workspace with an open engine and these plans."""
    reader = FrameReader()
    parts = [definitions.PARTS, collect.PARTS, identify.PARTS]
    stages = [identify.IdentifyStage(), collect.CollectStage("GBP")]
    settings = EngineSettings(root / "data")
    with open_engine(settings, parts, stages, collect.decoders(reader), FixedClock(NOW)) as engine:
        place = Planned(root, engine, reader)
        if plans:
            place.plan(**plans)
        yield place


def order(number: int, **properties: Any) -> dict[str, Any]:
    """A message of an order."""
    told = {"order_id": f"O{number}", "total": 10.5, **properties}
    return {
        "type": "track", "event": "Order Completed", "messageId": f"m{number}", "userId": f"u{number}",
        "timestamp": "2024-05-01T10:00:00Z", "properties": {k: v for k, v in told.items() if v is not ...},
    }  # fmt: skip
