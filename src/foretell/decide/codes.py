"""Codes of offers: one for each run, short, unlike each other, and not to be guessed.

A code is a keyed hash (BLAKE2b) of offer and run under a secret that the workspace drew once, written
in letters that nobody mistakes for each other; asked again, a run gets the code it has.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import Duration, from_micros, micros, naive_utc, utc, zone_of
from foretell.decide.offer_document import offer_of
from foretell.definitions import Document
from foretell.engine import TIMESTAMP, Batch, Engine, Tx, scratch, table_of
from foretell.errors import ForetellError

_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without 0 and O, 1, I and L."""
_LENGTH = 8
_TRIES = 20


@dataclass(frozen=True)
class Code:
    """A code, and what became of it."""

    code: str
    offer: str
    run: str
    issued_at: datetime
    expires_at: datetime
    redeemed_at: datetime | None
    order_id: str | None


def issue_codes(tx: Tx, batch: Batch, offer: Document, rows: pa.Table) -> pa.Table:
    """Give each run its code of an offer; one that has a code keeps it.

    Args:
        rows: ``run profile_key node_key at`` (timestamp[us], UTC), each run once.

    Returns: ``run code expires_at`` (timestamp[us], UTC), in the order of ``rows``. Tells ``Offer Issued``
    for each new code.
    """
    fresh = rows.filter(pc.is_null(pc.index_in(rows["run"], _codes(tx, offer, rows)["run"].combine_chunks())))
    if fresh.num_rows:
        codes = _new_codes(tx, offer, fresh["run"].to_pylist())
        _enter(tx, batch, offer, fresh.append_column("code", pa.array(codes, pa.string())))
    every = _codes(tx, offer, rows)
    return every.take(pc.index_in(rows["run"], every["run"].combine_chunks()))


def _codes(tx: Tx, offer: Document, rows: pa.Table) -> pa.Table:
    """The codes that runs have: ``run code expires_at``."""
    tx.put("asking_codes", rows.select(["run"]))
    found = tx.query(
        "SELECT a.run, c.code, c.expires_at FROM asking_codes a JOIN offer_codes c ON c.run = a.run AND c.offer = ?",
        (offer.key,),
    )
    held = table_of({"run": pa.string(), "code": pa.string(), "expires_at": pa.int64()}, found)
    return held.set_column(2, "expires_at", held["expires_at"].cast(TIMESTAMP))


def codes_of(engine: Engine, profile_key: int) -> tuple[Code, ...]:
    """A person's codes, the latest first."""
    rows = engine.ops.query(
        "SELECT code, offer, run, issued_at, expires_at, redeemed_at, order_id FROM offer_codes "
        "WHERE profile_key = ? ORDER BY issued_at DESC, code",
        (profile_key,),
    )
    return tuple(
        Code(code, offer, run, from_micros(issued), from_micros(ends), from_micros(used) if used else None, order)
        for code, offer, run, issued, ends, used, order in rows
    )


def _new_codes(tx: Tx, offer: Document, runs: Sequence[str]) -> list[str]:
    """A code for each run that no code in the store or in this call equals."""
    if not runs:
        return []
    secret, prefix = _secret(tx), offer_of(offer).prefix
    codes: dict[str, str] = {}
    waiting, taken = list(runs), set[str]()
    for turn in range(_TRIES):
        drawn = {run: prefix + _written(secret, offer.key, run, turn) for run in waiting}
        tx.put("drawn_codes", pa.table({"code": list(drawn.values())}))
        used = {code for (code,) in tx.query("SELECT c.code FROM drawn_codes d JOIN offer_codes c ON c.code = d.code")}
        waiting = []
        for run, code in drawn.items():
            if code in used or code in taken:
                waiting.append(run)
            else:
                taken.add(code)
                codes[run] = code
        if not waiting:
            return [codes[run] for run in runs]
    raise ForetellError(
        "CODES_USED_UP", "no free code was found", thing=offer.name, next_step="Give the offer another prefix."
    )


def _written(secret: bytes, offer: str, run: str, turn: int) -> str:
    digest = hashlib.blake2b(f"{offer}\x1f{run}\x1f{turn}".encode(), key=secret, digest_size=16).digest()
    number = int.from_bytes(digest, "big")
    letters = []
    for _ in range(_LENGTH):
        number, place = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[place])
    return "".join(letters)


def _secret(tx: Tx) -> bytes:
    """The workspace's secret; drawn and kept when the first code is issued."""
    found = tx.query("SELECT secret FROM code_secret WHERE one = 1")
    if not found:
        tx.execute("INSERT INTO code_secret VALUES (1, ?) ON CONFLICT (one) DO NOTHING", (secrets.token_hex(32),))
        found = tx.query("SELECT secret FROM code_secret WHERE one = 1")
    return bytes.fromhex(found[0][0])


def _enter(tx: Tx, batch: Batch, offer: Document, fresh: pa.Table) -> None:
    spec = offer_of(offer)
    length, zone = Duration.parse(spec.valid_for), zone_of("UTC")
    begun = [utc(at) for at in fresh["at"].to_pylist()]
    ends = {at: length.after(at, zone) for at in set(begun)}
    expires = [ends[at] for at in begun]
    columns = (fresh[name].to_pylist() for name in ("code", "run", "profile_key", "node_key"))
    rows = [
        (code, offer.key, run, key, node, micros(at), micros(end))
        for code, run, key, node, at, end in zip(*columns, begun, expires, strict=True)
    ]
    tx.executemany(
        "INSERT INTO offer_codes (code, offer, run, profile_key, node_key, issued_at, expires_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        rows,
    )
    told = fresh.append_column("expires_at", pa.array([naive_utc(end) for end in expires], TIMESTAMP))
    batch.emit(
        "offer_code_rows",
        scratch(
            "SELECT code, $offer AS offer, $title AS title, run, node_key, t.at AS issued_at, expires_at FROM t",
            {"t": told},
            {"offer": offer.key, "title": spec.title},
        ),
    )
    batch.tell(
        scratch(
            "SELECT 'issued-' || code AS message_id, 'Offer Issued' AS event, t.at AS ts, node_key, $offer AS offer, "
            "code, run, CAST(expires_at AS VARCHAR) AS expires_at FROM t",
            {"t": told},
            {"offer": offer.key},
        )
    )
