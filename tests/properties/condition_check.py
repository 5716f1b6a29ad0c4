"""The comparison of a compiler with the naive evaluator, many conditions to a history."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random
from types import ModuleType
from typing import Any, cast

import pyarrow as pa

from foretell import condition as language
from foretell.clock import Duration, naive_utc
from foretell.condition import Explanation
from foretell.condition.explanation import explain
from foretell.engine import Engine
from tests.properties import condition_by_hand_more as by_hand
from tests.properties import condition_world as worlds
from tests.properties import condition_world_more as more
from tests.properties.condition_store import Known, asked_context, asked_people
from tests.properties.naive import At, measured, members

_TOGETHER = 12
"""Questions to a query: of many more the planner takes longer than of each alone."""
Segments = dict[str, tuple[dict[str, Any], str]]


@dataclass(frozen=True)
class Case:
    """A question, the segments it may refer to, whether it is about the world's people in runs, or at decisions."""

    raw: dict[str, Any]
    as_of: datetime
    known_at: datetime | None
    of: str
    future: Duration | None
    segments: Segments
    people: bool = False
    decision: bool = False

    def tree(self, compiler: ModuleType) -> Any:
        """As ``compiler`` reads it."""
        return compiler.parse(self.raw, future=self.future is not None, journey=self.people, decision=self.decision)


def cases(seed: int, world: worlds.World, number: int) -> Iterator[Case]:
    """``number`` questions about ``world``, and half as many more about consent and people in runs."""
    rng = Random(seed)
    segments: Segments = {}
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


def further_cases(seed: int, world: worlds.World, number: int) -> Iterator[Case]:
    """``number`` questions about order, change, rank, the person's clock and place."""
    rng = Random(-seed - 1)
    segments: Segments = {"three": (more.condition(rng), rng.choice(("known", "all")))}
    for _ in range(number):
        future = Duration.parse(rng.choice(("7d", "1mo"))) if rng.random() < 0.15 else None
        decision = future is None and rng.random() < 0.15
        raw = more.condition(rng, future=future is not None, decision=decision)
        if future is None and rng.random() < 0.05:
            raw = {"all": [{"segment": "three"}, raw]}
        known_at = rng.choice((None, None, None, *world.instants[2:]))
        of = rng.choice(("known", "all", "all"))
        yield Case(raw, rng.choice(world.instants), known_at, of, future, segments, decision, decision)


def cases_by_hand() -> tuple[worlds.World, list[Case], list[set[int]]]:
    """The history of ``condition_by_hand_more``, its questions and their answers."""
    told = [(raw, by_hand.NOON, people) for raw, people in (*by_hand.SEQUENCES, *by_hand.EVENTS, *by_hand.PLACES)]
    asked = [(*one, False) for one in (*told, *by_hand.OTHERS)]
    asked += [(raw, by_hand.NOON, people, True) for raw, people in by_hand.CONTEXT]
    found = [Case(raw, as_of, None, "known", None, {}, decision, decision) for raw, as_of, _, decision in asked]
    found += [Case(raw, by_hand.NOON, by_hand.NOON, "known", None, {}) for raw, _ in by_hand.KNOWN]
    world = worlds.World(by_hand.HISTORY, by_hand.HERE.zone, [by_hand.NOON], by_hand.PEOPLE)
    answers = [people for _, _, people, _ in asked] + [people for _, people in by_hand.KNOWN]
    return world, found, answers


def queries(asked: list[Case], world: worlds.World, engine: Engine, compiler: ModuleType) -> list[str]:
    """What ``compiler`` makes of each question: SQL with the column ``profile_key``."""
    return [
        compiler.compile_members(case.tree(compiler), _scope(case, world, engine, compiler), case.of) for case in asked
    ]


def explained(case: Case, world: worlds.World, engine: Engine, person: int) -> Explanation:
    """Why the condition of a question holds for one person or does not."""
    scope = replace(_scope(case, world, engine, language), only=person)
    return explain(
        case.tree(language), scope, cast(language.Of, case.of), engine.analytics, _tables(world) if case.people else {}
    )


def _tables(world: worlds.World) -> dict[str, pa.Table]:
    return {language.ASKED: asked_people(world.people), language.CONTEXT: asked_context(world.people)}


def _scope(case: Case, world: worlds.World, engine: Engine, compiler: ModuleType) -> Any:
    segments = {key: (compiler.parse(raw), of) for key, (raw, of) in case.segments.items()}
    return compiler.Scope(
        compiler.Frame(case.as_of, world.zone),
        engine.log.properties(),
        Known(segments, worlds.PREDICTIONS, world.rules),
        case.known_at,
        case.future,
        asked=compiler.Asked(since=True, run=True, entry=True) if case.people else None,
        zones=_zones(compiler, world),
        context=case.decision,
    )


def _zones(compiler: ModuleType, world: worlds.World) -> Any:
    clocks = importlib.import_module(f"{compiler.__name__}.clocks")
    told = {row["value"] for row in world.history.traits if row["trait"] in ("timezone", "zone")}
    first = min(event["ts"] for event in world.history.events)
    return lambda: clocks.Zones([one for one in told if isinstance(one, str)], naive_utc(first))


def differences(
    asked: list[Case],
    world: worlds.World,
    engine: Engine,
    compiler: ModuleType,
    expected: list[set[int]] | None = None,
    right: list[str] | None = None,
    together: int = _TOGETHER,
) -> list[str]:
    """The questions on which ``compiler`` and the naive evaluator differ, in words.

    Args:
        right: queries that are known to answer as expected; the same text is not run again.
        together: so many questions to a query.
    """
    expected = expected or [naive(case, world) for case in asked]
    made = queries(asked, world, engine, compiler)
    run = [place for place, query in enumerate(made) if right is None or query != right[place]]
    found = []
    for start in range(0, len(run), together):
        places = run[start : start + together]
        parts = [f"SELECT {place} AS place, profile_key FROM ({made[place]}) AS q{place}" for place in places]
        rows = engine.analytics.query(" UNION ALL ".join(parts), tables=_tables(world))
        pairs = list(zip(rows["place"].to_pylist(), rows["profile_key"].to_pylist(), strict=True))
        for place in places:
            compiled = sorted(key for at, key in pairs if at == place)
            if compiled != sorted(expected[place]):
                found.append(f"{asked[place]}\ncompiled {compiled}\nexpected {expected[place]}\n{made[place]}")
    return found


def naive(case: Case, world: worlds.World) -> set[int]:
    """The people by the naive evaluator."""
    return members(case.tree(language), world.history, _at(case, world), case.of)


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
        world.history.lists,
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
