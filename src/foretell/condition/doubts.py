"""What the data say of a condition: it can be answered, and is probably not meant so."""

from __future__ import annotations

from dataclasses import dataclass

from foretell.condition import sql, wording
from foretell.condition.compile import compile_members
from foretell.condition.faults import At
from foretell.condition.meaning import leaves, properties_of
from foretell.condition.nodes import Condition, Consent, Did, Event, Message, Pick, Test, Trait
from foretell.condition.people import universe
from foretell.condition.scope import Of, Scope
from foretell.condition.values import Value, holds
from foretell.condition.where import element_join
from foretell.definitions import Problem, suggestion
from foretell.engine import Analytics
from foretell.profile import name_of

_MOST_NAMES = 50


def doubts(tree: Condition, scope: Scope, of: Of, analytics: Analytics, at: At, thing: str) -> list[Problem]:
    """Everything doubtful about ``tree`` over the data of ``analytics``.

    An unknown trait is an error, all else are warnings; before the first event nothing is doubtful
    but a lone ``did_not``.
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
        if isinstance(leaf, Did | Pick):
            found += asker.of_events(leaf)
        elif isinstance(leaf, Trait):
            found += asker.of_trait(leaf)
        elif isinstance(leaf, Consent):
            found += asker.of_consent(leaf)
    if any(isinstance(leaf, Message | Event) for leaf in leaves(tree)):
        return found  # nobody can be counted without their run
    return [*found, *asker.of_size(tree, of)]


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

    def of_events(self, leaf: Did | Pick) -> list[Problem]:
        head = leaf.which if isinstance(leaf, Pick) else "did_not" if leaf.negated else "did"
        event = leaf.selection.event
        if not self._seen(event):
            names = self.analytics.query("SELECT DISTINCT event FROM event_log ORDER BY event")["event"].to_pylist()
            step = suggestion(wording.name(event), [name for name in names if name][:_MOST_NAMES], what="events")
            return [self.warning((*leaf.path, head), "EVENT_NEVER_SEEN", f"{wording.name(event)} was never seen", step)]
        return [
            self.warning(
                (*leaf.path, head),
                "PROPERTY_NEVER_SEEN",
                f"the property {name!r} was never seen with {wording.name(event)}",
                "Check its spelling; nested properties are written with dots.",
            )
            for name in dict.fromkeys(name for _, name in properties_of(leaf))
            if not self._seen(event, name)
        ]

    def _seen(self, event: Test, name: str | None = None) -> bool:
        tests = [holds(event, Value("e.event", "CAST(NULL AS BIGINT)"), self.scope.frame)]
        join = ""
        if name is not None:
            array, value = self.scope.value(name)
            tests.append(f"({value.text} IS NOT NULL OR {value.number} IS NOT NULL)")
            if array is not None:
                join = f" JOIN event_elements AS x ON {element_join(array, ())}"
        query = f"SELECT 1 AS one FROM event_log AS e{join} WHERE {sql.both(tests)} LIMIT 1"
        return bool(self.analytics.query(query).num_rows)

    def of_size(self, tree: Condition, of: Of) -> list[Problem]:
        everybody = self._count(universe(self.scope, of).query)
        members = self._count(compile_members(tree, self.scope, of))
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
