"""The state on the disk, so that a restart need not read the log: a cache, whole or not there.

A snapshot is a folder; it is written beside and comes into being by one rename. What was told since is in the stores.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from foretell.condition import Scope
from foretell.engine import reached
from foretell.errors import explain_os_errors
from foretell.segment.live.arena import Arena
from foretell.segment.live.plan import Plan
from foretell.segment.live.state import State, empty, matching_of

FOLDER = "segments_live"
_FORMAT = 1
_PEOPLE = ("keys", "seen", "known", "look_at", "told_at", "parts", "inside")
_HITS = ("atom", "t", "v")


def write(data: Path, state: State) -> None:
    """Write the state as it is now; an older snapshot goes."""
    folder = data / FOLDER
    with explain_os_errors("workspace data"):
        folder.mkdir(exist_ok=True)
        new = folder / "new"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir()
        for name, array in _arrays(state).items():
            with (new / f"{name}.npy").open("wb") as file:
                np.save(file, array)
                file.flush()
                os.fsync(file.fileno())
        with (new / "meta.json").open("w", encoding="utf-8") as text:
            json.dump(_meta(state), text)
            text.flush()
            os.fsync(text.fileno())
        reached("live.before_snapshot")
        before = _snapshots(folder)
        os.rename(new, folder / f"{_number(before[-1]) + 1 if before else 1:09d}")
        reached("live.after_snapshot")
        for old in before:
            shutil.rmtree(old, ignore_errors=True)


def restored(data: Path, plan: Plan, scope: Scope, epoch: int, until: tuple[int, int]) -> State | None:
    """The state of the newest snapshot; None where there is none that can be used.

    Args:
        until: instant and event up to which was told; a snapshot of later is one of other stores.
    """
    folder = data / FOLDER
    for path in reversed(_snapshots(folder)):
        try:
            meta = json.loads((path / "meta.json").read_text("utf-8"))
            if meta["format"] != _FORMAT or meta["epoch"] != epoch:
                return None
            if meta["as_of"] > until[0] or meta["seq"] > until[1]:
                return None
            arrays = {name: np.load(path / f"{name}.npy") for name in (*_PEOPLE, *_HITS, "count")}
        except (OSError, ValueError, KeyError, EOFError):
            continue
        return _state(meta, arrays, plan, scope)
    return None


def remove(data: Path) -> None:
    """Remove all snapshots; the next look reads the log."""
    shutil.rmtree(data / FOLDER, ignore_errors=True)


def _snapshots(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("[0-9]*") if path.is_dir())


def _number(path: Path) -> int:
    return int(path.name)


def _arrays(state: State) -> dict[str, Any]:
    arena, people = state.arena, state.people
    everybody = np.arange(len(people), dtype=np.int64)
    hits = arena.of(everybody)
    own = {name: getattr(people, name) for name in _PEOPLE}
    return own | {name: getattr(hits, name) for name in _HITS} | {"count": arena.count}


def _meta(state: State) -> dict[str, Any]:
    plan = state.plan
    return {
        "format": _FORMAT,
        "epoch": state.epoch,
        "as_of": state.as_of,
        "seq": state.seq,
        "moves": state.moves,
        "atoms": state.atoms,
        "enough": state.enough,
        "prints": plan.prints,
        "segments": plan.meanings,
        "asked_at": state.asked_at,
        "stamps": state.stamps,
    }


def _state(meta: dict[str, Any], arrays: dict[str, Any], plan: Plan, scope: Scope) -> State | None:
    """A state for ``plan`` where the snapshot was made by one that means the same; None otherwise."""
    if meta["prints"] != plan.prints or [tuple(one) for one in meta["segments"]] != plan.meanings:
        return None
    state = empty(plan, scope, epoch=meta["epoch"])
    state.matching = matching_of(plan, scope)
    people, arena = state.people, Arena()
    people.restore({name: arrays[name] for name in _PEOPLE})
    arena.count = arrays["count"]
    arena.begin = np.cumsum(arena.count) - arena.count
    arena.atom, arena.t, arena.v = (arrays[name] for name in _HITS)
    arena.used = len(arena.t)
    state.arena, state.atoms, state.enough = arena, meta["atoms"], [tuple(one) for one in meta["enough"]]
    state.as_of, state.seq, state.moves = meta["as_of"], meta["seq"], meta["moves"]
    state.asked_at, state.stamps = meta["asked_at"], meta["stamps"]
    return state
