"""Condition: how do we say who and when?

Enters: a condition as written in YAML (:func:`parse`), and facts of other rooms by table name.
Leaves: its syntax tree, one query in the portable SQL subset, members as an Arrow table, a sentence
in plain English, the reasons for one person. Called by every room that says who: predict, segment,
deliver, decide, listen, journey, measure, web, cli.

Everything is read at an instant ``as_of`` (event time) and, where asked, as known at another
(arrival). The meaning is that of ``docs/rooms/condition.md``; the syntax tree computes nothing.
"""

from __future__ import annotations

from foretell.condition.compile import compile_measure, compile_members
from foretell.condition.explanation import Evidence, Explanation
from foretell.condition.meaning import CatalogReferences, Named, horizon_problems, leaves, references
from foretell.condition.nodes import (
    Account,
    Aggregate,
    All,
    AnyOf,
    Check,
    Condition,
    Consent,
    Did,
    Event,
    Measure,
    Message,
    MessageState,
    Not,
    Pick,
    Prediction,
    Property,
    Segment,
    Selection,
    Table,
    Test,
    Trait,
)
from foretell.condition.parse import measure_problems, parse, parse_measure, parse_problems
from foretell.condition.reader import Reader
from foretell.condition.scope import ASKED, Asked, Of, Scope
from foretell.condition.sentence import measure_sentence, sentence
from foretell.condition.values import Frame

__all__ = [
    "ASKED",
    "Account",
    "Aggregate",
    "All",
    "AnyOf",
    "Asked",
    "CatalogReferences",
    "Check",
    "Condition",
    "Consent",
    "Did",
    "Event",
    "Evidence",
    "Explanation",
    "Frame",
    "Measure",
    "Message",
    "MessageState",
    "Named",
    "Not",
    "Of",
    "Pick",
    "Prediction",
    "Property",
    "Reader",
    "Scope",
    "Segment",
    "Selection",
    "Table",
    "Test",
    "Trait",
    "compile_measure",
    "compile_members",
    "horizon_problems",
    "leaves",
    "measure_problems",
    "measure_sentence",
    "parse",
    "parse_measure",
    "parse_problems",
    "references",
    "sentence",
]
