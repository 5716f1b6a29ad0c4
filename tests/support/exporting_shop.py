"""A workspace of one segment with exports of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from foretell import deliver, identify, profile, protect, segment
from foretell.app import ROOMS, stages
from foretell.clock import SteppedClock
from foretell.condition import Reader
from foretell.definitions import WorkspaceSettings, load
from foretell.deliver.exports import ExportReport, Standing
from foretell.engine import EngineSettings, open_engine
from tests.support.small_events import NOW, decode, event
from tests.support.small_sending import arrive

BUYERS: dict[str, Any] = {
    "kind": "segment",
    "key": "buyers",
    "spec": {"condition": {"did": "Bought", "within": "7d"}},
}


def webhook(url: str, key: str = "crm", **spec: Any) -> dict[str, Any]:
    """An export to a server of this machine."""
    told = {"url": url, "secret": "hook", "allow_private": True, **spec.pop("webhook", {})}
    return {"kind": "export", "key": key, "spec": {"segment": "buyers", "webhook": told, **spec}}


class Shop:
    """Opened stores, the documents, and the clock."""

    def __init__(self, root: Path, *documents: Mapping[str, Any]) -> None:
        self.root, self.clock = root, SteppedClock(NOW)
        running = stages(WorkspaceSettings(), where=EngineSettings(root / "data"))
        self.engine = open_engine(EngineSettings(root / "data"), ROOMS, running, {"small": decode}, self.clock)
        self.define(BUYERS, *documents)

    def define(self, *documents: Mapping[str, Any]) -> None:
        """Let these be the documents."""
        for kind in ("segment", "export", "consent"):
            (self.root / f"{kind}s").mkdir(exist_ok=True)
            of_kind = [json.dumps(one) for one in documents if one["kind"] == kind]
            (self.root / f"{kind}s" / "all.yaml").write_text("\n---\n".join(of_kind))
        (self.root / "foretell.yaml").write_text("name: Shop\nsecrets: {hook: '${HOOK}'}\n")
        kinds = [segment.KIND, deliver.exports.KIND, profile.KIND]
        self.catalog, problems = load(self.root, kinds, environ={"HOOK": "shared"})
        assert [one.message for one in problems if one.severity == "error"] == []

    def go_to(self, hours: float) -> ExportReport:
        """Look at the segment, and let exports have their turn."""
        self.look(hours)
        return self.turn(hours)

    def look(self, hours: float) -> None:
        """Look at the segment."""
        now = self.clock.instant = NOW + timedelta(hours=hours)
        segment.live.refresh(self.engine, self.catalog, Reader(self.engine, self.catalog), now=now)

    def turn(self, hours: float) -> ExportReport:
        """Let exports have their turn."""
        now = NOW + timedelta(hours=hours)
        reader = Reader(self.engine, self.catalog)
        return deliver.exports.refresh(
            self.engine, self.catalog, reader, keep=protect.keeping(self.engine, "export", now), now=now
        )

    def standing(self, key: str = "crm") -> Standing:
        """How an export stands."""
        return deliver.exports.standings(self.engine)[key]

    def arrive(self, *events: Mapping[str, Any]) -> None:
        """Let events come in."""
        arrive(self.engine, *events)

    def key(self, name: str) -> int:
        """Profile key of somebody by user id."""
        return identify.find(self.engine, f"user_id:{name}").profile_key


def bought(name: str, hours: float, number: int = 1) -> dict[str, Any]:
    """Somebody buys something, and is in the segment for seven days."""
    return event("Bought", f"{name}-b{number}", hours, ids={"user_id": name})


def objection(name: str, purpose: str = "export") -> dict[str, Any]:
    """Somebody objects."""
    words = {"purpose": purpose, "state": "denied"}
    return event("Consent Updated", f"{name}-{purpose}", -1, ids={"user_id": name}, properties=words)
