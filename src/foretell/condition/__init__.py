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
from foretell.condition.evidence import Evidence, Explanation
from foretell.condition.fields import SCHEMAS, ConditionField, MeasureField
from foretell.condition.formatting import canonical, format_condition
from foretell.condition.hits import hit_value_sql, hits_sql, score_hits_sql, trait_hits_sql
from foretell.condition.kinds import event_kinds, only_by_events
from foretell.condition.meaning import CatalogReferences, Named, horizon_problems, leaves, references
from foretell.condition.naming import lists_named, unknown_names
from foretell.condition.nodes import (
    Account,
    Aggregate,
    All,
    Anchor,
    AnyOf,
    Bucket,
    Change,
    Check,
    Condition,
    Consent,
    Context,
    Did,
    Event,
    Figure,
    Measure,
    Message,
    MessageState,
    Near,
    Not,
    Persona,
    Pick,
    Prediction,
    Property,
    Ratio,
    Segment,
    Selection,
    Sequence,
    Step,
    Table,
    Test,
    Top,
    Trait,
    Variable,
)
from foretell.condition.parse import measure_problems, parse, parse_measure, parse_problems
from foretell.condition.previewing import PartCount, Preview
from foretell.condition.reader import Reader
from foretell.condition.schema import condition_schema, measure_schema
from foretell.condition.scope import ASKED, CONTEXT, Asked, Of, References, Scope
from foretell.condition.sentence import measure_sentence, sentence
from foretell.condition.values import Frame
from foretell.condition.vocabulary import SeenEvent, SeenValue, Vocabulary

__all__ = [
    "ASKED",
    "CONTEXT",
    "SCHEMAS",
    "Account",
    "Aggregate",
    "All",
    "Anchor",
    "AnyOf",
    "Asked",
    "Bucket",
    "CatalogReferences",
    "Change",
    "Check",
    "Condition",
    "ConditionField",
    "Consent",
    "Context",
    "Did",
    "Event",
    "Evidence",
    "Explanation",
    "Figure",
    "Frame",
    "Measure",
    "MeasureField",
    "Message",
    "MessageState",
    "Named",
    "Near",
    "Not",
    "Of",
    "PartCount",
    "Persona",
    "Pick",
    "Prediction",
    "Preview",
    "Property",
    "Ratio",
    "Reader",
    "References",
    "Scope",
    "SeenEvent",
    "SeenValue",
    "Segment",
    "Selection",
    "Sequence",
    "Step",
    "Table",
    "Test",
    "Top",
    "Trait",
    "Variable",
    "Vocabulary",
    "canonical",
    "compile_measure",
    "compile_members",
    "condition_schema",
    "event_kinds",
    "format_condition",
    "hit_value_sql",
    "hits_sql",
    "horizon_problems",
    "leaves",
    "lists_named",
    "measure_problems",
    "measure_schema",
    "measure_sentence",
    "only_by_events",
    "parse",
    "parse_measure",
    "parse_problems",
    "references",
    "score_hits_sql",
    "sentence",
    "trait_hits_sql",
    "unknown_names",
]
