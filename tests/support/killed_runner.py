"""A process that lets journeys go on and hands messages over, and may die at a counted point.

``python -m tests.support.killed_runner ROOT ROLE``: ``leader`` ticks hour after hour, ``member`` takes steps beside it.
Where the operational store lies the environment tells (``PLACE_URL``, ``PLACE_SCHEMA``; files without them).
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from foretell import app, definitions, deliver, journey
from foretell.clock import FixedClock
from foretell.condition import Reader
from foretell.engine import EngineSettings, Mode, PostgresPlace, open_engine
from foretell.testing import install
from tests.support.journey_shop import JourneyShop, at
from tests.support.small_events import NOW, decode

HOURS = (0, 24, 72)
TRIES = 14
"""So often what a provider did not take is tried again; each time later than its longest pause."""
_PAUSE = timedelta(hours=30)
_MEMBER_SECONDS = 1.5


@contextmanager
def opened(root: Path, mode: Mode = "write") -> Iterator[JourneyShop]:
    """The shop at ``root``, whose documents are there."""
    catalog, problems = definitions.load(root, app.KINDS, environ=os.environ)
    definitions.raise_errors(problems)
    url = os.environ.get("PLACE_URL")
    place = PostgresPlace(url, os.environ["PLACE_SCHEMA"]) if url else None
    settings = EngineSettings(root / "data", memory_mb=256, postgres=place)
    stages = app.stages(catalog.settings, where=settings)
    with open_engine(settings, app.ROOMS, stages, {"small": decode}, FixedClock(NOW), mode) as engine:
        yield JourneyShop(engine, catalog)


def lead(shop: JourneyShop) -> None:
    """All that is due, hour after hour; then whatever a provider has not taken."""
    for hours in HOURS:
        journey.tick(shop.engine, shop.catalog, shop.reader, now=at(hours))
        deliver.dispatch(shop.engine, shop.catalog, now=at(hours))
    for number in range(TRIES):
        deliver.dispatch(shop.engine, shop.catalog, now=at(HOURS[-1]) + _PAUSE * number)


def assist(shop: JourneyShop) -> None:
    """Steps beside the leader, as long as it may be at work."""
    assistant, reader = journey.Assistant(shop.engine), Reader(shop.engine, shop.catalog)
    until = time.monotonic() + _MEMBER_SECONDS
    while time.monotonic() < until:
        assistant.tick(shop.catalog, reader, now=at(HOURS[-1]))
        deliver.dispatch(shop.engine, shop.catalog, now=at(HOURS[-1]))
        time.sleep(0.02)


def main(root: Path, role: str) -> None:
    """Work until all is done, or killed."""
    member = role == "member"
    with opened(root, "member" if member else "write") as shop:
        install(os.environ)
        (assist if member else lead)(shop)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
