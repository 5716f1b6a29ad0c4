"""A workspace with people, case rules and teams, whose clock a test sets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from foretell import care, collect, identify
from foretell.app import Workspace, open_workspace
from foretell.clock import SteppedClock, naive_utc, parse_instant, zone_of
from foretell.engine import TIMESTAMP, Engine

MONDAY = parse_instant("2026-03-02T10:00:00Z", zone_of("UTC"))
SETTINGS: dict[str, Any] = {
    "name": "Shop", "currency": "EUR", "zone": "UTC",
    "care": {
        "teams": {
            "service": {
                "members": ["ann", "ben", "cy"],
                "zone": "Europe/Berlin",
                "hours": {"mon-fri": "09:00-17:00"},
                "holidays": "days_off",
            },
            "sales": {"members": ["dee"]},
        }
    },
}  # fmt: skip
RULES: dict[str, dict[str, Any]] = {
    "winback": {
        "title": "Win them back", "team": "service", "assign": "round_robin", "due": "8h", "one_open": True,
        "playbook": [{"key": "look", "do": "Look at the last orders"}, {"key": "ring", "do": "Ring"}],
        "root_causes": ["price", "delivery"],
    },
    "save": {"team": "sales", "priority": "by_value", "bands": {"urgent": 100, "high": 20, "normal": 5}},
    "load": {"team": "service", "assign": "least_loaded", "due": "1d"},
}  # fmt: skip


@dataclass
class Care:
    """The workspace while a test works with it."""

    workspace: Workspace
    clock: SteppedClock

    @property
    def engine(self) -> Engine:
        return self.workspace.engine

    def at(self, **later: float) -> datetime:
        """Let time pass; the present then."""
        self.clock.instant += timedelta(**later)
        return self.clock.instant

    def send(self, *lines: Mapping[str, Any]) -> None:
        """Take in what people did."""
        told = [{"type": "track", "event": "Seen", "timestamp": "2026-01-01T00:00:00Z", **line} for line in lines]
        body = "\n".join(json.dumps(line) for line in told).encode()
        origin = collect.Origin("site", "", self.clock.instant)
        self.engine.spool_append([collect.lines_frame(body, origin, arrival="import", first_line=None)])
        self.engine.apply_pending()

    def open(self, *people: str, rule: str | None = None, **texts: Any) -> list[care.Case]:
        """Open a case for each of ``people`` by user id, as a journey would; their cases."""
        matches = [identify.find(self.engine, f"user_id:{one}") for one in people]
        keys = pa.array([one.profile_key for one in matches], pa.int64())
        prefix = texts.pop("prefix", "case")
        told = {
            "title": None, "reason": "why", "priority": None, "owner": None, "journey": "rescue", "run": "r",
            "step": "s", "rule": rule, **texts,
        }  # fmt: skip
        rows = pa.table(
            {
                "case_id": [f"{prefix}-{one}-{rule}" for one in people],
                "profile_key": keys,
                "node_key": keys,
                "opened_at": pa.array([naive_utc(self.clock.instant)] * len(people), TIMESTAMP),
                "due_at": pa.nulls(len(people), TIMESTAMP),
                **{name: pa.array([value] * len(people), pa.string()) for name, value in told.items()},
            }
        )

        def work(tx: Any, batch: Any) -> None:
            care.open_cases(tx, batch, rows, self.workspace.catalog)

        self.engine.act("journey", work, now=self.clock.instant)
        return list(care.list_cases(self.engine, care.Wanted(None), limit=1_000).cases)

    def change(self, case_id: str, *, by: str = "ann", **asked: Any) -> care.Case:
        """Change a case now."""
        change = care.CaseChange(**asked)
        return care.change(self.engine, self.workspace.catalog, case_id, change, by=by, now=self.clock.instant)

    def close(self, case_id: str, outcome: str = "solved", *, by: str = "ann", **told: Any) -> care.Case:
        """Close a case now."""
        now = self.clock.instant
        return care.close(self.engine, self.workspace.catalog, case_id, outcome=outcome, by=by, now=now, **told)

    def show(self, case_id: str) -> care.Case:
        """A case with everything."""
        return care.show(self.engine, case_id)


@contextmanager
def care_place(
    root: Path, settings: Mapping[str, Any] = SETTINGS, people: int = 4, documents: Mapping[str, Any] | None = None
) -> Iterator[Care]:
    """The workspace with ``people`` called u1, u2, …, at a Monday morning."""
    root.mkdir(exist_ok=True)
    (root / "foretell.yaml").write_text(json.dumps(settings))
    (root / "reference").mkdir(exist_ok=True)
    (root / "reference/days_off.csv").write_text("day,name\n2026-03-03,Carnival\n")
    rules = {f"case_rules/{key}.yaml": {"kind": "case_rule", "key": key, "spec": spec} for key, spec in RULES.items()}
    for name, document in {**rules, **(documents or {})}.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(json.dumps(document))
    clock = SteppedClock(MONDAY)
    with open_workspace(root, "write", clock) as workspace:
        assert not [one for one in workspace.problems if one.severity == "error"], workspace.problems
        place = Care(workspace, clock)
        place.send(*({"userId": f"u{number}"} for number in range(1, people + 1)))
        yield place
