"""Rounds in which cases and tickets of the help desk are brought together.

What is to be told waits in ``case_syncs``, written with the change itself. What the desk tells by webhook waits in
``desk_news``; its list of changes is read besides, for what no webhook brought. Once the desk cannot be asked, the
whole round ends, and the next ones wait: nothing is tried case by case against a desk that is down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel

from foretell.care import sync_rows
from foretell.care.desk_settings import desk_of, tickets_told
from foretell.care.desks.base import Desk, DeskKind, DeskLater, DeskPlace, DeskRefused
from foretell.care.reading import unknown
from foretell.care.sync_case import CaseSync, SyncReport
from foretell.care.sync_rows import SyncRow
from foretell.clock import Duration, from_micros, micros
from foretell.definitions import Catalog
from foretell.deliver import HookRequest
from foretell.engine import Engine
from foretell.errors import ForetellError, UsageError

CASES_A_ROUND = 40
ATTEMPTS = 8
"""How often a case is handed over before it is given up."""
_PAGES_A_ROUND = 5
_FIRST_LOOK = timedelta(hours=1)
_SHORTEST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
_WRONG_SETTINGS = timedelta(minutes=5)


@dataclass(frozen=True)
class DeadLetter:
    """A case of which the help desk could not be told."""

    case_id: str
    title: str
    ticket_id: str | None
    state: str
    error: str | None


@dataclass(frozen=True)
class DeskStanding:
    """How the workspace stands with its help desk.

    Args:
        desk: its kind; None where there is none.
        waiting: cases of which it is still to be told.
        tickets: cases that have a ticket.
        redactions: tickets whose people asked to be erased, and of which the desk was told.
        paused_until: nothing is asked until then.
        error: what went wrong last; None where the last round went well.
        failed: cases that nothing is tried for any more, until somebody asks.
    """

    desk: str | None
    waiting: int = 0
    tickets: int = 0
    redactions: int = 0
    paused_until: datetime | None = None
    polled_at: datetime | None = None
    error: str | None = None
    failed: Sequence[DeadLetter] = ()


def sync(engine: Engine, catalog: Catalog, *, now: datetime) -> SyncReport:
    """One round, where there is a help desk and something to do; doing it again at the same instant does nothing."""
    try:
        found = desk_of(catalog.settings)
    except ForetellError:
        return SyncReport()  # `plan` says what is wrong with the settings
    if found is None:
        return SyncReport()
    return _Round(engine, catalog, *found, now).run()


def note_news(engine: Engine, catalog: Catalog, desk: str, request: HookRequest) -> int:
    """Keep what a webhook of the help desk says until the next round; returns how many tickets it speaks of.

    Raises:
        UsageError: ``UNKNOWN_DESK``, ``BAD_SIGNATURE``, ``SECRET_MISSING``.
    """
    tickets = tickets_told(catalog.settings, desk, request)
    _note(engine, tickets, request.now)
    return len(tickets)


def sync_again(engine: Engine, catalog: Catalog, case_id: str | None = None, *, now: datetime) -> int:
    """Let what was given up be tried again in the next round, and end a pause; returns how many cases wait.

    Args:
        case_id: this case alone, also where its ticket was deleted or merged: it gets a new one.

    Raises:
        UsageError: ``UNKNOWN_CASE``; ``NO_HELP_DESK``.
    """
    if catalog.settings.care.help_desk is None:
        raise UsageError(
            "NO_HELP_DESK", "this workspace shares its cases with no help desk",
            next_step="Name one under care.help_desk in foretell.yaml.",
        )  # fmt: skip
    with engine.ops.write() as tx:
        tx.execute("UPDATE desk_standing SET paused_until = NULL, failures = 0")
        if case_id is None:
            return tx.execute(
                "UPDATE case_syncs SET state = 'waiting', next_at = ?, attempts = 0 WHERE state = 'failed'",
                (micros(now),),
            )
        if not tx.query("SELECT 1 FROM cases WHERE case_id = ?", (case_id,)):
            raise unknown(case_id)
        tx.execute(
            "UPDATE case_syncs SET ticket_id = NULL, seen_change = NULL, tried_version = NULL, ticket = '{}' "
            "WHERE case_id = ? AND state IN ('deleted', 'merged')",
            (case_id,),
        )
        return tx.execute(
            "INSERT INTO case_syncs (case_id, state, wanted_version, synced_version, ticket, next_at, attempts) "
            "SELECT c.case_id, 'waiting', c.version, 0, '{}', ?, 0 FROM cases c WHERE c.case_id = ? "
            "ON CONFLICT (case_id) DO UPDATE SET state = 'waiting', next_at = excluded.next_at, attempts = 0, "
            "error = NULL",
            (micros(now), case_id),
        )


def desk_standing(engine: Engine, catalog: Catalog, *, limit: int = 50) -> DeskStanding:
    """How the workspace stands with its help desk."""
    told = catalog.settings.care.help_desk
    if told is None:
        return DeskStanding(None)
    ((waiting, tickets),) = engine.ops.query(
        "SELECT coalesce(sum(CASE WHEN next_at IS NOT NULL THEN 1 ELSE 0 END), 0), count(ticket_id) FROM case_syncs"
    )
    ((redactions,),) = engine.ops.query("SELECT count(*) FROM desk_redactions WHERE state = 'done'")
    failed = engine.ops.query(
        "SELECT s.case_id, c.title, s.ticket_id, s.state, s.error FROM case_syncs s "
        "JOIN cases c ON c.case_id = s.case_id "
        "WHERE s.state IN ('failed', 'deleted', 'merged', 'withheld') ORDER BY s.state DESC, s.case_id LIMIT ?",
        (limit,),
    )
    row = engine.ops.query("SELECT paused_until, polled_at, error FROM desk_standing WHERE desk = ?", (told.uses,))
    paused, polled, error = row[0] if row else (None, None, None)
    until, looked = (None if one is None else from_micros(one) for one in (paused, polled))
    letters = tuple(DeadLetter(*one) for one in failed)
    return DeskStanding(told.uses, int(waiting), int(tickets), int(redactions), until, looked, error, letters)


class _Round:
    def __init__(self, engine: Engine, catalog: Catalog, kind: DeskKind, settings: BaseModel, now: datetime) -> None:
        self._engine, self._catalog, self._kind, self._settings, self._now = engine, catalog, kind, settings, now
        rows = engine.ops.query(
            "SELECT place, polled_at, paused_until, failures FROM desk_standing WHERE desk = ?", (kind.name,)
        )
        self._place, self._polled_at, self._paused_until, self._failures = rows[0] if rows else (None, None, None, 0)
        self.report = SyncReport()

    def run(self) -> SyncReport:
        if (self._paused_until is not None and self._paused_until > micros(self._now)) or not self._has_work():
            return self.report
        try:
            desk = self._kind.open(self._settings, DeskPlace(self._catalog.settings, self._now))
        except ForetellError as error:
            self._pause(str(error), _WRONG_SETTINGS)
            return self.report
        try:
            self._work(desk)
        except DeskLater as error:
            self._pause(str(error), error.after)
        else:
            self._went_well()
        finally:
            desk.close()
        return self.report

    def _has_work(self) -> bool:
        return self._polls() or bool(
            self._engine.ops.query(
                "SELECT 1 WHERE EXISTS (SELECT 1 FROM case_syncs WHERE next_at <= ?) "
                "OR EXISTS (SELECT 1 FROM desk_news) "
                "OR EXISTS (SELECT 1 FROM desk_redactions WHERE next_at <= ?)",
                (micros(self._now), micros(self._now)),
            )
        )

    def _polls(self) -> bool:
        if not self._engine.ops.query("SELECT 1 FROM case_syncs WHERE ticket_id IS NOT NULL LIMIT 1"):
            return False
        every = Duration.parse(self._settings.poll).exact or timedelta(days=30)  # type: ignore[attr-defined]
        return self._polled_at is None or from_micros(self._polled_at) + every <= self._now

    def _work(self, desk: Desk) -> None:
        outcome = self._settings.outcome  # type: ignore[attr-defined]
        case_sync = CaseSync(self._engine, self._catalog, desk, self._kind.name, outcome, self._now, self.report)
        if self._polls():
            self._poll(desk)
        self._take_news(case_sync)
        for row in sync_rows.rows_due(self._engine, self._now, CASES_A_ROUND):
            self._one(case_sync, row, news=False)
        self._redact(desk)

    def _poll(self, desk: Desk) -> None:
        since = self._now - _FIRST_LOOK if self._polled_at is None else from_micros(self._polled_at) - _FIRST_LOOK
        for _ in range(_PAGES_A_ROUND):
            news = desk.news(self._place, since)
            ours = {row.ticket_id for row in sync_rows.rows_of_tickets(self._engine, news.ticket_ids)}
            _note(self._engine, [one for one in news.ticket_ids if one in ours], self._now)
            self._place = news.place or None
            self._keep(polled=not news.more)
            if not news.more:
                return

    def _take_news(self, case_sync: CaseSync) -> None:
        told = self._engine.ops.query(
            "SELECT ticket_id, told_at FROM desk_news ORDER BY told_at, ticket_id LIMIT ?", (CASES_A_ROUND,)
        )
        for ticket_id, told_at in told:
            for row in sync_rows.rows_of_tickets(self._engine, [ticket_id]):
                self._one(case_sync, row, news=True)
            with self._engine.ops.write() as tx:
                tx.execute("DELETE FROM desk_news WHERE ticket_id = ? AND told_at = ?", (ticket_id, told_at))

    def _one(self, case_sync: CaseSync, row: SyncRow, *, news: bool) -> None:
        try:
            case_sync.bring_together(row, news=news)
        except DeskRefused as error:
            attempts = row.attempts + 1
            given_up = attempts >= ATTEMPTS
            self.report.failed += given_up
            state, next_at = (sync_rows.FAILED, None) if given_up else (sync_rows.WAITING, self._now + _pause(attempts))
            with self._engine.ops.write() as tx:
                sync_rows.put_off(tx, row.case_id, state, next_at, attempts, str(error))

    def _redact(self, desk: Desk) -> None:
        """Tell the desk of people who were erased here: a ticket of theirs, or one that may have been made for them."""
        rows = self._engine.ops.query(
            "SELECT ticket_id, attempts FROM desk_redactions WHERE next_at <= ? ORDER BY ticket_id LIMIT ?",
            (micros(self._now), CASES_A_ROUND),
        )
        for name, attempts in rows:
            state, next_at, error = "done", None, None
            try:
                ticket_id = self._ticket_of(desk, name)
                if ticket_id is not None:
                    desk.ask_to_redact(ticket_id)
                    self.report.redacted += 1
            except DeskRefused as refused:
                given_up = attempts + 1 >= ATTEMPTS
                state, error = "failed" if given_up else "waiting", str(refused)
                next_at = None if given_up else micros(self._now + _pause(attempts + 1))
            with self._engine.ops.write() as tx:
                tx.execute(
                    "UPDATE desk_redactions SET state = ?, next_at = ?, attempts = attempts + 1, error = ?, "
                    "asked_at = coalesce(asked_at, ?) WHERE ticket_id = ?",
                    (state, next_at, error, micros(self._now), name),
                )

    @staticmethod
    def _ticket_of(desk: Desk, name: str) -> str | None:
        if not name.startswith("case:"):
            return name
        found = desk.find(name.removeprefix("case:"))
        return None if found is None else found.ticket_id

    def _pause(self, why: str, after: timedelta | None) -> None:
        self._failures += 1
        self.report.later = why
        self._keep(until=self._now + max(after or timedelta(0), _pause(self._failures)), error=why)

    def _went_well(self) -> None:
        self._failures = 0
        self._keep()

    def _keep(self, *, polled: bool = False, until: datetime | None = None, error: str | None = None) -> None:
        self._polled_at = micros(self._now) if polled else self._polled_at
        paused = None if until is None else micros(until)
        with self._engine.ops.write() as tx:
            tx.execute(
                "INSERT INTO desk_standing (desk, place, polled_at, paused_until, failures, error) "
                "VALUES (?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (desk) DO UPDATE SET place = excluded.place, polled_at = excluded.polled_at, "
                "paused_until = excluded.paused_until, failures = excluded.failures, error = excluded.error",
                (self._kind.name, self._place, self._polled_at, paused, self._failures, error),
            )


def _note(engine: Engine, ticket_ids: Sequence[str], now: datetime) -> None:
    if not ticket_ids:
        return
    with engine.ops.write() as tx:
        tx.executemany(
            "INSERT INTO desk_news (ticket_id, told_at) VALUES (?, ?) "
            "ON CONFLICT (ticket_id) DO UPDATE SET told_at = excluded.told_at",
            [(ticket_id, micros(now)) for ticket_id in ticket_ids],
        )


def _pause(attempts: int) -> timedelta:
    doubled: int = 1 << min(attempts - 1, 20)
    return min(_SHORTEST_PAUSE * doubled, _LONGEST_PAUSE)
