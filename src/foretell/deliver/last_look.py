"""The last look before a message leaves: may it still go? Asked when it is claimed, right before it is handed over.

Between decision and hand-over people withdraw, are merged, split or erased, addresses are listed, runs end. What is not
claimed any more is passed over: whoever took it back has said why.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from foretell.definitions import Catalog
from foretell.deliver import outbox, sandboxes
from foretell.deliver.audiences import overtaken
from foretell.deliver.gate import TOLERATED, TRANSACTIONAL
from foretell.deliver.outbox import Queued
from foretell.deliver.permissions import permissions
from foretell.engine import Engine, table_of
from foretell.profile import purposes_of

_KEYS_A_QUERY = 500
_ASKED = {"profile_key": pa.int64(), "medium": pa.string(), "purpose": pa.string()}
_REFUSED = ("profile_key", "channel", "purpose", "found")
_WITHDRAWN = {"denied": "consent was withdrawn", "expired": "consent has lapsed"}


@dataclass(frozen=True)
class LastLook:
    """What may go, as it stands now, and what may not any more: message id, state and why, for the outbox."""

    going: list[Queued]
    stopped: list[tuple[str, str, str]]


def last_look(engine: Engine, catalog: Catalog, channel: str, claimed: Sequence[Queued], now: datetime) -> LastLook:
    """Hold claimed messages against what holds now.

    Args:
        channel: key of the channel that carries them.
    """
    messages = list(_still_claimed(engine, claimed))
    refused = _refused(engine, catalog, messages, now)
    listed = dict(_listed(engine, {message.address for message in messages}))
    stale = overtaken(engine, messages)
    going, stopped = [], []
    for message in messages:
        why = stale.get(message.message_id)
        if why is None and not _leaves(message):
            why = refused.get((message.profile_key, message.medium, message.purpose))
        if why is None and not _leaves(message):
            why = _barred(message, listed.get((message.medium, message.address)))
            if why is None and sandboxes.keeps_back(catalog, channel, message.address):
                why = "the sandbox lets nothing out to this address"
        if why is None:
            going.append(message)
        else:
            stopped.append((message.message_id, outbox.CANCELLED, why))
    return LastLook(going, stopped)


def _leaves(message: Queued) -> bool:
    """Who may not be advertised to is taken out of audiences all the same."""
    return message.medium == "ads" and json.loads(message.variables).get("action") == "leave"


def _still_claimed(engine: Engine, claimed: Sequence[Queued]) -> Iterator[Queued]:
    """What is still to be handed over, each of the person whose it is now."""
    owners: dict[str, tuple[int, int]] = {}
    ids = [message.message_id for message in claimed]
    for part in _parts(ids):
        found = engine.ops.query(
            "SELECT message_id, profile_key, coalesce(address_node, node_key) FROM messages WHERE state = 'claimed' "
            f"AND message_id IN ({', '.join('?' * len(part))})",
            part,
        )
        owners |= {message_id: (profile, node) for message_id, profile, node in found}
    for message in claimed:
        if message.message_id in owners:
            profile, node = owners[message.message_id]
            yield replace(message, profile_key=profile, node_key=node)


def _refused(
    engine: Engine, catalog: Catalog, messages: Sequence[Queued], now: datetime
) -> dict[tuple[int, str, str], str]:
    """Why a person, medium and purpose are not allowed any more; those that are have no row."""
    asked = [(one.profile_key, one.medium, one.purpose) for one in messages]
    told = permissions(engine.ops, table_of(_ASKED, asked), purposes_of(catalog), now)
    refused = told.filter(pc.invert(told["allowed"])).select(list(_REFUSED)).to_pylist()
    return {
        tuple(row[name] for name in _REFUSED[:3]): _WITHDRAWN.get(row["found"], f"not allowed any more: {row['found']}")
        for row in refused
    }


def _barred(message: Queued, listing: str | None) -> str | None:
    if listing is None or (message.purpose == TRANSACTIONAL and listing in TOLERATED):
        return None
    return "the address was suppressed"


def _listed(engine: Engine, addresses: Iterable[str]) -> Iterator[tuple[tuple[str, str], str]]:
    for part in _parts(sorted(addresses)):
        marks = ", ".join("?" * len(part))
        sql = f"SELECT medium, address, reason FROM suppressions WHERE address IN ({marks})"
        for medium, address, reason in engine.ops.query(sql, part):
            yield (medium, address), reason


def _parts(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), _KEYS_A_QUERY):
        yield keys[start : start + _KEYS_A_QUERY]
