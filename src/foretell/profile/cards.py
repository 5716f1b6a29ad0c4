"""Cards: what is known of a person as one ready row, laid for those who were asked for.

A row holds two JSON objects: ``own`` is what this room and earlier ones know; ``parts`` is what later rooms hand in.
Whatever changes a person empties ``own`` in the same transaction, so that what stands there is always true; whoever
reads an empty one has it made on the spot, and the next :func:`lay_cards` lays it ready again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from foretell.clock import from_micros, micros, utc
from foretell.definitions import Catalog
from foretell.engine import Engine, OperationalStore, Tx
from foretell.identify import accounts_of
from foretell.ids import stable_id
from foretell.profile.consents import USUAL, Purposes, consents, name_of, purposes_of
from foretell.profile.golden import Asks, TraitTold, records, words_told
from foretell.profile.survivorship import USUAL_SURVIVORSHIP, Survivorship, survivorship_of

CARDS_DDL = """
CREATE TABLE cards (
    profile_key BIGINT PRIMARY KEY, own TEXT, parts TEXT, rules TEXT NOT NULL, good_until BIGINT,
    parts_at BIGINT NOT NULL) /*clustered*/;
CREATE INDEX cards_due ON cards (profile_key) WHERE own IS NULL;
CREATE INDEX cards_by_age ON cards (parts_at);
"""
_KEYS_A_QUERY = 5_000


@dataclass(frozen=True)
class CardRules:
    """What decides how a card reads.

    Args:
        mark: another one for other rules; a row with another mark is not given out.
    """

    survivorship: Survivorship = USUAL_SURVIVORSHIP
    purposes: Purposes = USUAL
    mark: str = ""


@dataclass(frozen=True)
class Card:
    """A card as JSON objects in text; None: to be made."""

    own: str | None
    parts: str | None


@dataclass(frozen=True)
class _Made:
    own: str
    good_until: int | None


def card_rules(catalog: Catalog) -> CardRules:
    """The rules of a workspace."""
    prints = [one.fingerprint for kind in ("identity", "consent") for one in catalog.all(kind)]
    return CardRules(survivorship_of(catalog), purposes_of(catalog), stable_id("r", *prints))


def read_card(store: Asks, profile_key: int, rules: CardRules, now: datetime) -> Card:
    """The ready row of one person, by one look-up."""
    rows = store.query("SELECT own, parts, rules, good_until FROM cards WHERE profile_key = ?", (profile_key,))
    return _card(rows[0], rules, micros(now)) if rows else Card(None, None)


def ready_card(store: OperationalStore, kind: str, value: str, rules: CardRules, now: datetime) -> Card | None:
    """The ready row of whoever has an identifier, by one look-up that waits for nobody; None where there is none.

    Args:
        value: as it is kept; whoever writes it otherwise is not found here.
    """
    rows = store.look_up(_READY, (kind, value))
    return _card(rows[0], rules, micros(now)) if rows else None


def read_cards(store: Asks, keys: Sequence[int], rules: CardRules, now: datetime) -> dict[int, Card]:
    """The ready rows of people; who has none is left out."""
    found: dict[int, Card] = {}
    for part in _parts(keys):
        marks = ", ".join("?" * len(part))
        sql = f"SELECT own, parts, rules, good_until, profile_key FROM cards WHERE profile_key IN ({marks})"
        found |= {int(row[4]): _card(row, rules, micros(now)) for row in store.query(sql, part)}
    return found


def make_cards(store: Asks, keys: Sequence[int], rules: CardRules, now: datetime) -> dict[int, str]:
    """``own`` of people, made from what the store holds; unknown keys are left out."""
    return {key: made.own for key, made in _make(store, keys, rules, now).items()}


def lay_cards(engine: Engine, keys: Iterable[int], parts: Mapping[int, str], rules: CardRules, now: datetime) -> int:
    """Lay cards of people ready; returns how many.

    Args:
        parts: what later rooms hand in of each of them, a JSON object; who is left out keeps what there is.
    """
    wanted = sorted(set(keys))
    if not wanted:
        return 0
    with engine.ops.write() as tx:
        made = _make(tx, wanted, rules, now)
        rows = [
            (key, one.own, parts.get(key), rules.mark, one.good_until, micros(now) if key in parts else 0)
            for key, one in made.items()
        ]
        tx.executemany(_LAY, rows)
        gone = [(key,) for key in wanted if key not in made]
        tx.executemany("DELETE FROM cards WHERE profile_key = ?", gone)
    return len(made)


def due_cards(store: Asks, *, parts_before: datetime, most: int) -> list[int]:
    """Profiles whose cards have to be laid anew: those that changed, and those with old parts, the oldest first.

    Args:
        parts_before: parts that were handed in earlier are old.
    """
    changed = store.query("SELECT profile_key FROM cards WHERE own IS NULL ORDER BY profile_key LIMIT ?", (most,))
    old = store.query(
        "SELECT profile_key FROM cards WHERE parts_at < ? ORDER BY parts_at LIMIT ?", (micros(parts_before), most)
    )
    return sorted({int(key) for (key,) in [*changed, *old]})


def touch_cards(tx: Tx, profiles: pa.Array | pa.ChunkedArray) -> None:
    """Empty what changed people's cards say; at once done where no card was ever laid."""
    if tx.query("SELECT 1 FROM cards LIMIT 1"):
        tx.put("touched_people", pa.table({"profile_key": profiles.unique()}), key="profile_key")
        tx.execute(
            "UPDATE cards SET own = NULL WHERE own IS NOT NULL "
            "AND profile_key IN (SELECT profile_key FROM touched_people)"
        )


def drop_cards(tx: Tx, people: str) -> None:
    """Take away the cards of the people whom the query ``people`` gives."""
    tx.execute(f"DELETE FROM cards WHERE profile_key IN ({people})")


def _card(row: Sequence[Any], rules: CardRules, instant: int) -> Card:
    own, parts, mark, good_until = row[:4]
    stale = mark != rules.mark or (good_until is not None and good_until <= instant)
    return Card(None if stale else own, parts)


def _make(store: Asks, keys: Sequence[int], rules: CardRules, now: datetime) -> dict[int, _Made]:
    made: dict[int, _Made] = {}
    for part in _parts(keys):
        told = _told(store, part)
        column = pa.array(part, pa.int64())
        for key, trait in records(words_told(store, column, rules.survivorship), rules.survivorship):
            told[key]["traits"][trait.name] = _trait(trait)
        ends: dict[int, int] = {}
        for row in consents(store, column, at=now, purposes=rules.purposes).to_pylist():
            _consent(told, ends, row, rules.purposes)
        for row in accounts_of(store, list(part)):
            told[row["profile_key"]]["accounts"].append(
                {
                    "id": row["account_id"],
                    "kind": row["kind"],
                    "role": row["role"],
                    "since": _iso(from_micros(row["since"])),
                }
            )
        made |= {key: _Made(_text(card), ends.get(key)) for key, card in told.items()}
    return made


def _told(store: Asks, keys: Sequence[int]) -> dict[int, dict[str, Any]]:
    """A card of each of ``keys`` that is a profile, with who it is and when it was seen."""
    marks = ", ".join(str(int(key)) for key in keys)
    mine = (
        f"(SELECT node_key, node_key AS profile_key FROM nodes WHERE node_key IN ({marks}) "
        f"UNION ALL SELECT node_key, profile_key FROM merged WHERE profile_key IN ({marks})) o"
    )
    told: dict[int, dict[str, Any]] = {}
    for key, public in store.query(
        f"SELECT n.node_key, n.profile_id FROM nodes n LEFT JOIN merged m ON m.node_key = n.node_key "
        f"WHERE n.node_key IN ({marks}) AND m.node_key IS NULL"
    ):
        told[int(key)] = {
            "profile_id": public, "first_seen": None, "last_seen": None, "events": 0,
            "identifiers": [], "traits": {}, "consents": [], "accounts": [],
        }  # fmt: skip
    for key, first, last, events in store.query(
        "SELECT o.profile_key, min(s.first_seen), max(s.last_seen), sum(s.events) "
        f"FROM {mine} JOIN node_seen s ON s.node_key = o.node_key GROUP BY o.profile_key"
    ):
        told[int(key)] |= {
            "first_seen": _iso(from_micros(first)), "last_seen": _iso(from_micros(last)), "events": int(events),
        }  # fmt: skip
    for key, kind, value in store.query(
        f"SELECT o.profile_key, i.kind, i.value FROM {mine} JOIN identifiers i ON i.node_key = o.node_key "
        "ORDER BY o.profile_key, i.kind, i.value"
    ):
        told[int(key)]["identifiers"].append({"kind": kind, "value": value})
    return told


def _trait(one: TraitTold) -> dict[str, Any]:
    return {
        "value": plain_value(one.value), "source": one.source, "at": _iso(one.at), "verified": one.verified,
        "rule": one.rule,
        "others": [
            {"value": plain_value(other.value), "source": other.source, "at": _iso(other.at),
             "verified": other.verified}
            for other in one.others
        ],
    }  # fmt: skip


def _consent(told: Mapping[int, dict[str, Any]], ends: dict[int, int], row: Any, purposes: Purposes) -> None:
    """Add a word of consent, and note when it lapses: the card is good until then."""
    key, name, at = row["profile_key"], name_of(row["channel"], row["purpose"]), utc(row["ts"])
    lapses = [] if row["expires_at"] is None else [utc(row["expires_at"])]
    holds = purposes.of(name).expires_after
    if holds is not None:
        lapses.append(holds.after(at, purposes.zone))
    told[key]["consents"].append(
        {
            "purpose": name, "state": row["state"], "at": _iso(at), "source": row["source"],
            "expires_at": _iso(min(lapses)) if lapses else None,
        }
    )  # fmt: skip
    if row["state"] == "granted" and lapses:
        ends[key] = min(ends.get(key, micros(min(lapses))), micros(min(lapses)))


def plain_value(value: str | Decimal) -> str | int | float:
    """A trait's value in JSON: whole numbers without a point."""
    if isinstance(value, str):
        return value
    return int(value) if value == value.to_integral_value() else float(value)


def _iso(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


def _text(card: Mapping[str, Any]) -> str:
    return json.dumps(card, ensure_ascii=False, separators=(",", ":"))


def _parts(keys: Sequence[int]) -> list[tuple[int, ...]]:
    return [tuple(keys[start : start + _KEYS_A_QUERY]) for start in range(0, len(keys), _KEYS_A_QUERY)]


_READY = """SELECT c.own, c.parts, c.rules, c.good_until FROM identifiers i
LEFT JOIN merged m ON m.node_key = i.node_key JOIN cards c ON c.profile_key = coalesce(m.profile_key, i.node_key)
WHERE i.kind = ? AND i.value = ?"""
_LAY = """INSERT INTO cards VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (profile_key) DO UPDATE SET own = excluded.own,
rules = excluded.rules, good_until = excluded.good_until, parts = coalesce(excluded.parts, cards.parts),
parts_at = CASE WHEN excluded.parts IS NULL THEN cards.parts_at ELSE excluded.parts_at END"""
