"""``bench identity``: whose each event is, against a dictionary in memory and against rows one by one; and a card.

Ours is the stage as it runs on every batch of 10,000: looked up, resolved and entered set-wise in one durable
transaction, with the evidence of each merge. The dictionary (:class:`~foretell.bench.identity_sides.InMemory`) gets
the same Arrow columns and keeps nothing; the two take turns, batch by batch, and count by their CPU. Rows one by one
go into the same store, each event in a durable transaction, and count by wall time. All part the events among people
in the same way: one checksum.

A card is asked for over HTTP, from ours and from a dictionary of ready answers behind the same server.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from foretell.bench.identity_cards import cards
from foretell.bench.identity_sides import InMemory, RowByRow, SetWise, checksum, empty_store, opened
from foretell.bench.identity_stream import everybody, half_new, made
from foretell.bench.registry import Result
from foretell.errors import ForetellError
from foretell.identify import IdentityRules

LIMITS = {"vs_memory": ">= 0.25", "vs_row_upsert": ">= 5", "growth": "<= 1.3", "card_vs_dict": ">= 0.8"}
BATCH = 10_000
_EVENTS_A_PERSON = 10
_A_PERSON = 1.7
"""Identifiers of a person who came once."""
_WARM = 2
"""Batches that are not counted: stores are opened anew after they were filled."""


def run(*, quick: bool, report: Callable[[str], None]) -> Result:
    """A million events and 2 million identifiers; ``--quick`` takes a fifth and a twentieth."""
    events, rows, identifiers = (200_000, 2_000, 100_000) if quick else (1_000_000, 10_000, 2_000_000)
    ratios, figures = _sides(events, rows, report)
    small, large = _growing(identifiers // 20, identifiers, 9, report)
    figures |= {"identifiers": identifiers, "small_cpu_us": small, "large_cpu_us": large}
    ratios["growth"] = round(large / small, 3)
    served, found = cards(people=1_000 if quick else 20_000, rounds=7, report=report)
    return Result("identity", {**ratios, **served}, {**figures, **found}, LIMITS)


def _sides(events: int, rows: int, report: Callable[[str], None]) -> tuple[dict[str, float], dict[str, float]]:
    stream = made(events, events // _EVENTS_A_PERSON, seed=1)
    memory, rules = InMemory(IdentityRules()), IdentityRules()
    ours_cpu = ours_wall = theirs_cpu = 0.0
    report(f"{events:,} events, {BATCH:,} a batch, against a dictionary")
    with empty_store() as engine:
        ours = SetWise(engine)
        for part in stream.parts(BATCH):
            cpu, wall = process_time(), perf_counter()
            ours.take(part)
            ours_cpu, ours_wall = ours_cpu + process_time() - cpu, ours_wall + perf_counter() - wall
            cpu = process_time()
            memory.take(part)
            theirs_cpu += process_time() - cpu
        _same("a dictionary", checksum(ours.owners()), checksum(memory.owners()))
    report(f"{rows:,} of them row by row")
    few, again = stream.part(0, rows), InMemory(rules)
    with empty_store() as engine:
        one_by_one = RowByRow(engine, rules)
        wall = perf_counter()
        one_by_one.take(few)
        row_wall = perf_counter() - wall
        again.take(few)
        _same("row by row", checksum(one_by_one.owners()), checksum(again.owners()))
    ratios = {
        "vs_memory": round(theirs_cpu / ours_cpu, 3),
        "vs_row_upsert": round(row_wall / rows / (ours_wall / events), 1),
    }
    return ratios, {
        "events": events,
        "our_cpu_us": _micros(ours_cpu, events),
        "memory_cpu_us": _micros(theirs_cpu, events),
        "our_wall_us": _micros(ours_wall, events),
        "row_wall_us": _micros(row_wall, rows),
    }


def _growing(small: int, large: int, batches: int, report: Callable[[str], None]) -> tuple[float, float]:
    """CPU an event (µs) in a store of few and in one of many identifiers, in turns; the median of the batches."""
    with TemporaryDirectory(prefix="foretell-bench-") as folder, ExitStack() as open_stores:
        sides = []
        for size in (small, large):
            report(f"a store of {size:,} identifiers")
            place, people = Path(folder, str(size)), round(size / _A_PERSON)
            with opened(place) as engine:
                filling = SetWise(engine)
                for part in everybody(people).parts(50_000):
                    filling.take(part)
            side = SetWise(open_stores.enter_context(opened(place)), after=people)
            sides.append((side, half_new((_WARM + batches) * BATCH, people)))
        spent: list[list[float]] = [[], []]
        for number in range(_WARM + batches):
            for times, (side, stream) in zip(spent, sides, strict=True):
                part, cpu = stream.part(number * BATCH, BATCH), process_time()
                side.take(part)
                times.append(process_time() - cpu)
    few, many = (statistics.median(times[_WARM:]) for times in spent)
    return _micros(few, BATCH), _micros(many, BATCH)


def _micros(seconds: float, events: int) -> float:
    return round(seconds / events * 1e6, 2)


def _same(name: str, ours: str, theirs: str) -> None:
    if ours != theirs:
        raise ForetellError("CHECKSUM_DIFFERS", f"ours {ours}, {name} {theirs}", thing="bench identity")
