"""A process on a workspace on PostgreSQL that spools, applies or sends, and may die at a counted point.

``python -m tests.support.killed_member FOLDER MODE FROM TO``: spools the numbered frames one by one, tells each that
was acknowledged on stderr, and applies all that waits, as the leader (``write``) or beside it (``member``).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from foretell import identify, profile
from foretell.clock import FixedClock
from foretell.engine import Engine, EngineSettings, Mode, PostgresPlace, open_engine
from foretell.testing import install
from tests.support.small_events import NOW, decode, event, frame

EVENTS_A_FRAME = 3


@contextmanager
def opened(root: Path, place: PostgresPlace, mode: Mode) -> Iterator[Engine]:
    """The workspace with the rooms that need no documents."""
    with open_engine(
        EngineSettings(root, memory_mb=256, postgres=place),
        [identify.PARTS, profile.PARTS],
        [identify.IdentifyStage(), profile.ProfileStage()],
        {"small": decode},
        FixedClock(NOW),
        mode,
    ) as engine:
        yield engine


def spooled(engine: Engine, number: int) -> None:
    """Spool frame ``number``; its last event is the first of the one before, sent again."""
    names = [number * EVENTS_A_FRAME + place for place in range(EVENTS_A_FRAME)]
    names.append(max(0, names[0] - EVENTS_A_FRAME))
    events = [event("Seen", f"m{name}", ids={"user_id": f"u{name % 5}", "email": f"e{name % 3}"}) for name in names]
    engine.spool_append([frame(events)])


def main(root: Path, mode: Mode, begin: int, end: int) -> None:
    """Spool and apply until killed."""
    place = PostgresPlace(os.environ["PLACE_URL"], os.environ["PLACE_SCHEMA"])
    with opened(root, place, mode) as engine:
        install(os.environ)
        for number in range(begin, end):
            spooled(engine, number)
            sys.stderr.write(f"{number}\n")
            sys.stderr.flush()
            if number % 2:
                engine.apply_pending()
        engine.apply_pending()


if __name__ == "__main__":
    folder, how, first, behind = sys.argv[1:]
    main(Path(folder), "write" if how == "write" else "member", int(first), int(behind))
