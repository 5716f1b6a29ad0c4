"""What a step is told in a back-test, for the lines it is asked about."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from foretell.condition import Condition
from foretell.definitions import Catalog
from foretell.engine import TIMESTAMP, Engine, integers
from foretell.journey.backtest.asking import Asking
from foretell.journey.backtest.cast import Lines
from foretell.journey.backtest.mailing import Mailing
from foretell.journey.backtest.replies import Replies
from foretell.journey.backtest.spans import NEVER, Instants, Truth
from foretell.journey.backtest.told import Asked, Record
from foretell.journey.published import Published
from foretell.journey.steps import Foresight, Step, kind_of


class Sight:
    """Answers one step about its lines, and notes what it asks the gate.

    Args:
        lines: what they have sent is noted in them: see :attr:`lines` afterwards.
    """

    def __init__(
        self,
        engine: Engine,
        catalog: Catalog,
        published: Published,
        step: Step,
        lines: Lines,
        asking: Asking,
        mailing: Mailing,
        replies: Replies,
        record: Record,
    ) -> None:
        self.lines = lines
        self._catalog, self._step, self._asking, self._mailing = catalog, step, asking, mailing
        self._replies, self._record = replies, record
        zone = catalog.settings.zone_info
        self.foresight = Foresight(
            journey=published.key,
            revision=published.revision,
            step=step,
            following=published.spec.following(step.key),
            catalog=catalog,
            zone=zone,
            tree=lambda name: published.tree(name, step.key),
            holds=self._holds,
            first=self._first,
            sent_at=self._sent_at,
            zones=self._zones,
            send=self._send,
            priority=published.spec.priority,
            most=published.most(step.key),
            engine=engine,
        )

    def _of(self, runs: pa.Table) -> Lines:
        return self.lines.take(integers(runs["row"]))

    def _holds(self, tree: Condition, runs: pa.Table, since_entry: bool) -> Truth:
        return self._asking.holds(tree, self._of(runs), since_entry)

    def _first(self, tree: Condition, runs: pa.Table, until: pa.Array | pa.ChunkedArray, since_entry: bool) -> pa.Array:
        lines = self._of(runs)
        last = (
            np.asarray(until.cast(TIMESTAMP).cast(pa.int64()).to_numpy(zero_copy_only=False), np.int64)
            if isinstance(until, pa.Array)
            else integers(until.cast(TIMESTAMP).cast(pa.int64()))
        )
        since = lines.arrived if kind_of(self._step).since_arrival else None
        found = np.maximum(self._asking.first(tree, lines, last, since_entry, since), lines.at)
        return pa.array(found, mask=found > last).cast(TIMESTAMP)

    def _sent_at(self, runs: pa.Table, step: str) -> pa.Array:
        lines = self._of(runs)
        decided: Instants = lines.decided[:, self._replies.senders[step].place]
        return pa.array(np.where(decided == NEVER, lines.arrived, decided)).cast(TIMESTAMP)

    def _zones(self, runs: pa.Table) -> pa.Array:
        lines = self._of(runs)
        found = self._mailing.zones(self._asking.entered.person[lines.run], lines.at)
        usual = self._catalog.settings.zone
        return pa.array([usual if one is None else one for one in found], pa.string())

    def _send(self, candidates: pa.Table) -> pa.Table:
        rows = integers(candidates["row"])
        lines = self.lines.take(rows)
        person = self._asking.entered.person[lines.run]
        answer = self._mailing.decide(candidates, person, lines.at, lines.draws)
        words = self._record.words
        decision, reason, medium = (words.codes(answer[name]) for name in ("decision", "reason", "medium"))
        sender = self._replies.senders.get(self._step.key)
        if sender is not None and kind_of(self._step).sends:
            decided, sent = self.lines.decided.copy(), self.lines.sent.copy()
            settled = decision != words.code("defer")
            decided[rows[settled], sender.place] = lines.at[settled]
            sent[rows, sender.place] = np.where(decision == words.code("send"), lines.at, NEVER)
            self.lines = self.lines.changed(decided=decided, sent=sent)
        channel = str(candidates["channel"][0].as_py()) if candidates.num_rows else ""
        asked = Asked(self._step.key, channel, lines.run, lines.draws, lines.at, medium, decision, reason)
        self._record.asked.append(asked)
        return answer
