"""Answers as they arrive become rows; what pages keep of responses follows merges and goes with the person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import pyarrow as pa

from foretell import deliver
from foretell.clock import micros
from foretell.definitions import Catalog
from foretell.engine import Batch, OperationalStore, Stage, Tx, count_of, rekey_rows, unmerge_rows
from foretell.listen.surveys import anonymous
from foretell.listen.surveys.document import measure_of, spec_of
from foretell.listen.surveys.taking_in import ANSWERED, answer_rows

_THEIRS = ("survey_given", "survey_held")
"""Tables of people, by ``node_key`` and ``profile_key``."""


class AnswerStage(Stage):
    """Reads ``Survey Answered`` of every batch, arrived or told.

    Args:
        measures: survey → the scale of its scores, as its document says.
    """

    room = "listen_answers"

    def __init__(self, measures: Mapping[str, str] | None = None) -> None:
        self.measures = dict(measures or {})

    def follow(self, catalog: Catalog) -> None:
        """Go by the documents of ``catalog`` from the next batch on."""
        told = {document.key: measure_of(spec_of(document), document.key) for document in catalog.all("survey")}
        self.measures = {key: measure for key, measure in told.items() if measure is not None}

    def react(self, tx: Tx, batch: Batch) -> None:
        """Rows of the answers in a batch."""
        rows = answer_rows(batch, self.measures)
        if rows is not None:
            batch.emit("survey_answer_rows", rows)


class SurveyStage(Stage):
    """Responses that pages go on with belong to the person that today's identifiers give."""

    room = "listen_surveys"

    def rekey(self, tx: Tx, merges: pa.Table) -> None:
        """The winner has what the loser had."""
        for table in _THEIRS:
            rekey_rows(tx, table, merges)

    def unmerge(self, tx: Tx, splits: pa.Table) -> None:
        """Responses go back to the person who was asked."""
        for table in _THEIRS:
            unmerge_rows(tx, table, splits)

    def kept_of(self, store: OperationalStore, nodes: Sequence[int]) -> Mapping[str, int]:
        """Responses of nodes."""
        return {"survey responses": count_of(store, "survey_given", nodes)}

    def erase(self, tx: Tx, profiles: pa.Table) -> None:
        """Forget the people's responses, and that their links were used or looked at; nobody knows which anonymous
        responses are theirs."""
        tx.put("survey_erased", profiles.select(["profile_key"]), key="profile_key")
        for table in _THEIRS:
            tx.execute(f"DELETE FROM {table} WHERE profile_key IN (SELECT profile_key FROM survey_erased)")
        asked = deliver.asked_of(tx, profiles)
        anonymous.forget_uses(tx, {(thread, survey) for _, thread, survey in asked})
        tx.executemany("DELETE FROM survey_looks WHERE message_id = ?", {(message,) for message, _, _ in asked})

    def retain(self, tx: Tx, limits: Mapping[str, datetime]) -> None:
        """Forget what was answered before the time for which answers are kept."""
        if ANSWERED not in limits:
            return
        before = (micros(limits[ANSWERED]),)
        for sql in (
            "DELETE FROM survey_given WHERE changed_at < ?",
            "DELETE FROM survey_held WHERE held_at < ?",
            "DELETE FROM survey_kept WHERE day < ?",
        ):
            tx.execute(sql, before)
