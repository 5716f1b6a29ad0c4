"""The small language in which a source document says what a row means.

Enters: a text such as ``if(Quantity < 0, 'return', 'sale')``. Leaves: a tree, and SQL over a table of
rows. Used by the other files of ``collect`` alone.
"""

from __future__ import annotations

from foretell.collect.expressions.compiling import (
    Compiled,
    Scope,
    as_bool,
    as_text,
    compiled,
)
from foretell.collect.expressions.functions import AGGREGATES, FUNCTIONS
from foretell.collect.expressions.numbers import finite
from foretell.collect.expressions.parsing import parsed
from foretell.collect.expressions.tree import Expression, columns_of

__all__ = [
    "AGGREGATES",
    "FUNCTIONS",
    "Compiled",
    "Expression",
    "Scope",
    "as_bool",
    "as_text",
    "columns_of",
    "compiled",
    "finite",
    "parsed",
]
