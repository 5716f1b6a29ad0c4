"""Matching: records that share no identifier, found to be one person's by what they say.

Enters: the traits and identifiers of nodes, the block ``matching`` of the identity document. Leaves: profiles that
are joined with their evidence, and questions for people. Called by ``identify``'s door alone.
"""

from __future__ import annotations

from foretell.identify.matching.document import MatchField, MatchingSpec
from foretell.identify.matching.model import Learnt, Model, latest
from foretell.identify.matching.records import TraitReader
from foretell.identify.matching.reporting import MatchReport
from foretell.identify.matching.reviewing import Question, Questions, accept, questions, reject
from foretell.identify.matching.running import last_run, match, refresh
from foretell.identify.matching.sides import Record
from foretell.identify.matching.tables import MATCHING_DDL, RECORD_ROWS, FieldWeight, Pair, counts, forget_pairs

__all__ = [
    "MATCHING_DDL",
    "RECORD_ROWS",
    "FieldWeight",
    "Learnt",
    "MatchField",
    "MatchReport",
    "MatchingSpec",
    "Model",
    "Pair",
    "Question",
    "Questions",
    "Record",
    "TraitReader",
    "accept",
    "counts",
    "forget_pairs",
    "last_run",
    "latest",
    "match",
    "questions",
    "refresh",
    "reject",
]
