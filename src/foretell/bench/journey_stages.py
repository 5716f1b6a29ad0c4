"""The sides of ``bench journey``, each a process of its own, so that CPU and memory are its own.

``python -m foretell.bench.journey_stages STAGE FOLDER PEOPLE FILE`` writes what it cost to ``FILE`` as JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb

from foretell import app, collect, deliver, journey
from foretell.app import open_workspace
from foretell.bench.journey_documents import AS_OF, JOURNEY, SOURCE, WAITS, workspace, write_people
from foretell.bench.rivals import rivals
from foretell.bench.scale_stages import Meter
from foretell.clock import SteppedClock
from foretell.errors import ForetellError

_PEOPLE, _WORKSPACE = "people.jsonl", "workspace"
RENDERED = 20_000
"""So many messages are rendered and handed over for the figure."""


def prepare(folder: Path, people: int, meter: Meter) -> tuple[int, int]:
    """People and the journey, which runs; nothing of it is counted but by its own figure."""
    workspace(folder / _WORKSPACE)
    write_people(folder / _PEOPLE, people)
    with open_workspace(folder / _WORKSPACE, "write", SteppedClock(AS_OF)) as found:
        app.apply(found)
        journey.start(found.engine, found.catalog, JOURNEY, now=AS_OF)
        with meter.running():
            collect.import_files(
                found.engine, found.catalog, [folder / _PEOPLE], SOURCE, now=AS_OF, reader=found.frames
            )
    (folder / _PEOPLE).unlink()
    return people, people


def wave(folder: Path, people: int, meter: Meter) -> tuple[int, int]:
    """Everybody goes through all six steps; a unit is a step that somebody passed, the entry none.

    Raises:
        ForetellError: ``CHECKSUM_DIFFERS`` where not everybody who was treated came to the end.
    """
    clock = SteppedClock(AS_OF)
    with open_workspace(folder / _WORKSPACE, "write", clock) as found:
        with meter.running():
            for wait in WAITS:
                clock.instant = AS_OF + wait
                journey.tick(found.engine, found.catalog, found.reader, now=clock.instant)
        told = found.engine.analytics.query(
            "SELECT arm, state, count(*) AS n FROM journey_runs GROUP BY arm, state ORDER BY arm"
        ).to_pylist()
        ((steps,),) = found.engine.ops.query("SELECT count(*) FROM journey_runs WHERE state = 'done'")
        passed = found.engine.analytics.query(
            "SELECT count(*) AS n FROM (SELECT DISTINCT run, step FROM journey_steps WHERE outcome <> 'held_out') p"
        )["n"][0].as_py()
    if {(row["arm"], row["state"]) for row in told} != {("held_out", "held_out"), ("treated", "done")}:
        raise ForetellError("CHECKSUM_DIFFERS", f"the wave ended as {told}", thing="bench journey")
    if sum(row["n"] for row in told) != people:
        raise ForetellError("CHECKSUM_DIFFERS", f"{told} of {people} people", thing="bench journey")
    return int(passed), int(steps)


def render(folder: Path, _people: int, meter: Meter) -> tuple[int, int]:
    """Messages of the wave rendered and handed over to the inbox; a unit is a message."""
    with open_workspace(folder / _WORKSPACE, "write", SteppedClock(AS_OF)) as found:
        with found.engine.ops.write() as tx:
            tx.execute(
                "UPDATE messages SET state = 'cancelled', next_at = NULL WHERE message_id NOT IN "
                "(SELECT message_id FROM messages WHERE state = 'queued' ORDER BY next_at, message_id LIMIT ?)",
                (RENDERED,),
            )
        ((waiting,),) = found.engine.ops.query("SELECT count(*) FROM messages WHERE state = 'queued'")
        with meter.running():
            report = deliver.dispatch(found.engine, found.catalog, now=AS_OF + WAITS[-1])
    return int(waiting), int(sum(report.sent.values()))


def rival(_folder: Path, people: int, meter: Meter) -> tuple[int, int]:
    """The hand-written wave, without gate, ledger and holdout; a unit is a person advanced by a step."""
    connection = duckdb.connect(config={"threads": 2})
    with meter.running():
        advanced = int(rivals().journey_wave(connection, people))
    return advanced, advanced


STAGES: dict[str, Callable[[Path, int, Meter], tuple[int, int]]] = {
    "prepare": prepare,
    "wave": wave,
    "render": render,
    "rival": rival,
}


def main(arguments: list[str]) -> None:
    """Run one stage."""
    stage, folder, people, out = arguments
    meter = Meter()
    units, found = STAGES[stage](Path(folder), int(people), meter)
    told = {"cpu_s": meter.cpu_s, "wall_s": meter.wall_s, "units": units, "found": found}
    Path(out).write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
