"""Cards of people for the profile API: the ready row where there is one, else made on the spot and laid ready after."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from foretell import profile, segment
from foretell.clock import utc
from foretell.errors import ForetellError

if TYPE_CHECKING:
    from foretell.definitions import Catalog
    from foretell.web.site import Site

LAID_EVERY_SECONDS = 2.0
PARTS_FRESH = timedelta(minutes=5)
"""So old may be what later rooms handed in before they are asked again."""
MOST_AT_ONCE = 5_000
_LOG = logging.getLogger("foretell.web")


class ReadyCards:
    """Gives out cards, remembers who was asked for, and lays their cards ready."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._wanted: set[int] = set()
        self._rules: tuple[Catalog, profile.CardRules] | None = None
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def ready(self, identifier: str) -> str | None:
        """The card of whoever has the identifier ``type:value``, where it lies ready."""
        kind, _, value = identifier.partition(":")
        place = self._site.workspace
        card = profile.ready_card(place.engine.ops, kind, value, self._present_rules(), self._site.now)
        return None if card is None or card.own is None or card.parts is None else _together(card.own, card.parts)

    def one(self, profile_key: int) -> str:
        """A person's card, a JSON object."""
        place, now = self._site.workspace, self._site.now
        card = profile.read_card(place.engine.ops, profile_key, self._present_rules(), now)
        if card.own is not None and card.parts is not None:
            return _together(card.own, card.parts)
        return self._made([profile_key], {profile_key: card})[profile_key]

    def many(self, profile_keys: Sequence[int]) -> dict[int, str]:
        """The cards of people, each a JSON object."""
        keys = sorted(set(profile_keys))
        laid = profile.read_cards(self._site.workspace.engine.ops, keys, self._present_rules(), self._site.now)
        return self._made(keys, laid)

    def lay(self) -> int:
        """Lay the cards of those who were asked for, and of those who changed since; returns how many."""
        site, rules = self._site, self._present_rules()
        engine, now = site.workspace.engine, site.now
        asked = {self._wanted.pop() for _ in range(min(len(self._wanted), MOST_AT_ONCE))}
        due = profile.due_cards(engine.ops, parts_before=now - PARTS_FRESH, most=MOST_AT_ONCE)
        keys = sorted(asked | set(due))
        return profile.lay_cards(engine, keys, self._parts(keys), rules, now) if keys else 0

    def start(self) -> None:
        """Begin to lay cards beside the server."""
        self._thread = threading.Thread(target=self._keep_laying, name="cards", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Lay no more."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()

    def _keep_laying(self) -> None:
        pause = LAID_EVERY_SECONDS
        while not self._closing.wait(pause):
            begun = time.monotonic()
            try:
                self.lay()
            except Exception as error:  # noqa: BLE001 - cards are made when they are asked for; the next turn tries again
                if not isinstance(error, ForetellError) or not error.transient:
                    _LOG.exception("laying cards failed")
            pause = max(LAID_EVERY_SECONDS, (time.monotonic() - begun) * 4)

    def _present_rules(self) -> profile.CardRules:
        catalog = self._site.workspace.catalog
        if self._rules is None or self._rules[0] is not catalog:
            self._rules = catalog, profile.card_rules(catalog)
        return self._rules[1]

    def _made(self, keys: Sequence[int], laid: dict[int, profile.Card]) -> dict[int, str]:
        """Cards from what is laid; what is missing is made, and wanted from now on."""
        nothing = profile.Card(None, None)
        own = {key: card.own for key, card in laid.items() if card.own is not None}
        parts = {key: card.parts for key, card in laid.items() if card.parts is not None}
        lacking = [key for key in keys if key not in own]
        if lacking:
            engine = self._site.workspace.engine
            own |= profile.make_cards(engine.ops, lacking, self._present_rules(), self._site.now)
        without = [key for key in keys if laid.get(key, nothing).parts is None]
        if without:
            parts |= self._parts(without)
        self._wanted |= {key for key in {*lacking, *without} if key in own}
        return {key: _together(own[key], parts[key]) for key in keys if key in own}

    def _parts(self, keys: Sequence[int]) -> dict[int, str]:
        """What later rooms know of people: segments and predictions, as they stand now."""
        if not keys:
            return {}
        site = self._site
        catalog, now = site.workspace.catalog, _iso(site.now)
        column = pa.chunked_array([pa.array(keys, pa.int64())])
        titles = {one.key: segment.spec_of(one).title or one.key for one in catalog.all("segment")}
        inside = segment.segments_of(site.memberships(), column)
        scores = _scores(site.scores(), column, {one.key for one in catalog.all("prediction")})
        return {
            key: json.dumps(
                {
                    "segments": [{"key": name, "title": titles.get(name, name)} for name in inside[key]],
                    "predictions": scores.get(key, []),
                    "computed_at": now,
                },
                ensure_ascii=False,
                separators=(",", ":"),
            )
            for key in keys
        }


def _scores(scores: pa.Table, keys: pa.ChunkedArray, known: set[str]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    rows = scores.filter(pc.is_in(scores["profile_key"], keys.combine_chunks()))
    for row in sorted(rows.to_pylist(), key=lambda one: (one["prediction"], one["horizon"])):
        if row["prediction"] in known:
            told = {name: row[name] for name in ("horizon", "score", "low", "high")}
            one = {"key": row["prediction"], **told, "as_of": _iso(utc(row["as_of"]))}
            found.setdefault(row["profile_key"], []).append(one)
    return found


def _iso(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


def _together(own: str, parts: str) -> str:
    """Two JSON objects with members as one."""
    return f"{own[:-1]},{parts[1:]}"
