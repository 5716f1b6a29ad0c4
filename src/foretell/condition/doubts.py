"""What the data say of a condition: it can be answered, and is probably not meant so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from foretell.condition import people_heads, sql, wording
from foretell.condition.compile import compile_members
from foretell.condition.event_parts import EventPart, event_parts
from foretell.condition.faults import At
from foretell.condition.keys import paths_of
from foretell.condition.meaning import leaves
from foretell.condition.naming import lists_named
from foretell.condition.nodes import (
    Condition,
    Consent,
    Context,
    Did,
    Event,
    Message,
    Near,
    Persona,
    Test,
    Trait,
)
from foretell.condition.people import universe
from foretell.condition.scope import Of, Scope
from foretell.condition.values import Value, holds
from foretell.condition.where import element_join
from foretell.definitions import Problem, suggestion
from foretell.engine import Analytics
from foretell.profile import name_of

_MOST_NAMES = 50


def doubts(
    tree: Condition,
    scope: Scope,
    of: Of,
    analytics: Analytics,
    at: At,
    thing: str,
    sizes: tuple[int, int] | None = None,
) -> list[Problem]:
    """Everything doubtful about ``tree`` over the data of ``analytics``.

    An unknown trait is an error, all else are warnings; before the first event nothing is doubtful
    but a lone ``did_not``.

    Args:
        sizes: how many people there are, and in the universe, where that has been counted.
    """
    asker = _Asker(scope, analytics, at, thing)
    found = []
    if isinstance(tree, Did) and tree.negated:
        found.append(
            asker.warning(
                (*tree.path, "did_not"),
                "LONE_DID_NOT",
                "this holds for everybody who ever was, except those who did it",
                "Join it with a companion: all: [{did: …}, {did_not: …}].",
            )
        )
    if not analytics.query("SELECT 1 AS one FROM event_log LIMIT 1").num_rows:
        return found
    for leaf in leaves(tree):
        for part in event_parts(leaf):
            found += asker.of_events(part)
        if isinstance(leaf, Trait):
            found += asker.of_trait(leaf)
        elif isinstance(leaf, Consent):
            found += asker.of_consent(leaf)
        elif isinstance(leaf, Near):
            found += asker.of_coordinates(leaf)
        elif isinstance(leaf, Persona):
            found += asker.of_persona(leaf)
    found += asker.of_lists(tree)
    if any(isinstance(leaf, Message | Event | Context) for leaf in leaves(tree)):
        return found  # nobody can be counted without their run, or outside of the moment
    return [*found, *asker.of_size(*(sizes or asker.sizes(tree, of)))]


@dataclass(frozen=True)
class _Asker:
    scope: Scope
    analytics: Analytics
    at: At
    thing: str

    def warning(self, path: tuple[str | int, ...], code: str, message: str, step: str) -> Problem:
        return Problem(code, message, self.thing, self.at(path), step, "warning")

    def of_trait(self, leaf: Trait) -> list[Problem]:
        names = self.analytics.query("SELECT DISTINCT trait FROM trait_values ORDER BY trait")["trait"].to_pylist()
        if leaf.name in names:
            return []
        message = f"nobody has a trait called {leaf.name!r}"
        where = self.at((*leaf.path, "trait"))
        step = suggestion(leaf.name, names[:_MOST_NAMES], what="traits")
        return [Problem("UNKNOWN_TRAIT", message, self.thing, where, step)]

    def of_coordinates(self, leaf: Near) -> list[Problem]:
        names = self.analytics.query("SELECT DISTINCT trait FROM trait_values ORDER BY trait")["trait"].to_pylist()
        sides = (people_heads.LATITUDES, people_heads.LONGITUDES)
        if all(any(f"{leaf.trait}.{name}" in names for name in side) for side in sides):
            return []
        message = f"nobody has coordinates in the trait {leaf.trait!r}"
        located = sorted({name.rpartition(".")[0] for name in names if name.rpartition(".")[2] in sides[0]})
        step = suggestion(leaf.trait, located, what="traits with coordinates")
        return [Problem("UNKNOWN_TRAIT", message, self.thing, self.at((*leaf.path, "near", "trait")), step)]

    def of_persona(self, leaf: Persona) -> list[Problem]:
        query = "SELECT DISTINCT persona FROM persona_rows WHERE persona IS NOT NULL ORDER BY persona"
        names = self.analytics.query(query)["persona"].to_pylist()
        if leaf.key in names:
            return []
        step = suggestion(leaf.key, names[:_MOST_NAMES], what="personas")
        message = f"nobody was ever of the persona {leaf.key!r}"
        return [self.warning((*leaf.path, "persona"), "PERSONA_NEVER_SEEN", message, step)]

    def of_lists(self, tree: Condition) -> list[Problem]:
        named = lists_named(tree)
        if not named:
            return []
        by_now = sql.instant(self.scope.frame.as_of)
        query = f"SELECT DISTINCT v.list_key FROM list_values AS v WHERE v.valid_from <= {by_now}"
        known = self.analytics.query(query)["list_key"].to_pylist()
        step = "Run `foretell apply`; at instants before that the list is empty."
        return [
            self.warning(path, "LIST_NOT_APPLIED", f"the list {key!r} is not in force yet", step)
            for key, path in named
            if key not in known
        ]

    def of_consent(self, leaf: Consent) -> list[Problem]:
        rows = self.analytics.query(
            "SELECT DISTINCT channel, CASE WHEN purpose = '*' THEN 'marketing' ELSE purpose END AS purpose "
            "FROM consent_rows ORDER BY channel, purpose"
        )
        names = [name_of(row["channel"], row["purpose"]) for row in rows.to_pylist()]
        name = f"{leaf.channel}.{leaf.purpose}"
        if name in names:
            return []
        message = f"nobody ever said yes or no to {name}"
        step = suggestion(name, names[:_MOST_NAMES], what="consents")
        return [self.warning((*leaf.path, "consent"), "CONSENT_NEVER_SEEN", message, step)]

    def of_events(self, part: EventPart) -> list[Problem]:
        event = part.event
        if not self._seen(event):
            names = self.analytics.query("SELECT DISTINCT event FROM event_log ORDER BY event")["event"].to_pylist()
            step = suggestion(wording.name(event), [name for name in names if name][:_MOST_NAMES], what="events")
            return [self.warning(part.path, "EVENT_NEVER_SEEN", f"{wording.name(event)} was never seen", step)]
        unseen = [name for name in part.properties if not self._seen(event, [name])]
        unseen += [name for name in part.values if not self._seen(event, paths_of(name, self.scope))]
        return [
            self.warning(
                part.path,
                "PROPERTY_NEVER_SEEN",
                f"the property {name!r} was never seen with {wording.name(event)}",
                "Check its spelling; nested properties are written with dots.",
            )
            for name in dict.fromkeys(unseen)
        ]

    def _seen(self, event: Test, names: Sequence[str] | None = None) -> bool:
        """Whether the event was seen, with one of the properties where they are named."""
        named = holds(event, Value("e.event", "CAST(NULL AS BIGINT)"), self.scope.frame)
        sources = ["event_log AS e WHERE TRUE"] if names is None else [self._with(name) for name in names]
        queries = (f"SELECT 1 AS one FROM {source} AND {named} LIMIT 1" for source in sources)
        return any(self.analytics.query(query).num_rows for query in queries)

    def _with(self, name: str) -> str:
        array, value = self.scope.value(name)
        join = "" if array is None else f" JOIN event_elements AS x ON {element_join(array, ())}"
        return f"event_log AS e{join} WHERE ({value.text} IS NOT NULL OR {value.number} IS NOT NULL)"

    def sizes(self, tree: Condition, of: Of) -> tuple[int, int]:
        return self._count(compile_members(tree, self.scope, of)), self._count(universe(self.scope, of).query)

    def of_size(self, members: int, everybody: int) -> list[Problem]:
        if everybody and members in (0, everybody):
            who = "nobody" if members == 0 else "everybody"
            return [
                self.warning(
                    (),
                    "EVERYBODY_OR_NOBODY",
                    f"this is {who} at present",
                    "Check that it says what you mean.",
                )
            ]
        return []

    def _count(self, query: str) -> int:
        return int(self.analytics.query(f"SELECT count(*) AS n FROM ({query}) AS q")["n"][0].as_py())
