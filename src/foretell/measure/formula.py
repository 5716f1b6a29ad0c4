"""KPIs made of other KPIs: arithmetic with names, numbers, ``+ - * /`` and parentheses, nothing else.

A formula is read once into a small tree; nothing of it is ever executed as code.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from foretell.errors import UsageError

MAX_LENGTH = 500
_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


@dataclass(frozen=True)
class Formula:
    """A formula that was read and found to be arithmetic.

    Args:
        text: as written.
        names: keys of the KPIs it needs, in the order in which they first occur.
    """

    text: str
    names: tuple[str, ...]
    _tree: ast.expr

    @property
    def straight(self) -> bool:
        """True for one KPI times a number plus a number: bounds of the KPI are then bounds of the result."""
        return len(self.names) == 1 and _degree(self._tree) <= 1

    def value(self, values: Mapping[str, float | None]) -> float | None:
        """The result, or None where a term has no value, a division is by zero or the result not finite."""
        try:
            found = _evaluate(self._tree, values)
        except (ZeroDivisionError, OverflowError):
            return None
        return found if found is not None and math.isfinite(found) else None


def parse_formula(text: str) -> Formula:
    """Read ``text``; raises :class:`UsageError` ``BAD_FORMULA`` for anything but arithmetic."""
    if len(text) > MAX_LENGTH:
        raise _bad(f"the formula has {len(text)} characters; {MAX_LENGTH} are allowed")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise _bad(f"{text!r} is no arithmetic") from error
    names: dict[str, None] = {}
    _collect(tree, names)
    if not names:
        raise _bad("the formula names no KPI")
    return Formula(text.strip(), tuple(names), tree)


def _collect(node: ast.expr, names: dict[str, None]) -> None:
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        _collect(node.left, names)
        _collect(node.right, names)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        _collect(node.operand, names)
    elif isinstance(node, ast.Name):
        names[node.id] = None
    elif not (isinstance(node, ast.Constant) and type(node.value) in (int, float)):
        raise _bad(f"{ast.unparse(node)!r} is not allowed in a formula")


def _degree(node: ast.expr) -> float:
    """The highest power of the names; infinite where one divides."""
    if isinstance(node, ast.BinOp):
        left, right = _degree(node.left), _degree(node.right)
        if isinstance(node.op, ast.Div):
            return math.inf if right else left
        return left + right if isinstance(node.op, ast.Mult) else max(left, right)
    if isinstance(node, ast.UnaryOp):
        return _degree(node.operand)
    return 1 if isinstance(node, ast.Name) else 0


def _evaluate(node: ast.expr, values: Mapping[str, float | None]) -> float | None:
    if isinstance(node, ast.BinOp):
        left, right = _evaluate(node.left, values), _evaluate(node.right, values)
        if left is None or right is None:
            return None
        return _OPERATORS[type(node.op)](left, right)
    if isinstance(node, ast.UnaryOp):
        operand = _evaluate(node.operand, values)
        return None if operand is None else -operand
    if isinstance(node, ast.Name):
        return values[node.id]
    assert isinstance(node, ast.Constant)
    assert isinstance(node.value, int | float)
    return float(node.value)


def _bad(what: str) -> UsageError:
    return UsageError(
        "BAD_FORMULA",
        what,
        next_step="Use keys of KPIs, numbers, + - * / and parentheses, e.g. 1 - churn_rate.",
    )
