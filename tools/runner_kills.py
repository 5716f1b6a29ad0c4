"""Kills of the journeys' runner, as many as wanted, on both stores, with a provider that fails half of the time.

``python -m tools.runner_kills [--deaths 25] [--seed 1] [--people 12]``; ends with an error where a provider that knows
messages by their keys got a key twice or not at all, where the shop is not what an undisturbed one is, where a provider
without keys got something twice, or where more messages are in doubt than there were deaths.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.pairs import EMBEDDED, PAIRS, Pair, end_run, open_pair
from tests.support.runner_world import keyed, lived, prepare, state, unkeyed

STORES = (EMBEDDED, PAIRS[1])
_STRIDE = 9
"""A process dies at one of its next so many points, so that a shop sees several deaths before it is through."""


@dataclass
class Found:
    """What was seen of one kind of process on one store."""

    died: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    in_doubt: int = 0


def main() -> int:
    """Run it and tell what happened; 1 where something is wrong."""
    options = _options()
    people = tuple(f"p{number:02}" for number in range(options.people))
    wrong = False
    try:
        for store in STORES:
            with open_pair(store) as pair:
                for kind, found in _kinds(pair, store, people, options).items():
                    deaths = ", ".join(f"{count} × {name}" for name, count in sorted(found.died.items()))
                    told = f"wrong: {', '.join(found.wrong)}" if found.wrong else "nothing is wrong"
                    print(f"{store}, {kind}: {sum(found.died.values())} deaths ({deaths})")
                    print(f"  {found.in_doubt} in doubt; {told}")
                    wrong |= bool(found.wrong)
    finally:
        end_run()
    return int(wrong)


def _kinds(pair: Pair, store: str, people: tuple[str, ...], options: argparse.Namespace) -> Mapping[str, Found]:
    draw = random.Random(options.seed)
    kinds: dict[str, Callable[[], Found]] = {
        "leader, provider with keys": lambda: _with_keys(pair, people, options.deaths, draw, member=False),
        "leader, provider without": lambda: _without_keys(pair, people, options.deaths, draw),
    }
    if store != EMBEDDED:
        kinds["member, provider with keys"] = lambda: _with_keys(pair, people, options.deaths, draw, member=True)
    return {name: run() for name, run in kinds.items()}


def _with_keys(pair: Pair, people: tuple[str, ...], deaths: int, draw: random.Random, *, member: bool) -> Found:
    """Shop after shop, until there were so many deaths."""
    found = Found()
    while sum(found.died.values()) < deaths:
        with tempfile.TemporaryDirectory() as folder, keyed() as (provider, channel):
            root = Path(folder)
            alone = prepare(root / "alone", pair, channel, people)
            lived(root / "alone", alone, "leader")
            expected = state(root / "alone", alone)
            provider.taken.clear()
            provider.repeated.clear()
            where = prepare(root / "killed", pair, channel, people)
            if member:
                _member(root / "killed", where, draw, found)
            _lives(root / "killed", where, "leader", draw, None if member else found)
            now = state(root / "killed", where)
            found.wrong += [name for name in expected if now[name] != expected[name]]
            mails = {message for message, step, *_ in expected["messages"] if step == "miss_you"}
            if dict(provider.taken) != dict.fromkeys(mails, 1):
                found.wrong.append("keys")
    return found


def _without_keys(pair: Pair, people: tuple[str, ...], deaths: int, draw: random.Random) -> Found:
    found = Found()
    while sum(found.died.values()) < deaths:
        with tempfile.TemporaryDirectory() as folder, unkeyed() as (server, channel):
            root = Path(folder)
            where = prepare(root / "killed", pair, channel, people)
            before = sum(found.died.values())
            _lives(root / "killed", where, "leader", draw, found)
            here = sum(found.died.values()) - before
            states = Counter(one[3] for one in state(root / "killed", where)["messages"] if one[1] == "miss_you")
            in_doubt = states["uncertain"]
            found.in_doubt += in_doubt
            if len(set(server.recipients)) != len(server.recipients):
                found.wrong.append("somebody got two")
            if in_doubt > here or set(states) - {"sent", "uncertain"}:
                found.wrong.append(f"states {dict(states)} after {here} deaths")
            if len(people) - len(server.recipients) > in_doubt:
                found.wrong.append("somebody got none, and nobody knows")
    return found


def _lives(root: Path, where: dict[str, str], role: str, draw: random.Random, found: Found | None) -> None:
    """Processes of that role, each dying soon, until one does all that is left; nobody dies without ``found``."""
    record = root.with_name("points")
    while True:
        record.unlink(missing_ok=True)
        kill_at = "0" if found is None else str(1 + draw.randrange(_STRIDE))
        if lived(root, where, role, kill_at, record) != -9:
            return
        if found is not None:
            found.died[record.read_text().split()[-1]] += 1


def _member(root: Path, where: dict[str, str], draw: random.Random, found: Found) -> None:
    """People have entered and whoever led is gone: members take what they can, and die over it."""
    lived(root, where, "leader", "act.before_commit:2")
    _lives(root, where, "member", draw, found)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deaths", type=int, default=25, help="of each kind of process, on each store")
    parser.add_argument("--seed", type=int, default=1, help="of what dies when")
    parser.add_argument("--people", type=int, default=12)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
