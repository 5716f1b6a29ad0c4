"""Finds what is wrong with values that ``per … as: c`` binds and ``$c`` speaks of."""

from __future__ import annotations

from collections.abc import Iterator

from foretell.condition.faults import Faults
from foretell.condition.nodes import (
    Account,
    All,
    AnyOf,
    Check,
    Condition,
    Context,
    Did,
    Event,
    Leaf,
    Not,
    Path,
    Pick,
    Property,
    Ratio,
    Sequence,
    Table,
    Trait,
    Variable,
)

_LITERAL = "Write {in: ['$%s']} for the text itself."


def variable_problems(tree: Condition, faults: Faults, bound: tuple[str, ...] = ()) -> None:
    """Note every bound value that nothing can speak of, and every ``$c`` that is not bound where it stands."""
    match tree:
        case All():
            names = _bound_here(tree, faults, bound)
            for part in tree.parts:
                if isinstance(part, Did) and part.bind is not None:
                    _apart(part, faults)
                else:
                    _single(part, faults)
                    variable_problems(part, faults, names)
        case AnyOf():
            for part in tree.parts:
                variable_problems(part, faults, bound)
        case Not():
            variable_problems(tree.part, faults, bound)
        case Account():
            variable_problems(tree.part, faults)
        case _:
            _leaf(tree, faults, bound)


def free(tree: Condition) -> set[str]:
    """The names of bound values of which ``tree`` speaks, and which it does not bind itself."""
    match tree:
        case All():
            own = {part.bind for part in tree.parts if isinstance(part, Did)}
            return {name for part in tree.parts for name in free(part)} - own
        case AnyOf():
            return {name for part in tree.parts for name in free(part)}
        case Not():
            return free(tree.part)
        case Did():
            return {variable.name for _, variable in variables(tree)}
    return set()


def variables(part: Did) -> Iterator[tuple[Property, Variable]]:
    """The properties of ``where`` that are held against a bound value."""
    for test in part.selection.where:
        for check in test.test:
            for operand in check.operands:
                if isinstance(operand, Variable):
                    yield test, operand


def _bound_here(tree: All, faults: Faults, bound: tuple[str, ...]) -> tuple[str, ...]:
    names = bound
    for part in tree.parts:
        if isinstance(part, Did) and part.bind is not None:
            if part.bind in names:
                said = f"${part.bind} is bound a second time"
                faults.add((*part.path, "as"), "BAD_VARIABLE", said, "Give one of the two another name.")
            names = (*names, part.bind)
    return names


def _apart(part: Did, faults: Faults) -> None:
    for test, variable in variables(part):
        said = f"${variable.name} cannot stand in a part that binds a value itself"
        faults.add((*part.path, "where", test.name), "BAD_VARIABLE", said, _LITERAL % variable.name)


def _single(part: Condition, faults: Faults) -> None:
    names = sorted(free(part))
    if len(names) > 1:
        said = f"one part speaks of several bound values: {', '.join('$' + name for name in names)}"
        faults.add(part.path, "BAD_VARIABLE", said, "Let each part of the all speak of one.")


def _leaf(leaf: Leaf, faults: Faults, bound: tuple[str, ...]) -> None:
    if isinstance(leaf, Did):
        if leaf.bind is not None:
            said = f"nothing can speak of ${leaf.bind}: it is bound for the other parts of an all"
            faults.add((*leaf.path, "as"), "BAD_VARIABLE", said, "Put it directly below all, or leave as out.")
        for test, variable in variables(leaf):
            place = (*leaf.path, "where", test.name)
            if variable.name not in bound:
                said = f"${variable.name} is bound nowhere around it"
                step = f"Bind it in the same all, with per and as: {variable.name}. {_LITERAL % variable.name}"
                faults.add(place, "BAD_VARIABLE", said, step)
            elif leaf.top is not None or leaf.per is not None:
                what = "top" if leaf.top is not None else "per"
                said = f"{what!r} cannot be asked of events of a bound value"
                faults.add((*leaf.path, what), "NOT_TOGETHER", said, "Ask it in a condition of its own.")
    for place, check in _literals(leaf):
        name = str(check.operands[0])[1:] if check.name == "is" else ""
        if check.operands and str(check.operands[0]) == f"${name}" and name in bound:
            said = f"${name} can be spoken of in where of did and did_not alone"
            faults.add(place, "BAD_VARIABLE", said, _LITERAL % name)


def _literals(leaf: Leaf) -> Iterator[tuple[Path, Check]]:
    """Checks of values that are written as they are meant."""
    match leaf:
        case Trait() | Context() | Event():
            for check in leaf.test:
                yield (*leaf.path, "is"), check
        case Table():
            yield from _of(leaf.where, (*leaf.path, "where"))
        case Pick():
            yield from _of(leaf.selection.where, (*leaf.path, "where"))
            yield from _of(leaf.properties, (*leaf.path, "is"))
        case Sequence():
            for place, step in enumerate(leaf.steps):
                yield from _of(step.selection.where, (*leaf.path, "sequence", place, "where"))
        case Ratio():
            for place, part in enumerate((leaf.over, leaf.under)):
                yield from _of(part.where, (*leaf.path, "ratio", place, "where"))


def _of(tests: tuple[Property, ...], path: Path) -> Iterator[tuple[Path, Check]]:
    for test in tests:
        for check in test.test:
            yield (*path, test.name), check
