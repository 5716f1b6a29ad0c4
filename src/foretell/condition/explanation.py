"""Why a condition holds for one person: truth part by part, with what was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from foretell.clock import utc
from foretell.condition import accounts, counting, own_tables, picking, running
from foretell.condition.compile import people
from foretell.condition.nodes import (
    Account,
    All,
    AnyOf,
    Condition,
    Consent,
    Did,
    Event,
    Leaf,
    Measure,
    Message,
    Not,
    Pick,
    Prediction,
    Segment,
    Selection,
    Table,
    Trait,
)
from foretell.condition.people import members, universe
from foretell.condition.scope import Of, Scope
from foretell.condition.sentence import clause, measure_sentence, sentence
from foretell.condition.where import selected
from foretell.engine import Analytics
from foretell.money import from_micro

_MOST_EVENTS = 5


@dataclass(frozen=True)
class Evidence:
    """An event that counts."""

    message_id: str
    event: str
    at: datetime


@dataclass(frozen=True)
class Explanation:
    """One part of a condition and what became of it.

    Args:
        says: the part in words.
        holds: whether it holds.
        found: what was read: number of events, value, score; empty for groups.
        events: the latest events that were selected (for ``last`` and ``first``: that one).
        parts: the explanation's own parts.
    """

    says: str
    holds: bool
    found: str = ""
    events: tuple[Evidence, ...] = ()
    parts: tuple[Explanation, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """For programs (``--json``)."""
        return {
            "says": self.says,
            "holds": self.holds,
            "found": self.found,
            "events": [
                {"message_id": one.message_id, "event": one.event, "timestamp": one.at.isoformat()}
                for one in self.events
            ],
            "parts": [part.as_dict() for part in self.parts],
        }


def explain(
    tree: Condition, scope: Scope, of: Of, analytics: Analytics, tables: Mapping[str, pa.Table] | None = None
) -> Explanation:
    """The explanation for the one profile of ``scope``; its first part says whether they are counted."""
    teller = _Teller(analytics, tables or {})
    seen = teller.query(universe(scope, of).query).num_rows > 0
    who = "known people (with a known identifier)" if of == "known" else "people"
    counted = Explanation(f"{who} first seen by {scope.frame.as_of.isoformat()}", seen)
    told = teller.tell(tree, scope, of)
    return Explanation(sentence(tree), seen and told.holds, parts=(counted, told))


@dataclass(frozen=True)
class _Teller:
    analytics: Analytics
    tables: Mapping[str, pa.Table] = field(default_factory=dict)

    def query(self, sql: str) -> pa.Table:
        return self.analytics.query(sql, tables=self.tables)

    def tell(self, tree: Condition, scope: Scope, of: Of) -> Explanation:
        match tree:
            case All() | AnyOf():
                parts = tuple(self.tell(part, scope, of) for part in tree.parts)
                agreed = [part.holds for part in parts]
                return Explanation(clause(tree), all(agreed) if isinstance(tree, All) else any(agreed), parts=parts)
            case Not():
                part = self.tell(tree.part, scope, of)
                return Explanation(clause(tree), not part.holds, parts=(part,))
            case Segment():
                inner, own = scope.references.segment(tree.key)
                whole = explain(inner, scope.within_segment(tree.key), own, self.analytics, self.tables)
                return Explanation(clause(tree), whole.holds, parts=whole.parts)
            case _:
                return self._leaf(tree, scope, self._holds(tree, scope, of))

    def _leaf(self, tree: Leaf, scope: Scope, holds: bool) -> Explanation:
        found = ""
        events: tuple[Evidence, ...] = ()
        match tree:
            case Did():
                return self._did(tree, scope, holds)
            case Pick():
                events, number = self._events(tree.selection, scope, descending=tree.which == "last")
                found, events = _counted(number), events[:1]
            case Trait():
                found = self._value(picking.trait_values(tree, scope))
            case Prediction():
                found = self._value(picking.scores(tree, scope))
            case Consent():
                found = self._consent(tree, scope)
            case Message():
                events, number = self._listed(running.message_events(tree, scope), descending=True)
                found = _counted(number)
            case Event():
                events, _ = self._listed(running.entry_event(scope), descending=True)
                found = self._entry(tree, scope) if events else "no event"
            case Account():
                found = self._accounts(tree, scope)
            case Table():
                number = self.query(own_tables.rows(tree, scope)).num_rows
                found = f"{number} rows" if number != 1 else "1 row"
        return Explanation(clause(tree), holds, found, events)

    def _accounts(self, part: Account, scope: Scope) -> str:
        inner = scope.of_accounts()
        wanted = members(people(part.part, inner, "all"), inner, "all")
        told = self.query(accounts.accounts_told(wanted, scope)).to_pylist()
        said = [f"{row['account_id']}: {'holds' if row['holds'] else 'does not hold'}" for row in told]
        return ", ".join(said) or "no account"

    def _holds(self, leaf: Condition, scope: Scope, of: Of) -> bool:
        found = people(leaf, scope, of)
        return bool(self.query(found.query).num_rows) != found.inverted

    def _did(self, part: Did, scope: Scope, holds: bool) -> Explanation:
        events, number = self._events(part.selection, scope, descending=True)
        found = [f"{number} events"]
        for aggregate in part.aggregates:
            asked = Measure(part.selection, aggregate.function, aggregate.name)
            rows = self.query(counting.measure(asked, scope))["value"].to_pylist()
            value = rows[0] if rows else None if aggregate.function in ("avg", "min", "max") else 0
            plain = value is None or aggregate.function == "distinct"
            shown = "missing" if value is None else str(value) if plain else _number(value)
            found.append(f"{measure_sentence(asked).removesuffix('.').removeprefix('The ')}: {shown}")
        return Explanation(clause(part), holds, "; ".join(found), events)

    def _events(self, selection: Selection, scope: Scope, *, descending: bool) -> tuple[tuple[Evidence, ...], int]:
        return self._listed(f"FROM log_events AS e WHERE {selected(selection, scope).all()}", descending=descending)

    def _listed(self, source: str, *, descending: bool) -> tuple[tuple[Evidence, ...], int]:
        order = "DESC" if descending else "ASC"
        rows = self.query(
            f"SELECT e.message_id, e.event, e.ts, count(*) OVER () AS number {source} "
            f"ORDER BY e.ts {order}, e.message_id {order} LIMIT {_MOST_EVENTS}"
        ).to_pylist()
        found = tuple(Evidence(row["message_id"], row["event"], utc(row["ts"])) for row in rows)
        return found, int(rows[0]["number"]) if rows else 0

    def _consent(self, part: Consent, scope: Scope) -> str:
        rows = self.query(f"SELECT * FROM ({picking.consent_states(part, scope)}) AS v WHERE v.place = 1").to_pylist()
        if not rows:
            return "never asked"
        by = f" ({rows[0]['source']})" if rows[0]["source"] else ""
        return f"{rows[0]['state']} at {utc(rows[0]['ts']).isoformat()}{by}"

    def _entry(self, part: Event, scope: Scope) -> str:
        array, value = scope.value(part.name)
        if array is not None:
            return f"its {array}"
        rows = self.query(f"SELECT {value.text} AS s, {value.number} AS n {running.entry_event(scope)}").to_pylist()
        return _shown(rows[0])

    def _value(self, ranked: str) -> str:
        rows = self.query(f"SELECT * FROM ({ranked}) AS v WHERE v.place = 1").to_pylist()
        if not rows:
            return "missing"
        row = rows[0]
        if "score" in row:
            return str(row["score"])
        return _shown(row)


def _counted(number: int) -> str:
    return f"{number} events" if number else "no event"


def _shown(row: Mapping[str, Any]) -> str:
    if row["s"] is not None:
        return str(row["s"])
    return "missing" if row["n"] is None else _number(row["n"])


def _number(micro: int) -> str:
    exact: Decimal = from_micro(micro)
    return f"{exact.normalize():f}"
