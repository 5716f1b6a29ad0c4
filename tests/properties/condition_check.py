"""The comparison of a compiler with the naive evaluator, many conditions to a history."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random
from types import ModuleType
from typing import Any

from foretell import condition as language
from foretell.clock import Duration
from foretell.engine import Engine
from tests.properties import condition_world as worlds
from tests.properties.condition_store import Known, asked_people
from tests.properties.naive import At, measured, members


@dataclass(frozen=True)
class Case:
    """A question, the segments it may refer to, and whether it is about the world's people in runs."""

    raw: dict[str, Any]
    as_of: datetime
    known_at: datetime | None
    of: str
    future: Duration | None
    segments: dict[str, tuple[dict[str, Any], str]]
    people: bool = False


def cases(seed: int, world: worlds.World, number: int) -> Iterator[Case]:
    """``number`` questions about ``world``, and half as many more about consent and people in runs."""
    rng = Random(seed)
    segments: dict[str, tuple[dict[str, Any], str]] = {}
    for key in ("one", "two"):
        inner = worlds.condition(rng, segments=tuple(segments))
        segments[key] = (inner, rng.choice(("known", "known", "all")))
    for place in range(number + number // 2):
        more = place >= number  # consent and people in runs
        future = Duration.parse(rng.choice(("7d", "1mo"))) if not more and rng.random() < 0.15 else None
        people = more and rng.random() < 0.75
        raw = worlds.condition(rng, future=future is not None, consent=more, journey=people, segments=tuple(segments))
        known_at = rng.choice((None, None, None, *world.instants[2:]))
        of = rng.choice(("known", "all", "all"))
        yield Case(raw, rng.choice(world.instants), known_at, of, future, segments, people)


def queries(asked: list[Case], world: worlds.World, engine: Engine, compiler: ModuleType) -> list[str]:
    """What ``compiler`` makes of each question: SQL with the column ``profile_key``."""
    columns = engine.log.properties()
    made = []
    for case in asked:
        segments = {key: (compiler.parse(raw), of) for key, (raw, of) in case.segments.items()}
        scope = compiler.Scope(
            compiler.Frame(case.as_of, world.zone),
            columns,
            Known(segments, worlds.PREDICTIONS, world.rules),
            case.known_at,
            case.future,
            asked=compiler.Asked(since=True, run=True, entry=True) if case.people else None,
        )
        tree = compiler.parse(case.raw, future=case.future is not None, journey=case.people)
        made.append(compiler.compile_members(tree, scope, case.of))
    return made


def differences(
    asked: list[Case],
    world: worlds.World,
    engine: Engine,
    compiler: ModuleType,
    expected: list[set[int]] | None = None,
    right: list[str] | None = None,
) -> list[str]:
    """The questions on which ``compiler`` and the naive evaluator differ, in words.

    Args:
        right: queries that are known to answer as expected; the same text is not run again.
    """
    expected = expected or [naive(case, world) for case in asked]
    made = queries(asked, world, engine, compiler)
    run = [place for place, query in enumerate(made) if right is None or query != right[place]]
    if not run:
        return []
    text = " UNION ALL ".join(f"SELECT {place} AS place, profile_key FROM ({made[place]}) AS q{place}" for place in run)
    rows = engine.analytics.query(text, tables={language.ASKED: asked_people(world.people)})
    pairs = list(zip(rows["place"].to_pylist(), rows["profile_key"].to_pylist(), strict=True))
    found = []
    for place in run:
        compiled = sorted(key for at, key in pairs if at == place)
        if compiled != sorted(expected[place]):
            found.append(f"{asked[place]}\ncompiled {compiled}\nexpected {expected[place]}\n{made[place]}")
    return found


def naive(case: Case, world: worlds.World) -> set[int]:
    """The people by the naive evaluator."""
    tree = language.parse(case.raw, future=case.future is not None, journey=case.people)
    return members(tree, world.history, _at(case, world), case.of)


def _at(case: Case, world: worlds.World) -> At:
    segments = {key: (language.parse(raw), of) for key, (raw, of) in case.segments.items()}
    return At(
        case.as_of,
        world.zone,
        case.known_at,
        case.future,
        segments,
        worlds.PREDICTIONS,
        world.people if case.people else None,
        world.rules,
    )


def measure_differences(seed: int, world: worlds.World, engine: Engine) -> list[str]:
    """Measures on which compiler and naive evaluator differ."""
    rng = Random(seed)
    found = []
    for case in cases(seed, world, 8):
        part = language.parse_measure(worlds.measure(rng, future=case.future is not None))
        at = replace(_at(case, world), people=None)
        scope = language.Scope(
            language.Frame(case.as_of, world.zone),
            engine.log.properties(),
            Known({}, worlds.PREDICTIONS, world.rules),
            case.known_at,
            case.future,
        )
        rows = engine.analytics.query(language.compile_measure(part, scope)).to_pylist()
        scale = 1 if part.function in (None, "distinct") else 1_000_000
        expected = {
            person: None if number is None else int(number * scale)
            for person, number in measured(part, world.history, at).items()
        }
        compiled = {row["profile_key"]: row["value"] for row in rows}
        nothing = None if part.function in ("min", "max") else 0
        if any(compiled.get(key, nothing) != expected.get(key, nothing) for key in {*compiled, *expected}):
            found.append(f"{part}\n{case}\ncompiled {compiled}\nexpected {expected}")
    return found
