"""The stages of ``bench scale``, each a process of its own, so that the most memory it held is its own.

``python -m foretell.bench.scale_stages STAGE FOLDER PEOPLE FILE`` works on the workspace in ``FOLDER`` and writes what
it cost to ``FILE`` as JSON: CPU seconds of all threads, wall seconds, units of work, and a number that says what came
out. Opening the workspace is no part of it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from time import perf_counter, process_time

import pyarrow as pa
from threadpoolctl import threadpool_limits

from foretell import app, collect, journey, predict
from foretell.app import Workspace, open_workspace
from foretell.bench import events_file
from foretell.bench.identity_sides import SetWise, empty_store
from foretell.bench.identity_stream import made
from foretell.bench.scale_documents import AS_OF, JOURNEY, PREDICTION, SEGMENTS, SOURCE, workspace
from foretell.clock import SteppedClock
from foretell.condition import Reader, parse
from foretell.definitions import Catalog
from foretell.engine import Engine

EVENTS_A_PERSON = 10
NAMED_A_PERSON = 3
"""Events a person of the stream that identity takes in by itself."""
BATCH = 10_000
AT_ONCE = 250_000
"""People whose features are computed at the same time, as scoring does."""
_WAIT = timedelta(hours=24)
WORKSPACE, SETTINGS = "workspace", "settings"
"""What lies in a stage's folder: the workspace, and further lines of its ``foretell.yaml`` where there are some."""
_EVENTS = "events.jsonl"


class Meter:
    """What the work inside :meth:`running` cost."""

    def __init__(self) -> None:
        self.cpu_s = self.wall_s = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count while the block runs."""
        cpu, wall = process_time(), perf_counter()
        yield
        self.cpu_s += process_time() - cpu
        self.wall_s += perf_counter() - wall


def prepare(folder: Path, people: int, meter: Meter) -> tuple[int, int]:
    """The documents put in force, and the events in a file; ``settings`` in the folder are of the workspace."""
    settings = folder / SETTINGS
    workspace(folder / WORKSPACE, settings.read_text("utf-8") if settings.exists() else "")
    with _opened(folder) as found, meter.running():
        app.apply(found)
        journey.start(found.engine, found.catalog, JOURNEY, now=AS_OF)
    events_file.write(folder / _EVENTS, events=people * EVENTS_A_PERSON, people=people)
    return people * EVENTS_A_PERSON, 0


def import_events(folder: Path, people: int, meter: Meter) -> tuple[int, int]:
    """The events of a file, into log, people, traits and orders; a unit is an event."""
    with _opened(folder) as found, meter.running():
        files = [folder / _EVENTS]
        reports = collect.import_files(found.engine, found.catalog, files, SOURCE, now=AS_OF, reader=found.frames)
    (folder / _EVENTS).unlink()
    return people * EVENTS_A_PERSON, sum(report.events for report in reports)


def identify(_folder: Path, people: int, meter: Meter) -> tuple[int, int]:
    """Whose each event is, in a store of identity alone; a unit is an event."""
    stream = made(people * NAMED_A_PERSON, people, seed=1)
    with empty_store() as engine:
        side = SetWise(engine)
        with meter.running():
            for part in stream.parts(BATCH):
                side.take(part)
        (identifiers,) = engine.ops.query("SELECT count(*) FROM identifiers")[0]
    return len(stream), int(identifiers)


def features(folder: Path, _people: int, meter: Meter) -> tuple[int, int]:
    """The features of a prediction's population, part by part; a unit is a person."""
    with _opened(folder) as found, meter.running(), threadpool_limits(limits=1, user_api="blas"):
        analytics = found.engine.analytics
        members = _members(found)
        columns = found.engine.log.properties()
        plan = predict.plan_for(analytics, members, AS_OF, (90.0,), currency="EUR", zone="UTC", columns=columns)
        size = 0
        for first in range(0, members.num_rows, AT_ONCE):
            size += predict.compute(analytics, plan, members.slice(first, AT_ONCE), AS_OF).values.size
    return members.num_rows, size


def train(folder: Path, _people: int, meter: Meter) -> tuple[int, int]:
    """A model of that prediction with its report; a unit is a person of the population today."""
    with _opened(folder) as found:
        with meter.running():
            report = predict.train(*_places(found), PREDICTION, as_of=AS_OF, now=AS_OF)
        return _members(found).num_rows, int(report.as_dict()["horizons"]["90d"]["n"])


def score(folder: Path, _people: int, meter: Meter) -> tuple[int, int]:
    """Its scores with the reasons that a large population gets; a unit is a person."""
    with _opened(folder) as found, meter.running():
        scored = predict.score(*_places(found), PREDICTION, as_of=AS_OF, now=AS_OF, exact_up_to=0)
    return scored.people, scored.rows.num_rows


def segments(folder: Path, people: int, meter: Meter) -> tuple[int, int]:
    """A hundred segments read from the log, everybody evaluated, memberships written; a unit is a person."""
    with _opened(folder) as found:
        with meter.running():
            fresh = app.freshen(found, AS_OF)
        assert fresh.segments == SEGMENTS
        counted = found.engine.analytics.query("SELECT count(*) AS n FROM segment_memberships WHERE exited_at IS NULL")
    return people, int(counted["n"][0].as_py())


def wave(folder: Path, _people: int, meter: Meter) -> tuple[int, int]:
    """All who bought enter a journey, gets a mail queued, waits a day and comes to the end; a unit is a person."""
    clock = SteppedClock(AS_OF)
    with _opened(folder, clock) as found, meter.running():
        entered = journey.tick(*_places(found), now=AS_OF).entered
        clock.instant = AS_OF + _WAIT
        journey.tick(*_places(found), now=clock.instant)
        (ended,) = found.engine.ops.query("SELECT count(*) FROM journey_runs WHERE state = 'done'")[0]
    assert ended == entered, (ended, entered)
    return entered, int(ended)


STAGES: dict[str, Callable[[Path, int, Meter], tuple[int, int]]] = {
    "prepare": prepare,
    "import": import_events,
    "identify": identify,
    "features": features,
    "train": train,
    "score": score,
    "segments": segments,
    "wave": wave,
}


@contextmanager
def _opened(folder: Path, clock: SteppedClock | None = None) -> Iterator[Workspace]:
    with open_workspace(folder / WORKSPACE, "write", clock or SteppedClock(AS_OF)) as found:
        yield found


def _places(found: Workspace) -> tuple[Engine, Catalog, Reader]:
    return found.engine, found.catalog, found.reader


def _members(found: Workspace) -> pa.Table:
    """The prediction's population: column profile_key."""
    about = parse(predict.spec_of(found.catalog, PREDICTION).about)
    return found.reader.members(about, as_of=AS_OF, known_at=AS_OF).select(["profile_key"])


def main(arguments: list[str]) -> None:
    """Run one stage."""
    stage, folder, people, out = arguments
    meter = Meter()
    units, found = STAGES[stage](Path(folder), int(people), meter)
    told = {"cpu_s": meter.cpu_s, "wall_s": meter.wall_s, "units": units, "found": found}
    Path(out).write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
