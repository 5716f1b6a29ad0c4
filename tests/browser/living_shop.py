"""A simulated shop behind a real server, on a clock that the test moves."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from foretell import app, collect, journey, predict, segment
from foretell.clock import SteppedClock, naive_utc
from foretell.demo import DATASETS, ShopSettings, ShopWorld
from foretell.demo.living import tell_history
from foretell.web import create_app
from foretell.web.assets import FOLDER
from tests.support.served_workspace import site_for

BEGIN = datetime(2024, 6, 3, tzinfo=UTC)
LIVED = timedelta(days=540)
PEOPLE = 400
PERSONAS = """\
kind: persona
key: customers
spec:
  people_needed: 100
  behaviours:
    - {key: visits, title: visits, of: {did: Session Ended}, high: curious, low: quiet}
    - {key: store, title: orders in the store, of: {did: Order Completed, where: {channel: store}},
       per: {did: Order Completed}, high: store-going, low: online}
    - {key: opens, title: mails opened, of: {did: Email Opened, where: {machine: {is_not: true}}},
       per: {did: Email Delivered}, high: mail-reading, low: mail-shy}
"""
"""Few people: fewer are needed, and only the clearest of their habits counts."""


class Silent:
    """Nobody watches the progress."""

    def done(self, completed: float, total: float) -> None:
        """The present piece stands at ``completed`` of ``total``."""


class LivingShop:
    """The demo shop after its history, trained, with the churn rescue started; from then on people are silent."""

    def __init__(self, workspace: app.Workspace, clock: SteppedClock, address: str, forget: Any) -> None:
        self.workspace, self.clock, self.address = workspace, clock, address
        self._forget = forget
        self.begin = clock.instant

    def go_to(self, instant: datetime) -> None:
        """Let time go by, in one tick."""
        self.clock.instant = instant
        app.advance(self.workspace, instant)
        self._forget()

    def rows(self, sql: str, **params: object) -> list[dict[str, Any]]:
        """Rows of a query over the views."""
        told = {name: naive_utc(value) if isinstance(value, datetime) else value for name, value in params.items()}
        found: list[dict[str, Any]] = self.workspace.engine.analytics.query(sql, told).to_pylist()
        return found

    def api(self, path: str, **params: Any) -> Any:
        """The JSON of an address below ``/api/``."""
        answer = httpx.get(f"{self.address}/api/{path}", params=params, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def tell(self, profile_id: str, event: str, **properties: object) -> None:
        """Post an event of a person as a tracking library does, and take it in."""
        (who,) = self.rows("SELECT user_id FROM profiles WHERE profile_id = $p", p=profile_id)
        at = self.clock.instant.isoformat()
        body = {"userId": who["user_id"], "event": event, "messageId": f"{event}-{profile_id}", "timestamp": at}
        answer = httpx.post(f"{self.address}/v1/track", json={**body, "properties": properties}, timeout=60)
        assert answer.json() == {"success": True}
        self.workspace.engine.apply_pending()
        self._forget()


@contextmanager
def living_shop(folder: Path) -> Iterator[LivingShop]:
    """Build the shop in ``folder`` and serve it."""
    DATASETS["shop"].write(folder)
    (folder / "personas" / "customers.yaml").write_text(PERSONAS)
    clock = SteppedClock(BEGIN + LIVED)
    with app.open_workspace(folder, clock=clock) as workspace:
        app.apply(workspace)
        tell_history(workspace, ShopWorld(ShopSettings(PEOPLE, 7, BEGIN)), clock.instant, Silent())
        rooms = (workspace.engine, workspace.catalog, workspace.reader)
        predict.train(*rooms, "churn", as_of=clock.instant, now=clock.instant)
        predict.train(*rooms, "clv", as_of=clock.instant, now=clock.instant)
        collect.refresh_sessions(workspace.engine, workspace.catalog, now=clock.instant)
        found = segment.personas.build(*rooms, as_of=clock.instant, now=clock.instant)
        assert found.state == "built", found.says
        journey.start(workspace.engine, workspace.catalog, "churn_rescue", now=clock.instant)
        site = site_for(workspace, FOLDER)
        with answering(create_app(site)) as address:
            yield LivingShop(workspace, clock, address, site.cache.forget)


@contextmanager
def answering(application: Any) -> Iterator[str]:
    """A server in a thread; gives its address."""
    config = uvicorn.Config(application, port=0, log_config=None, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.02)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=20)
