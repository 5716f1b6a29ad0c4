"""Erasing people everywhere, step by step; each step may be done again, and what was done is noted.

Doors to rooms after this one (model files, exports, back-ups) are handed in by ``app``. While an erasure runs, what
arrives is made durable and taken in afterwards; by then the people's identifiers are on the suppression list.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from foretell.clock import from_micros, micros
from foretell.collect import Cut, forget_quarantined, plain_addresses, quarantined_about
from foretell.engine import (
    LEAST_KEY,
    MOST_KEY,
    Engine,
    Tx,
    anonymised,
    cut_spool,
    forget,
    put_anonymous,
    reached,
    remove_rests,
    table_of,
    undisturbed,
)
from foretell.errors import UsageError
from foretell.identify import NAMES_ANOTHER
from foretell.profile.privacy.certificate import certificate
from foretell.profile.privacy.hashing import keyed_hashes
from foretell.profile.privacy.kept import KEPT
from foretell.profile.privacy.people import NODES, identifiers_of, nodes_of, words_of
from foretell.profile.privacy.requests import settle_request
from foretell.profile.privacy.suppression import suppress_identifiers

Door = Callable[[pa.Table], Mapping[str, Any]]
"""Erases people from something that a later room keeps; is given their words (kind, value), and says what was done."""
Told = Callable[[str], None]
STEPS = ("begun", "spool", "files", "analytics", "forgotten", "done")
_PEOPLE = {**NODES, "random_key": pa.int64()}
_OWNED = (
    "SELECT e.message_id FROM event_log e SEMI JOIN people p ON p.node_key = e.node_key WHERE e.message_id IS NOT NULL"
)

_TODAY = (
    "SELECT coalesce(m.profile_key, p.node_key), min(p.random_key) FROM erasure_people p "
    "LEFT JOIN merged m ON m.node_key = p.node_key WHERE p.erasure = ? GROUP BY coalesce(m.profile_key, p.node_key)"
)
_PRODUCTS = (
    "SELECT DISTINCT r.product_id FROM product_rows r JOIN event_log e ON e.seq = r.seq "
    "SEMI JOIN people p ON p.node_key = e.node_key ORDER BY r.product_id"
)


@dataclass(frozen=True)
class Erasing:
    """What an erasure needs to know of the workspace.

    Args:
        key: of the keyed hashes.
        zone: IANA zone of its days.
        counted: operational tables whose rows are counted.
        doors: name → what erases people from what a later room keeps.
    """

    key: bytes
    zone: str
    counted: Sequence[str]
    doors: Mapping[str, Door]


@dataclass(frozen=True)
class Erasure:
    """An erasure as it stands.

    Args:
        state: the last step that is done, of :data:`STEPS`.
        certificate: what was removed where, once it is done; it names nobody.
    """

    erasure: str
    state: str
    begun_at: datetime
    done_at: datetime | None
    made_by: str
    requests: tuple[str, ...]
    certificate: Mapping[str, Any] | None


def begin(
    engine: Engine, profile_keys: Sequence[int], *, requests: Sequence[str] = (), made_by: str, now: datetime
) -> str:
    """Note that people are to be erased, durably; returns the erasure's name. :func:`carry_out` does it."""
    people = nodes_of(engine.ops, sorted(set(profile_keys)))
    if not people.num_rows:
        raise UsageError("NOBODY", "there is nobody to erase", thing="erasure")
    name = f"er_{secrets.token_hex(8)}"
    keys = {owner: LEAST_KEY + secrets.randbelow(MOST_KEY - LEAST_KEY) for owner in set(profile_keys)}
    with engine.ops.write() as tx:
        tx.execute(
            "INSERT INTO erasures VALUES (?, 'begun', ?, NULL, ?, ?, '{}', NULL)",
            (name, micros(now), made_by, json.dumps(list(requests))),
        )
        _enter(tx, name, people, keys)
    reached("erase.begun")
    return name


def under_way(engine: Engine, profile_keys: Sequence[int]) -> dict[int, str]:
    """Those of the people whose erasure was begun and is not done, with its name."""
    wanted = set(profile_keys)
    rows = engine.ops.query("SELECT profile_key, min(erasure) FROM erasure_people GROUP BY profile_key")
    return {key: name for key, name in rows if key in wanted}


def unfinished(engine: Engine) -> list[str]:
    """Erasures that a crash or an error stopped, the first begun first."""
    rows = engine.ops.query("SELECT erasure FROM erasures WHERE state <> 'done' ORDER BY begun_at, erasure")
    return [name for (name,) in rows]


def carry_out(engine: Engine, name: str, how: Erasing, *, now: datetime, told: Told | None = None) -> Erasure:
    """Erase, going on where it was stopped. Until the people are forgotten that is at the beginning: since then more
    of theirs may have arrived, back-ups may have been made, and others may have turned out to be them.

    Raises:
        ForetellError: ``DISK_FULL`` and the like; what was done stays done, and it can be gone on.
    """
    say = told or (lambda _: None)
    with undisturbed(engine):
        state = show_erasure(engine, name).state
        if STEPS.index(state) < STEPS.index("forgotten"):
            _enter_others(engine, name)
            state = "begun"
        steps: Mapping[str, Callable[[], Mapping[str, Any]]] = {
            "spool": lambda: _spool(engine, name, now, say),
            "files": lambda: _files(engine, name, how, say),
            "analytics": lambda: _analytics(engine, name, how, say),
            "forgotten": lambda: _forget(engine, name, how, now, say),
            "done": lambda: _compact(engine, name, now, say),
        }
        for step in STEPS[STEPS.index(state) + 1 :]:
            say(step)
            counts = steps[step]()
            if step not in ("forgotten", "done"):
                _note(engine, name, step, counts)
            reached(f"erase.{step}")
    return show_erasure(engine, name)


def show_erasure(engine: Engine, name: str) -> Erasure:
    """An erasure.

    Raises:
        UsageError: ``ERASURE_UNKNOWN``.
    """
    found = [one for one in list_erasures(engine) if one.erasure == name]
    if not found:
        raise UsageError("ERASURE_UNKNOWN", f"there is no erasure {name}", thing="erasure")
    return found[0]


def certificate_of(engine: Engine, name: str) -> Mapping[str, Any]:
    """The certificate of an erasure.

    Raises:
        UsageError: ``ERASURE_UNKNOWN``, ``NOT_DONE``.
    """
    one = show_erasure(engine, name)
    if one.certificate is None:
        raise UsageError("NOT_DONE", f"the erasure {name} is not done yet", thing="erasure", transient=True)
    return one.certificate


def list_erasures(engine: Engine, *, limit: int = 10_000) -> list[Erasure]:
    """Erasures, the latest first."""
    rows = engine.ops.query(
        "SELECT erasure, state, begun_at, done_at, made_by, requests, certificate FROM erasures "
        "ORDER BY begun_at DESC, erasure LIMIT ?",
        (limit,),
    )
    return [
        Erasure(
            name, state, from_micros(begun), None if done is None else from_micros(done), by,
            tuple(json.loads(requests)), None if text is None else json.loads(text),
        )
        for name, state, begun, done, by, requests, text in rows
    ]  # fmt: skip


def erasure_of(engine: Engine, identifiers: pa.Table, key: bytes) -> datetime | None:
    """When somebody with one of ``identifiers`` (kind, value) was erased; None where nobody was."""
    hashes = keyed_hashes(identifiers, key)["hash"].to_pylist()
    marks = ", ".join("?" * len(hashes)) or "NULL"
    found = engine.ops.query(
        f"SELECT min(since) FROM suppressed_identifiers WHERE reason = 'erased' AND hash IN ({marks})", tuple(hashes)
    )
    return None if found[0][0] is None else from_micros(found[0][0])


def _people(engine: Engine, name: str) -> pa.Table:
    rows = engine.ops.query(
        "SELECT node_key, profile_key, random_key FROM erasure_people WHERE erasure = ? ORDER BY node_key", (name,)
    )
    return table_of(_PEOPLE, rows)


def _enter(tx: Tx, name: str, people: pa.Table, keys: Mapping[int, int]) -> None:
    """Note the nodes of ``people`` (node_key, profile_key) with the random key of their profile."""
    tx.executemany(
        "INSERT INTO erasure_people VALUES (?, ?, ?, ?) ON CONFLICT (erasure, node_key) DO UPDATE SET "
        "profile_key = excluded.profile_key, random_key = excluded.random_key",
        ((name, node, owner, keys[owner]) for node, owner in zip(*people.to_pydict().values(), strict=True)),
    )


def _enter_others(engine: Engine, name: str) -> None:
    """Note who else is one of the people by now."""
    keys = dict(engine.ops.query(_TODAY, (name,)))
    people = nodes_of(engine.ops, sorted(keys))
    with engine.ops.write() as tx:
        _enter(tx, name, people, keys)


def _note(engine: Engine, name: str, step: str, counts: Mapping[str, Any]) -> None:
    """Say that a step is done."""
    with engine.ops.write() as tx:
        _put(tx, name, step, counts)


def _put(tx: Tx, name: str, step: str, counts: Mapping[str, Any]) -> dict[str, Any]:
    """Note a step and what it did; of a step that is done again, the larger counts and all that was listed."""
    ((text,),) = tx.query("SELECT counts FROM erasures WHERE erasure = ?", (name,))
    told: dict[str, Any] = json.loads(text)
    told[step] = _together(told.get(step, {}), counts)
    tx.execute("UPDATE erasures SET state = ?, counts = ? WHERE erasure = ?", (step, json.dumps(told), name))
    return told


def _together(before: Any, now: Any) -> Any:
    """What a step did that was done twice."""
    if isinstance(before, Mapping):
        return {
            key: _together(before.get(key, now.get(key)), now.get(key, before.get(key))) for key in {**before, **now}
        }
    if isinstance(before, list):
        return [*before, *(one for one in now if one not in before)]
    return max(before, now)


def _spool(engine: Engine, name: str, now: datetime, say: Told) -> Mapping[str, Any]:
    """Cut the people out of the bodies as they came, the quarantine and the catalogue's addresses."""
    people = _people(engine, name)
    words = words_of(engine, people)
    aside = quarantined_about(engine, words)
    log = engine.analytics.query(_OWNED, tables={"people": people})["message_id"]
    more = aside["message_id"].drop_null()
    products = engine.analytics.query(_PRODUCTS, tables={"people": people})["product_id"].combine_chunks()
    with engine.ops.write() as tx:  # known before: what is cut is not found again where a crash comes between
        _put_counts(tx, name, "spool", {"events": len(log)})
    cut = Cut(pa.chunked_array([*log.chunks, *more.chunks], pa.string()).combine_chunks(), words)
    done = cut_spool(engine, cut, now=now, progress=say)
    with engine.ops.write() as tx:
        rows = forget_quarantined(tx, aside)
        addresses = plain_addresses(tx, products)
    rests = remove_rests(engine.data, engine.settings.postgres)
    return {
        "bodies": cut.events,
        "frames": done.frames,
        "segments": done.segments,
        "quarantine": rows,
        "catalogue_addresses": addresses,
        "rests": rests,
    }


def _files(engine: Engine, name: str, how: Erasing, say: Told) -> Mapping[str, Any]:
    """Erase the people from what later rooms keep in files."""
    words = words_of(engine, _people(engine, name))
    found: dict[str, Any] = {}
    for door, erase in how.doors.items():
        say(door)
        found[door] = dict(erase(words))
    return found


def _analytics(engine: Engine, name: str, how: Erasing, say: Told) -> Mapping[str, Any]:
    people = _people(engine, name)
    words = pa.chunked_array([words_of(engine, people)["value"].combine_chunks()], pa.string())
    long = [text.lower() for text in words.unique().to_pylist() if len(text) >= 4]
    found = anonymised(engine, people, pa.array(long, pa.string()), KEPT, how.zone, NAMES_ANOTHER)
    counts = {f"removed:{table}": rows for table, rows in found.gone.items()}
    counts |= {f"anonymous:{table}": rows for table, rows in found.kept.items()}
    with engine.ops.write() as tx:  # known before the file changes: afterwards there is nothing to count
        _put_counts(tx, name, "analytics", counts)
    if found.without:
        put_anonymous(engine, found, say)
    return counts


def _put_counts(tx: Tx, name: str, step: str, counts: Mapping[str, int]) -> None:
    ((state, text),) = tx.query("SELECT state, counts FROM erasures WHERE erasure = ?", (name,))
    told = json.loads(text)
    told[step] = _together(told.get(step, {}), counts)
    tx.execute("UPDATE erasures SET state = ?, counts = ? WHERE erasure = ?", (state, json.dumps(told), name))


def _forget(engine: Engine, name: str, how: Erasing, now: datetime, say: Told) -> Mapping[str, Any]:
    """Forget the people in the operational store, and put their identifiers on the suppression list."""
    people = _people(engine, name)
    identifiers = identifiers_of(engine.ops, people)
    everyone = pa.chunked_array([*people["profile_key"].chunks, *people["node_key"].chunks], pa.int64())
    profiles = pa.table({"profile_key": everyone.unique()})
    requests = show_erasure(engine, name).requests

    def also(tx: Tx, went: Mapping[str, int]) -> None:
        listed = suppress_identifiers(tx, identifiers, how.key, reason="erased", at=now, request=name)
        hashes = keyed_hashes(identifiers, how.key)["hash"].to_pylist()
        told = _put(tx, name, "forgotten", {**went, "suppressed_identifiers": listed})
        told["people"] = len(people["profile_key"].unique())
        told["hashes"] = sorted(hashes)
        tx.execute("UPDATE erasures SET counts = ? WHERE erasure = ?", (json.dumps(told), name))
        tx.execute("DELETE FROM erasure_people WHERE erasure = ?", (name,))
        for request in requests:
            settle_request(tx, request, "done", made_by=show_erasure(engine, name).made_by, at=now, note=name)

    went = forget(engine, profiles, how.counted, also)
    say(f"{sum(went.values()):,} rows")
    return went


def _compact(engine: Engine, name: str, now: datetime, say: Told) -> Mapping[str, Any]:
    """Write the operational store anew, and the certificate."""
    engine.ops.compact()
    say("compacted")
    ((text,),) = engine.ops.query("SELECT counts FROM erasures WHERE erasure = ?", (name,))
    erasure = show_erasure(engine, name)
    made = certificate(
        name, json.loads(text), requests=erasure.requests, made_by=erasure.made_by, begun_at=erasure.begun_at,
        done_at=now,
    )  # fmt: skip
    with engine.ops.write() as tx:
        tx.execute(
            "UPDATE erasures SET state = 'done', done_at = ?, certificate = ?, counts = '{}' WHERE erasure = ?",
            (micros(now), json.dumps(made), name),
        )
    return {}
