"""What a condition is read against: instant, arrival, zone, property columns, definitions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, Protocol

from foretell.clock import Duration
from foretell.condition import clocks, listed, sql
from foretell.condition.nodes import Check, Condition
from foretell.condition.values import MISSING, Frame, Value
from foretell.engine import Column
from foretell.profile import Survivorship

Of = Literal["known", "all"]


class Columns(Protocol):
    """Where property values stand (``engine.log.properties()``)."""

    def of(self, path: str) -> Column | None:
        """The columns of a property, None where it was never seen."""
        ...

    def paths(self) -> list[str]:
        """All properties that were seen, nested with dots."""
        ...


class References(Protocol):
    """What other definitions say, as far as conditions name them."""

    def segment(self, key: str) -> tuple[Condition, Of]:
        """Condition and universe of a segment."""
        ...

    def prediction(self, key: str, horizon: str | None) -> tuple[str, Duration | None]:
        """The horizon meant, and how old its score may be."""
        ...

    def consent(self, channel: str, purpose: str) -> Duration | None:
        """How long a grant holds; None: for good."""
        ...

    def survivorship(self) -> Survivorship:
        """Which of several told values of a trait stands."""
        ...


ASKED = "asked_people"
"""The table of the people that are asked about, in queries that are restricted to some."""


_OF_NODES = {"log_events": "event_log", "log_traits": "trait_values", "log_sightings": "sightings"}
"""What is read by person → the table in which each row has the node that it came with."""
_OF_NODE = "(SELECT t.*, n.profile_key FROM {} AS t "
WIDE_EVENTS = _OF_NODE.format("event_log")
EACH_EVENT = "SELECT e.*, row_number() OVER (PARTITION BY e.profile_key "
"""Begins a look at all columns of people's events, one by one."""
"""How the events of a few people are read, with all their columns."""
_NODES_OF_ASKED = (
    f"SELECT DISTINCT a.profile_key AS node_key, a.profile_key FROM {ASKED} AS a "
    "WHERE NOT EXISTS (SELECT 1 FROM merged AS m WHERE m.node_key = a.profile_key) UNION ALL "
    f"SELECT m.node_key, m.profile_key FROM merged AS m WHERE m.profile_key IN (SELECT a.profile_key FROM {ASKED} AS a)"
)
CONTEXT = "asked_context"
"""The table of what is known at the moment of a decision: ``profile_key name s n`` (micro units)."""


@dataclass(frozen=True)
class Asked:
    """The table :data:`ASKED` has the column ``profile_key``; which others has it?

    Args:
        since: ``since``: events up to that instant do not count for this person; null: all count.
        run: ``run``: the run whose messages are meant.
        entry: ``entry_message_id``: the event that began the run.
    """

    since: bool = False
    run: bool = False
    entry: bool = False


@dataclass(frozen=True)
class Pairs:
    """Events are looked at by person and value: every ``profile_key`` of theirs is such a pair.

    Args:
        relation: SQL of the events with ``person_key``, ``bound_key`` (the value) and ``bound_array`` (in which it
            lies; null: in none).
        per: the property whose values they are; None where it is a value bound elsewhere.
    """

    relation: str
    per: str | None = None


@dataclass(frozen=True)
class Scope:
    """What the compiler has to know.

    Args:
        frame: ``as_of`` and the workspace's zone.
        known_at: rows that arrived later do not exist; None: all that is stored.
        future: event heads read ``(as_of, as_of + future]`` instead of the past.
        only: look at one profile alone.
        inside: segments being inlined, outermost first.
        asked: only the people of the table :data:`ASKED` are looked at; None: everybody.
        accounts: accounts are meant instead of people: every ``profile_key`` is an account's id.
        zones: what the store tells of people's zones; asked only where a condition needs it.
        context: what is known at the moment of a decision is handed in as the table :data:`CONTEXT`.
        owner: SQL of the key of the person whose the values of ``e`` are, where it is not the event's own.
        pairs: events are looked at by person and value.
        ranked_in: the universe that ``top`` ranks; None: the one that is asked for.
    """

    frame: Frame
    columns: Columns
    references: References
    known_at: datetime | None = None
    future: Duration | None = None
    only: int | None = None
    inside: tuple[str, ...] = ()
    asked: Asked | None = None
    accounts: bool = False
    zones: Callable[[], clocks.Zones] = field(default=clocks.no_zones, compare=False, repr=False)
    context: bool = False
    owner: str = ""
    pairs: Pairs | None = None
    ranked_in: Of | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "frame", replace(self.frame, around=_Around(self)))

    @property
    def clock(self) -> clocks.Clock:
        """The clocks of the people looked at."""
        return clocks.Clock(self, self.zones)

    @property
    def end(self) -> datetime:
        """The last instant at which an event counts."""
        frame = self.frame
        return frame.as_of if self.future is None else self.future.after(frame.as_of, frame.zone)

    def of_accounts(self) -> Scope:
        """The scope for what is said of accounts."""
        return replace(self, only=None, asked=None, accounts=True)

    def by_value(self, pairs: Pairs) -> Scope:
        """The scope for events by person and value."""
        return replace(self, pairs=pairs, owner="e.person_key")

    def plain(self) -> Scope:
        """The scope for events by person alone."""
        return self if self.pairs is None else replace(self, pairs=None, owner="")

    def whole_past(self) -> Scope:
        """The plain scope in which events before a run count too."""
        asked = None if self.asked is None else replace(self.asked, since=False)
        return replace(self.plain(), asked=asked)

    def everybody(self) -> Scope:
        """The plain scope in which nobody in particular is asked about."""
        return replace(self.plain(), only=None, asked=None)

    def person(self, alias: str) -> str:
        """SQL: the person in the rows ``alias``."""
        return f"{alias}.{'profile_key' if self.pairs is None or alias != 'e' else 'person_key'}"

    def log(self, relation: str) -> str:
        """Where the rows of ``log_events``, ``log_traits`` or ``log_sightings`` are read, by person or by account.

        Those of a few people are read by their nodes, which a store looks for as it scans; by person, it would first
        have to say of every row whose it is.
        """
        if self.pairs is not None and relation == "log_events":
            return f"({self.pairs.relation})"
        if self.accounts:
            return self._accounts(relation)
        if not self._is_restricted:
            return relation
        table = _OF_NODES[relation]
        return f"{_OF_NODE.format(table)}JOIN ({_NODES_OF_ASKED}) AS n ON n.node_key = t.node_key)"

    def memberships(self) -> str:
        """SQL: ``profile_key`` and ``account_id`` of everybody who belonged to an account at the instant."""
        rows = replace(self, only=None, asked=None).rows("m")
        return (
            "SELECT l.profile_key, l.account_id FROM (SELECT m.profile_key, m.account_id, m.ended, row_number() OVER "
            "(PARTITION BY m.profile_key, m.account_id ORDER BY m.ts DESC, m.seq DESC) AS place "
            f"FROM log_account_members AS m WHERE {sql.both(rows)}) AS l WHERE l.place = 1 AND NOT l.ended"
        )

    def _accounts(self, relation: str) -> str:
        if relation == "log_events":
            return (
                "(SELECT i.* EXCLUDE (profile_key), g.account_id AS profile_key FROM log_events AS i "
                f"JOIN ({self.memberships()}) AS g ON g.profile_key = i.profile_key)"
            )
        if relation == "log_traits":
            return (
                "(SELECT i.account_id AS profile_key, i.ts, i.known_at, i.seq, i.trait, i.s, i.n "
                "FROM log_account_traits AS i)"
            )
        return "(SELECT i.account_id AS profile_key, i.ts, i.known_at, TRUE AS known FROM log_account_members AS i)"

    def within_segment(self, key: str, of: Of) -> Scope:
        """The scope for the parts of segment ``key``, which means the same for every run."""
        asked = None if self.asked is None else replace(self.asked, since=False)
        return replace(self.plain(), inside=(*self.inside, key), asked=asked, ranked_in=of)

    def rows(self, alias: str) -> list[str]:
        """Tests that keep rows which existed as of the instant."""
        return [f"{alias}.ts <= {sql.instant(self.frame.as_of)}", *self.known(alias)]

    def events(self, alias: str, within: Duration | None) -> list[str]:
        """Tests that keep the events of the window."""
        frame = self.frame
        if self.future is not None:
            end = self.future.after(frame.as_of, frame.zone)
            return [
                f"{alias}.ts > {sql.instant(frame.as_of)}",
                f"{alias}.ts <= {sql.instant(end)}",
                *self.known(alias),
            ]
        tests = self.rows(alias)
        if self.asked is not None and self.asked.since:
            tests.append(self._asked(self.person(alias), f" AND (a.since IS NULL OR {alias}.ts > a.since)"))
        if within is not None:
            tests.append(f"{alias}.ts > {sql.instant(within.before(frame.as_of, frame.zone))}")
        return tests

    def known(self, alias: str) -> list[str]:
        """Tests that keep what had arrived, of the one profile where only one is asked for."""
        tests = [] if self.known_at is None else [f"{alias}.known_at <= {sql.instant(self.known_at)}"]
        return [*tests, *self.ones(self.person(alias))]

    def ones(self, column: str) -> list[str]:
        """Tests that keep the profiles that are asked for; none where it is everybody."""
        one = [] if self.only is None else [f"{column} = {int(self.only)}"]
        return [*one, self._asked(column)] if self._is_restricted else one

    @property
    def _is_restricted(self) -> bool:
        return self.asked is not None

    def _asked(self, column: str, more: str = "") -> str:
        return f"EXISTS (SELECT 1 FROM {ASKED} AS a WHERE a.profile_key = {column}{more})"

    def value(self, name: str, alias: str = "e", element: str = "x") -> tuple[str | None, Value]:
        """The array in which a property lies (None: in none), and where its values stand."""
        column = self.columns.of(name)
        if column is None:
            return None, MISSING
        owner = alias if column.array is None else element
        person = self.owner or f"{alias}.profile_key"
        return column.array, Value(f"{owner}.{column.text}", f"{owner}.{column.number}", person, name)


@dataclass(frozen=True)
class _Around:
    scope: Scope

    def listed(self, check: Check, value: Value) -> str:
        return listed.listed(check, value, self.scope)

    def anniversary(self, check: Check, value: Value) -> str:
        return clocks.anniversary(check, value, self.scope.clock)
