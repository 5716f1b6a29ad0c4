"""A workspace with a segment, channels to fake platforms, and people who join and leave audiences."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from foretell import collect, deliver, identify, profile, segment
from foretell.clock import SteppedClock, micros, naive_utc
from foretell.condition import Reader
from foretell.definitions import Catalog, load
from foretell.engine import TIMESTAMP, EngineSettings, open_engine
from tests.support.small_events import NOW, decode

BUYERS = {"kind": "segment", "key": "buyers", "spec": {"condition": {"did": "Bought", "within": "7d"}}}


class PlatformShop:
    """Opened with :meth:`opened`; ``channels`` are among the documents of :meth:`define`."""

    catalog: Catalog

    def __init__(self, root: Path, secrets: Mapping[str, str], where: EngineSettings | None = None) -> None:
        self.root, self.clock, self.secrets = root, SteppedClock(NOW), secrets
        self.channels: Sequence[Mapping[str, Any]] = ()
        stages = [
            identify.IdentifyStage(), collect.CollectStage("EUR"), profile.ProfileStage(),
            segment.live.LiveStage(root / "data"), deliver.DeliverStage(),
        ]  # fmt: skip
        parts = [collect.PARTS, identify.PARTS, profile.PARTS, profile.PRIVACY_PARTS, segment.live.LIVE_PARTS]
        self.engine = open_engine(
            where or EngineSettings(root / "data"), [*parts, deliver.PARTS], stages, {"small": decode}, self.clock
        )

    @contextmanager
    def opened(self) -> Iterator[Self]:
        """The workspace while the block runs."""
        with self.engine:
            yield self

    def define(self, *documents: Mapping[str, Any]) -> None:
        """Let these be the audiences."""
        found = [BUYERS, *self.channels, *documents]
        for kind in ("segment", "audience", "channel"):
            (self.root / f"{kind}s").mkdir(exist_ok=True)
            of_kind = [json.dumps(one) for one in found if one["kind"] == kind]
            (self.root / f"{kind}s" / "all.yaml").write_text("\n---\n".join(of_kind))
        names = {name: "${" + name.upper() + "}" for name in self.secrets}
        (self.root / "foretell.yaml").write_text(json.dumps({"name": "Shop", "secrets": names}))
        environ = {name.upper(): value for name, value in self.secrets.items()}
        kinds = [segment.KIND, deliver.AUDIENCE, deliver.CHANNEL]
        self.catalog, problems = load(self.root, kinds, environ=environ)
        assert [one.message for one in problems if one.severity == "error"] == []

    @property
    def now(self) -> datetime:
        """The clock."""
        return self.clock.instant

    def micros(self) -> int:
        """The clock, as stores keep it."""
        return micros(self.now)

    def go_to(self, hours: float) -> deliver.DispatchReport:
        """Look at the segments, and send."""
        now = self.clock.instant = NOW + timedelta(hours=hours)
        segment.live.refresh(self.engine, self.catalog, Reader(self.engine, self.catalog), now=now)
        return deliver.dispatch(self.engine, self.catalog, now=now)

    def keep(self) -> deliver.AudienceReport:
        """Do what is due beside joins and leaves."""
        return deliver.keep_audiences(self.engine, self.catalog, now=self.now)

    def key(self, name: str) -> int:
        """The profile key of a person."""
        return identify.find(self.engine, f"user_id:{name}").profile_key

    def join(self, audience: str, name: str, variables: Mapping[str, Any]) -> None:
        """Let a journey put somebody in."""
        rows = self._rows(name).append_column("variables", pa.array([json.dumps(variables)]))
        context = deliver.Sending(self.catalog, self.now)
        self.engine.act(
            "test", lambda tx, batch: deliver.join_audience(tx, batch, audience, rows, context), now=self.now
        )

    def leave(self, audience: str, name: str) -> None:
        """Let a journey take somebody out."""
        rows = self._rows(name)
        self.engine.act("test", lambda tx, batch: deliver.leave_audience(tx, batch, audience, rows), now=self.now)

    def _rows(self, name: str) -> pa.Table:
        key = self.key(name)
        at = pa.array([naive_utc(self.now)], TIMESTAMP)
        return pa.table({"profile_key": [key], "node_key": [key], "at": at, "run": [f"run-{name}"]})

    def erase(self, name: str) -> None:
        """Forget somebody in this room, as an erasure does."""
        people = pa.table({"profile_key": pa.array([self.key(name)], pa.int64())})
        with self.engine.ops.write() as tx:
            deliver.DeliverStage().erase(tx, people)

    def removals(self) -> dict[str, tuple[str, bool]]:
        """Audience → how far the removal of an erased person is, and whether hashes are still kept."""
        rows = self.engine.ops.query("SELECT audience, state, told IS NOT NULL FROM audience_removals")
        return {audience: (state, bool(told)) for audience, state, told in rows}

    def states(self, audience: str) -> dict[str, int]:
        """How many of those who are in, by what the platform knows."""
        return {str(k): v for k, v in deliver.audience_standing(self.engine, self.catalog, audience).states.items()}
