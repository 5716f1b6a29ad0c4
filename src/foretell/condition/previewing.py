"""How many people a condition holds for while it is being written, and what each of its parts takes away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.condition.compile import people
from foretell.condition.nodes import All, Condition, Did
from foretell.condition.parse_variables import free
from foretell.condition.people import People, universe
from foretell.condition.scope import Of, Scope
from foretell.engine import Analytics
from foretell.ids import unit_intervals

_DRAW = "condition:preview"


@dataclass(frozen=True)
class PartCount:
    """A part of the top-level ``all`` (else the whole condition).

    Args:
        alone: people for whom this part holds; None where it speaks of a value that another part binds.
        left: people for whom this part and all before it hold; None where they speak of a value bound further down.
    """

    part: Condition
    alone: int | None
    left: int | None


@dataclass(frozen=True)
class Preview:
    """What a condition comes to.

    Args:
        total: people for whom it holds.
        universe: people who are asked about.
        parts: in the order written.
        sample: profile keys of a few for whom it holds, the same ones for the same people.
    """

    total: int
    universe: int
    parts: tuple[PartCount, ...]
    sample: tuple[int, ...]


def preview(tree: Condition, scope: Scope, of: Of, analytics: Analytics, *, sample: int) -> Preview:
    """Count ``tree`` and its parts in one query over the universe ``of``."""
    parts = tree.parts if isinstance(tree, All) else (tree,)
    sets = {f"a{place}": people(part, scope, of) for place, part in enumerate(parts) if not free(part)}
    joined = {f"l{place}": people(All(parts[: place + 1]), scope, of) for place in _bound(parts)}
    told = analytics.query(_flags({**sets, **joined}, scope, of))
    counts, left = [], pa.repeat(pa.scalar(True), told.num_rows)
    for place, part in enumerate(parts):
        alone = told[f"a{place}"] if f"a{place}" in sets else None
        reached = _reached(told, left, place, joined, parts)
        left = left if reached is None else reached
        counts.append(PartCount(part, _count(alone), _count(reached)))
    kept = told.filter(left)["profile_key"].combine_chunks()
    return Preview(len(kept), told.num_rows, tuple(counts), _drawn(kept, sample))


def _bound(parts: Sequence[Condition]) -> list[int]:
    """The places up to which parts speak of a value that one of them binds."""
    found, names, asked = [], set[str](), set[str]()
    for place, part in enumerate(parts):
        if isinstance(part, Did) and part.bind is not None:
            names.add(part.bind)
        asked |= free(part)
        if asked and asked <= names:
            found.append(place)
    return found


def _reached(
    told: pa.Table, left: pa.Array, place: int, joined: dict[str, People], parts: Sequence[Condition]
) -> pa.Array | None:
    if f"l{place}" in joined:
        return told[f"l{place}"].combine_chunks()
    if any(free(part) for part in parts[: place + 1]):
        return None
    return pc.and_(left, told[f"a{place}"].combine_chunks())


def _flags(sets: dict[str, People], scope: Scope, of: Of) -> str:
    """SQL: ``profile_key`` of everybody asked about, and for each set whether they are in it."""
    columns = [
        f"{'NOT ' if found.inverted else ''}EXISTS (SELECT 1 FROM ({found.query}) AS b "
        f"WHERE b.profile_key = u.profile_key) AS {name}"
        for name, found in sets.items()
    ]
    return f"SELECT {', '.join(['u.profile_key', *columns])} FROM ({universe(scope, of).query}) AS u"


def _count(flags: pa.ChunkedArray | pa.Array | None) -> int | None:
    return None if flags is None else int(pc.sum(flags).as_py() or 0)


def _drawn(keys: pa.Array, sample: int) -> tuple[int, ...]:
    places = unit_intervals(_DRAW, keys.to_numpy(zero_copy_only=False).astype(np.uint64))
    chosen = np.argsort(places, kind="stable")[:sample]
    return tuple(keys.take(pa.array(chosen)).to_pylist())
