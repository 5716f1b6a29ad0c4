"""Which events are selected: from name, ``where`` and window to SQL over ``log_events AS e``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from foretell.condition import sql
from foretell.condition.nodes import Property, Selection
from foretell.condition.scope import Scope
from foretell.condition.values import Value, holds


@dataclass
class Matches:
    """Tests of events.

    Args:
        tests: SQL over ``e``.
        elements: array → SQL over ``x`` that one and the same element has to keep.
    """

    tests: list[str] = field(default_factory=list)
    elements: dict[str, list[str]] = field(default_factory=dict)

    def all(self, *, joined: str | None = None) -> str:
        """All tests as one; the elements of ``joined`` are left to the join that reads them."""
        return sql.both(
            [
                *self.tests,
                *(_has_element(array, tests) for array, tests in self.elements.items() if array != joined),
            ]
        )


def selected(selection: Selection, scope: Scope) -> Matches:
    """The events that a selection means."""
    name = Value("e.event", "CAST(NULL AS BIGINT)")
    found = properties(selection.where, scope)
    found.tests[:0] = [holds(selection.event, name, scope.frame), *scope.events("e", selection.within)]
    return found


def properties(tests: Iterable[Property], scope: Scope) -> Matches:
    """Events whose properties keep all tests.

    Tests of one array speak of one element; a negative one says that no element matches.
    """
    found = Matches()
    for test in tests:
        array, value = scope.value(test.name)
        if array is None:
            found.tests.append(holds(test.test, value, scope.frame))
            continue
        for check in test.test:
            if check.negated:
                positive = holds((type(check)(check.name, check.operands),), value, scope.frame)
                found.tests.append(f"NOT {_has_element(array, [positive])}")
            else:
                found.elements.setdefault(array, []).append(holds((check,), value, scope.frame))
    return found


def element_join(array: str, tests: Iterable[str]) -> str:
    """Join condition between events and the elements that keep ``tests``."""
    return sql.both(["x.seq = e.seq", f'x."array" = {sql.text(array)}', *tests])


def _has_element(array: str, tests: Iterable[str]) -> str:
    return f"EXISTS (SELECT 1 FROM event_elements AS x WHERE {element_join(array, tests)})"
