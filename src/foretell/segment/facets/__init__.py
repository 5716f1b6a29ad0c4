"""What there is to say of people: the values of their traits, and figures of what they did.

Enters: a :class:`~foretell.condition.Reader`, an instant, people. Leaves: traits and figures that the data
hold, each in the words of the condition language, and their values a person. Nothing is read here that
a condition would not read: values come from measures and members. For the room ``segment``.
"""

from __future__ import annotations

from foretell.segment.facets.figures import Figure, common_figures, figure_values
from foretell.segment.facets.people import Rows, rows_of
from foretell.segment.facets.ranges import TraitRange, trait_ranges
from foretell.segment.facets.traits import TraitValue, trait_values

__all__ = [
    "Figure",
    "Rows",
    "TraitRange",
    "TraitValue",
    "common_figures",
    "figure_values",
    "rows_of",
    "trait_ranges",
    "trait_values",
]
