"""Telling a server who entered and who left: at least once, in order for each person, until it is taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pyarrow as pa

from foretell.clock import from_micros, micros
from foretell.definitions import Catalog, Document
from foretell.deliver.exports.document import spec_of
from foretell.deliver.exports.facts import told_of
from foretell.deliver.exports.noting import note
from foretell.deliver.exports.standing import Standing, save
from foretell.deliver.exports.ways import barred
from foretell.deliver.posting import UNREACHABLE, Answer, Posting
from foretell.deliver.receipts import pause_after
from foretell.engine import Engine, reached

_BATCH = 50
"""Requests between two records: so many come again at most where the process dies."""
_WAITING = """
SELECT t.telling_id, t.profile_key, t.event, t.at, t.attempts FROM export_tellings t
WHERE t.export = ? AND t.state = 'waiting' AND t.next_at <= ? AND NOT EXISTS (
  SELECT 1 FROM export_tellings b WHERE b.export = t.export AND b.profile_key = t.profile_key AND b.state = 'waiting'
    AND b.number < t.number AND b.next_at > ?)
ORDER BY t.number LIMIT ?"""


@dataclass(frozen=True)
class _Telling:
    telling_id: str
    profile_key: int
    event: str
    at: int
    attempts: int


@dataclass
class _Outcome:
    """What became of a batch.

    Args:
        done: ids that nothing more is to be done with.
        again: attempts, next instant (microseconds) and id of those that are tried again.
        broken: why there was no answer; empty where there was.
    """

    done: list[str] = field(default_factory=list)
    again: list[tuple[int, int, str]] = field(default_factory=list)
    taken: int = 0
    refused: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    error: str = ""
    broken: str = ""


def tell(engine: Engine, catalog: Catalog, document: Document, standing: Standing, *, now: datetime) -> Standing:
    """Note what is new, and tell what is due; returns how the export stands then.

    It may be killed anywhere: what was sent and not recorded is sent again with the same key.

    Raises:
        UsageError: ``SECRET_MISSING``; what is new is noted.
    """
    webhook = spec_of(document).webhook
    assert webhook is not None
    standing = note(engine, standing, webhook.events)
    if not standing.waiting or not standing.due(now):
        return standing
    posting = Posting(webhook, webhook.secret, catalog.settings)
    return _Turn(engine, catalog, document, posting, now).run(standing)


class _Turn:
    def __init__(self, engine: Engine, catalog: Catalog, document: Document, posting: Posting, now: datetime) -> None:
        self._engine, self._catalog, self._posting, self._now = engine, catalog, posting, now
        self._spec, self._export = spec_of(document), document.key
        self._most_attempts = catalog.settings.sending.attempts

    def run(self, standing: Standing) -> Standing:
        try:
            while standing.due(self._now) and (waiting := self._waiting()):
                outcome = self._send(waiting)
                reached("exports.posted")
                standing = self._record(standing, outcome)
                self._posting.close()
        finally:
            self._posting.close()
        return standing

    def _waiting(self) -> list[_Telling]:
        at = micros(self._now)
        return [_Telling(*row) for row in self._engine.ops.query(_WAITING, (self._export, at, at, _BATCH))]

    def _send(self, waiting: Sequence[_Telling]) -> _Outcome:
        outcome, held = _Outcome(), set[int]()
        people = pa.array([one.profile_key for one in waiting], pa.int64())
        out = barred(self._engine, self._catalog, people, self._spec.purpose, self._now)
        told = told_of(self._engine, self._catalog, people, self._spec.fields)
        for one in waiting:
            if one.profile_key in out:
                outcome.done.append(one.telling_id)
                outcome.left_out[out[one.profile_key]] += 1
            elif one.profile_key not in told:  # erased a moment ago
                outcome.done.append(one.telling_id)
            elif one.profile_key not in held:
                try:
                    answer = self._posting.post(one.telling_id, self._body(one, told[one.profile_key]), self._now)
                except UNREACHABLE as error:
                    outcome.broken = str(error) or type(error).__name__
                    break
                if self._settle(outcome, one, answer):
                    held.add(one.profile_key)
        return outcome

    def _body(self, one: _Telling, told: Mapping[str, Any]) -> dict[str, Any]:
        at = from_micros(one.at).isoformat().replace("+00:00", "Z")
        return {"id": one.telling_id, "event": one.event, "segment": self._spec.segment, "at": at, **told}

    def _settle(self, outcome: _Outcome, one: _Telling, answer: Answer) -> bool:
        """Say in ``outcome`` what an answer makes of a telling; True where it is to be tried again."""
        if answer.outcome == "accepted":
            outcome.taken += 1
            outcome.done.append(one.telling_id)
            return False
        attempts = one.attempts + 1
        outcome.error = answer.error
        if answer.outcome == "refused" or attempts >= self._most_attempts:
            outcome.refused += 1
            outcome.done.append(one.telling_id)
            return False
        pause = max(pause_after(attempts), answer.retry_after or pause_after(attempts))
        outcome.again.append((attempts, micros(self._now + pause), one.telling_id))
        return True

    def _record(self, standing: Standing, outcome: _Outcome) -> Standing:
        told = replace(
            standing,
            told=standing.told + outcome.taken,
            refused=standing.refused + outcome.refused,
            waiting=standing.waiting - len(outcome.done),
            error=outcome.error,
        ).with_left_out(outcome.left_out)
        if outcome.taken:
            told = replace(told, done_at=self._now)
        if outcome.broken:
            told = told.failed(outcome.broken, self._now)
        elif len(outcome.again) > 1 and not outcome.taken and not outcome.refused:
            told = told.failed(outcome.error, self._now)  # it takes nothing: the others are not tried
        else:
            told = replace(told, failures=0, next_at=None)
        with self._engine.ops.write() as tx:
            tx.executemany(
                "UPDATE export_tellings SET state = 'done' WHERE telling_id = ?", [(one,) for one in outcome.done]
            )
            tx.executemany("UPDATE export_tellings SET attempts = ?, next_at = ? WHERE telling_id = ?", outcome.again)
            save(tx, told)
        return told
