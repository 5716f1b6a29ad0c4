"""Which events are selected: from name, ``where`` and window to SQL over ``log_events AS e``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time

from foretell.condition import clocks, moments, sql
from foretell.condition.nodes import Anchor, Property, Selection
from foretell.condition.scope import Scope
from foretell.condition.values import Value, holds


@dataclass
class Matches:
    """Tests of events.

    Args:
        tests: SQL over ``e``.
        elements: array → SQL over ``x`` that one and the same element has to keep.
        alike: array → SQL over ``x`` that the elements which are added up have to keep beside.
    """

    tests: list[str] = field(default_factory=list)
    elements: dict[str, list[str]] = field(default_factory=dict)
    alike: dict[str, list[str]] = field(default_factory=dict)

    def all(self, *, joined: str | None = None) -> str:
        """All tests as one; the elements of ``joined`` are left to the join that reads them."""
        return sql.both(
            [
                *self.tests,
                *(has_element(array, tests) for array, tests in self.elements.items() if array != joined),
            ]
        )


def selected(selection: Selection, scope: Scope) -> Matches:
    """The events that a selection means."""
    found = properties(selection.where, scope)
    found.tests[:0] = [named(selection, scope), *scope.events("e", selection.within)]
    found.tests += clocks.clock_tests(selection, scope)
    if selection.since is not None:
        found.tests.append(_after(selection.since, scope))
    return found


def named(selection: Selection, scope: Scope) -> str:
    """SQL: the event's name is one of those selected."""
    return holds(selection.event, Value("e.event", "CAST(NULL AS BIGINT)"), scope.frame)


def _after(since: Anchor | date | datetime, scope: Scope) -> str:
    """SQL: the event came after an instant; false where the person has none."""
    if isinstance(since, Anchor):
        whole = scope.whole_past()
        kept = selected(Selection(since.event, since.where), whole).all()
        edge = "max(k.ts)" if since.which == "last" else "min(k.ts)"
        events = f"SELECT e.profile_key, e.ts FROM {whole.log('log_events')} AS e WHERE {kept}"
        return f"e.ts > (SELECT {edge} FROM ({events}) AS k WHERE k.profile_key = {scope.person('e')})"
    zone = scope.frame.zone
    if not isinstance(since, datetime):
        bound = moments.Bound.on(">=", datetime.combine(since, time()), zone)
    else:
        bound = moments.Bound.at(">", since, zone) if since.tzinfo else moments.Bound.on(">", since, zone)
    return moments.instant_test("e.ts", [bound])


def properties(tests: Iterable[Property], scope: Scope, element: str = "x") -> Matches:
    """Events whose properties keep all tests; ``element`` is how the elements of an array are called.

    Tests of one array speak of one element; a negative one says that no element matches.
    """
    found = Matches()
    for test in tests:
        array, value = scope.value(test.name, element=element)
        if array is None:
            found.tests.append(holds(test.test, value, scope.frame))
            continue
        for check in test.test:
            if check.negated:
                positive = holds((type(check)(check.name, check.operands),), value, scope.frame)
                found.tests.append(f"NOT {has_element(array, [positive])}")
            else:
                found.elements.setdefault(array, []).append(holds((check,), value, scope.frame))
    return found


def element_join(array: str, tests: Iterable[str]) -> str:
    """Join condition between events and the elements that keep ``tests``."""
    return sql.both(["x.seq = e.seq", f'x."array" = {sql.text(array)}', *tests])


def has_element(array: str, tests: Iterable[str]) -> str:
    """SQL: one element of ``array`` keeps all ``tests``."""
    return f"EXISTS (SELECT 1 FROM event_elements AS x WHERE {element_join(array, tests)})"
