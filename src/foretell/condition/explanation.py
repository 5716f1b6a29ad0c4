"""Why a condition holds for one person: truth part by part, with what was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pyarrow as pa

from foretell.clock import utc
from foretell.condition import accounts, binding, own_tables, people_explaining, picking, running, sql
from foretell.condition.chain_explaining import chain
from foretell.condition.compile import people
from foretell.condition.event_explaining import Asker, listed
from foretell.condition.evidence import Evidence, Explanation, shown_pair
from foretell.condition.nodes import (
    Account,
    All,
    AnyOf,
    Bucket,
    Condition,
    Consent,
    Context,
    Did,
    Event,
    Leaf,
    Message,
    Near,
    Not,
    Persona,
    Pick,
    Prediction,
    Ratio,
    Segment,
    Selection,
    Sequence,
    Table,
    Trait,
)
from foretell.condition.people import members, universe
from foretell.condition.scope import Of, Scope
from foretell.condition.sentence import clause, sentence
from foretell.condition.traits import trait_values
from foretell.condition.where import selected
from foretell.engine import Analytics


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

    def query(self, query: str) -> pa.Table:
        return self.analytics.query(query, tables=self.tables)

    def tell(self, tree: Condition, scope: Scope, of: Of) -> Explanation:
        match tree:
            case All() if binding.split(tree)[0]:
                return self._bound(tree, scope, of)
            case All() | AnyOf():
                parts = tuple(self.tell(part, scope, of) for part in tree.parts)
                agreed = [part.holds for part in parts]
                return Explanation(clause(tree), all(agreed) if isinstance(tree, All) else any(agreed), parts=parts)
            case Not():
                part = self.tell(tree.part, scope, of)
                return Explanation(clause(tree), not part.holds, parts=(part,))
            case Segment():
                inner, own = scope.references.segment(tree.key)
                whole = explain(inner, scope.within_segment(tree.key, own), own, self.analytics, self.tables)
                return Explanation(clause(tree), whole.holds, parts=whole.parts)
            case _:
                told = self._leaf(tree, scope, of)
                zone = people_explaining.zone(tree, scope, self.query)
                return replace(told, found="; ".join(filter(None, [told.found, zone]))) if zone else told

    def _bound(self, tree: All, scope: Scope, of: Of) -> Explanation:
        """Parts that speak of a bound value are told for one for which all hold, else for one that was found."""
        groups, _ = binding.split(tree)
        inside: dict[int, Scope | None] = {}
        for one, parts in groups:
            for wanted in (parts, ()):
                pairs = binding.held(one, wanted, scope, of, people)
                keys = self.query(f"SELECT min(v.bound_key) AS k FROM ({pairs}) AS v")["k"].to_pylist()
                if keys[0] is not None:
                    break
            value = None if keys[0] is None else replace(scope, frame=replace(scope.frame, bound=sql.text(keys[0])))
            inside |= {id(part): value for part in parts}
        told = []
        for part in tree.parts:
            its = inside.get(id(part), scope)
            told.append(Explanation(clause(part), False, "no value") if its is None else self.tell(part, its, of))
        return Explanation(clause(tree), self._holds(tree, scope, of), parts=tuple(told))

    def _leaf(self, tree: Leaf, scope: Scope, of: Of) -> Explanation:
        holds = self._holds(tree, scope, of)
        found = ""
        events: tuple[Evidence, ...] = ()
        match tree:
            case Did():
                found, events = Asker(self.query, scope, of).did(tree)
            case Ratio():
                found, events = Asker(self.query, scope, of).ratio(tree)
            case Sequence():
                found, events = chain(tree, scope, self.query)
            case Pick():
                events, number = self._events(tree.selection, scope, descending=tree.which == "last")
                found, events = _counted(number), events[:1]
            case Trait():
                found = self._value(trait_values(tree.name, scope))
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
            case _:
                found = self._beside(tree, scope)
        return Explanation(clause(tree), holds, found, events)

    def _beside(self, tree: Leaf, scope: Scope) -> str:
        match tree:
            case Account():
                return self._accounts(tree, scope)
            case Persona() | Near() | Bucket() | Context():
                return people_explaining.found(tree, scope, self.query)
            case Table():
                number = self.query(own_tables.rows(tree, scope)).num_rows
                return f"{number} rows" if number != 1 else "1 row"
        return ""

    def _accounts(self, part: Account, scope: Scope) -> str:
        inner = scope.of_accounts()
        wanted = members(people(part.part, inner, "all"), inner, "all")
        told = self.query(accounts.accounts_told(wanted, scope)).to_pylist()
        said = [f"{row['account_id']}: {'holds' if row['holds'] else 'does not hold'}" for row in told]
        return ", ".join(said) or "no account"

    def _holds(self, leaf: Condition, scope: Scope, of: Of) -> bool:
        found = people(leaf, scope, of)
        return bool(self.query(found.query).num_rows) != found.inverted

    def _events(self, selection: Selection, scope: Scope, *, descending: bool) -> tuple[tuple[Evidence, ...], int]:
        return self._listed(f"FROM log_events AS e WHERE {selected(selection, scope).all()}", descending=descending)

    def _listed(self, source: str, *, descending: bool) -> tuple[tuple[Evidence, ...], int]:
        return listed(self.query, source, descending=descending)

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
        return shown_pair(rows[0])

    def _value(self, ranked: str) -> str:
        rows = self.query(f"SELECT * FROM ({ranked}) AS v WHERE v.place = 1").to_pylist()
        if not rows:
            return "missing"
        row = rows[0]
        if "score" in row:
            return str(row["score"])
        return shown_pair(row)


def _counted(number: int) -> str:
    return f"{number} events" if number else "no event"
