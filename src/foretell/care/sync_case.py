"""One case and its ticket: made once, told of what is new here, read where it is new there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa

from foretell.care import sync_rows
from foretell.care.desks.base import (
    FIELDS,
    Desk,
    DeskLater,
    DeskOvertaken,
    DeskRefused,
    Draft,
    TicketChange,
    TicketNow,
    Update,
)
from foretell.care.model import Case
from foretell.care.reading import show
from foretell.care.storing import ask_about, remember
from foretell.care.sync_rows import SyncRow
from foretell.care.taking_in import take_in, ticket_fields
from foretell.definitions import Catalog
from foretell.engine import Batch, Engine, Tx, reached
from foretell.profile import allowed, golden, purposes_of, survivorship_of, way_out

TICKETS = way_out("care.tickets", "email.service", "cases shared with a help desk, as tickets about their person")
_NAMES = ("name", "first_name", "last_name", "firstName", "lastName", "email")
_MOST_MERGES, _MOST_OVERTAKEN = 5, 3
_WORTH_TELLING = ("note", "closed")
_EMAIL = (
    "SELECT min(i.value) FROM identifiers i WHERE i.kind = 'email' AND (i.node_key = ? OR i.node_key IN "
    "(SELECT m.node_key FROM merged m WHERE m.profile_key = ?))"
)


@dataclass
class SyncReport:
    """What a round did; all but ``later`` are counts.

    Args:
        taken_in: cases that were changed by their ticket, or looked at for it.
        later: why the desk cannot be asked for a while; empty where it can.
    """

    created: int = 0
    updated: int = 0
    taken_in: int = 0
    redacted: int = 0
    failed: int = 0
    later: str = ""


@dataclass
class CaseSync:
    """Keeps cases and tickets alike while a desk is open.

    Args:
        name: of the desk.
        outcome: of cases that are closed because their ticket is solved.
    """

    engine: Engine
    catalog: Catalog
    desk: Desk
    name: str
    outcome: str
    now: datetime
    report: SyncReport = field(default_factory=SyncReport)

    def bring_together(self, row: SyncRow, *, news: bool) -> None:
        """Let a case and its ticket say the same.

        Args:
            news: the desk says that the ticket changed.

        Raises:
            DeskLater, DeskRefused: nothing is lost; what was done is recorded.
        """
        case = show(self.engine, row.case_id)
        found: SyncRow | None = row
        if row.ticket_id is None:
            found = self._made(row, case)
        elif news or row.tried_version is not None:
            found = self._taken_in(row)
        if found is not None:
            self._tell(found)

    def _made(self, row: SyncRow, case: Case) -> SyncRow | None:
        """Its ticket; None where there is to be none."""
        told = allowed(self.engine.ops, pa.array([case.profile_key], pa.int64()), TICKETS.purpose, self.now,
                       purposes_of(self.catalog))  # fmt: skip
        if not told["allowed"][0].as_py():
            why = f"the person is not to be told of: {told['reason'][0].as_py()}"
            self._write(lambda tx: sync_rows.put_off(tx, row.case_id, sync_rows.WITHHELD, None, 0, why))
            return None
        ticket = self.desk.find(case.case_id)
        if ticket is None or ticket.ticket_id == row.ticket_id:
            self._try(row, case)
            reached("care.ticket_wanted")
            ticket = self.desk.create(self._draft(case, row.ticket_id))
            reached("care.ticket_made")
            self.report.created += 1
        return self._linked(row, ticket)

    def _linked(self, row: SyncRow, ticket: TicketNow, **more: object) -> SyncRow:
        found = row.with_ticket(
            ticket_id=ticket.ticket_id, url=ticket.url, fields=ticket.fields, stamp=ticket.stamp, **more
        )

        def work(tx: Tx) -> None:
            sync_rows.keep(tx, found, self.now)
            self._note(tx, row.case_id, "ticket", row.ticket_id, ticket.ticket_id)

        self._write(work)
        return found

    def _draft(self, case: Case, follows: str | None) -> Draft:
        email, name = self._person(case.profile_key)
        site = self.catalog.settings.sending.base_url
        lines = [
            case.reason,
            f"Due {case.due_at:%Y-%m-%d %H:%M} UTC" if case.due_at else "",
            f"{site}/cases/{case.case_id}",
        ]
        return Draft(
            case.case_id,
            _mark(case, 0),
            case.title,
            "\n".join(line for line in lines if line),
            self._wanted(case),
            email,
            name,
            follows,
        )

    def _person(self, profile_key: int) -> tuple[str | None, str | None]:
        keys = pa.array([profile_key], pa.int64())
        rows = golden(self.engine.ops, keys, survivorship_of(self.catalog), traits=_NAMES).to_pylist()
        told = {row["trait"]: row["s"] for row in rows if row["s"]}
        first, last = told.get("first_name") or told.get("firstName"), told.get("last_name") or told.get("lastName")
        name = told.get("name") or " ".join(part for part in (first, last) if part) or None
        (email,) = self.engine.ops.query(_EMAIL, (profile_key, profile_key))[0]
        return told.get("email") or email, name

    def _taken_in(self, row: SyncRow) -> SyncRow | None:
        """Read what happened at the desk; None where the ticket is gone."""
        assert row.ticket_id is not None
        ticket = self.desk.read(row.ticket_id)
        for _ in range(_MOST_MERGES):
            if ticket.life != "merged" or ticket.merged_into is None:
                break
            ticket = self.desk.read(ticket.merged_into)
        if ticket.life in ("deleted", "merged"):
            self._write(lambda tx: self._gone(tx, row, ticket.life))
            return None
        self.report.taken_in += 1
        if ticket.ticket_id != row.ticket_id:
            return self._moved_on(row, ticket)
        return self._followed(row, ticket)

    def _gone(self, tx: Tx, row: SyncRow, life: str) -> None:
        sync_rows.put_off(tx, row.case_id, life, None, 0, f"the ticket was {life}")
        self._note(tx, row.case_id, "ticket", row.ticket_id, life)

    def _moved_on(self, row: SyncRow, ticket: TicketNow) -> SyncRow:
        """The ticket was merged into another one, which stands for the case from now on, and holds."""
        history = self.desk.changes(ticket.ticket_id, None)
        last = history[-1].change_id if history else None
        found = self._linked(row, ticket, seen_change=last)
        holds = TicketChange("", self.now, "merge", fields=ticket.fields)

        self._take(found, [holds], found)
        return found

    def _followed(self, row: SyncRow, ticket: TicketNow) -> SyncRow:
        changes = self.desk.changes(ticket.ticket_id, row.seen_change)
        own = [one for one in changes if _is_own(one, row.case_id)]
        told = max([row.told, *(_told_by(one) for one in own)])
        last = changes[-1].change_id if changes else row.seen_change
        found = row.with_ticket(
            fields=ticket.fields, stamp=ticket.stamp, seen_change=last, told=told, tried_version=None
        )
        others = [one for one in changes if not _is_own(one, row.case_id)]

        self._take(row, others, found)
        return found

    def _take(self, row: SyncRow, changes: Sequence[TicketChange], found: SyncRow) -> None:
        """Take changes of a ticket into its case, and remember in the same breath that this is done."""

        def work(tx: Tx, batch: Batch) -> None:
            take_in(
                tx, batch, self.catalog, show(self.engine, row.case_id), changes,
                desk=self.name, outcome=self.outcome, now=self.now,
            )  # fmt: skip
            sync_rows.keep(tx, found, self.now)

        self.engine.act("care", work, now=self.now)

    def _tell(self, row: SyncRow) -> None:
        """Tell the ticket what it does not say yet."""
        overtaken = 0
        while True:
            case = show(self.engine, row.case_id)
            fields = {
                name: value
                for name, value in self._wanted(case).items()
                if name in row.fields and value != row.fields[name]
            }
            number, note = self._next_note(row)
            if not fields and note is None:
                self._alike(row, case)
                return
            self._try(row, case)
            reached("care.update_wanted")
            try:
                ticket = self._updated(row, case, Update(_mark(case, number), fields, row.stamp, note))
            except DeskOvertaken as error:
                overtaken += 1
                if overtaken > _MOST_OVERTAKEN:
                    raise DeskLater("the ticket changes all the time") from error
                again = self._taken_in(row)
                if again is None:
                    return
                row = again
                continue
            if ticket is None:
                self._alike(row, case)
                return
            reached("care.update_made")
            self.report.updated += 1
            row = self._after(row, ticket, number)

    def _after(self, row: SyncRow, ticket: TicketNow, number: int) -> SyncRow:
        if ticket.ticket_id != row.ticket_id:  # it goes on from a sealed one, and knows nothing of its notes
            return self._linked(row, ticket, seen_change=None)
        found = row.with_ticket(fields=ticket.fields, stamp=ticket.stamp, told=number)
        self._write(lambda tx: sync_rows.keep(tx, found, self.now))
        return found

    def _updated(self, row: SyncRow, case: Case, update: Update) -> TicketNow | None:
        """The ticket after a change; a new one where it is sealed and the case goes on; None where nothing can be
        said any more."""
        assert row.ticket_id is not None
        try:
            return self.desk.update(row.ticket_id, update)
        except DeskRefused:
            if self.desk.read(row.ticket_id).life != "sealed":
                raise
        if case.state == "closed":
            return None
        newest = self.desk.find(case.case_id)
        if newest is not None and newest.life == "live":
            return newest
        self.report.created += 1
        return self.desk.create(self._draft(case, row.ticket_id))

    def _alike(self, row: SyncRow, case: Case) -> None:
        self._write(lambda tx: sync_rows.keep(tx, row, self.now, version=case.version))

    def _next_note(self, row: SyncRow) -> tuple[int, str | None]:
        kinds = ", ".join("?" * len(_WORTH_TELLING))
        rows = self.engine.ops.query(
            f"SELECT number, made_by, what, new FROM case_history WHERE case_id = ? AND number > ? AND origin IS NULL "
            f"AND what IN ({kinds}) ORDER BY number LIMIT 1",
            (row.case_id, row.told, *_WORTH_TELLING),
        )
        if not rows:
            return row.told, None
        number, by, what, text = rows[0]
        return int(number), f"{by}: {text}" if what == "note" else f"{by}: closed as {text}"

    def _wanted(self, case: Case) -> dict[str, str | None]:
        """What the ticket is to say; whoever solved the ticket of nobody's case may keep it."""
        found = self._sayable(ticket_fields(case))
        if case.state == "closed" and case.owner is None:
            found.pop("owner", None)
        return found

    def _sayable(self, fields: dict[str, str | None]) -> dict[str, str | None]:
        return {name: fields[name] for name in FIELDS if self.desk.can_say(name, fields[name])}

    def _note(self, tx: Tx, case_id: str, what: str, before: str | None, after: str | None) -> None:
        ask_about(tx, [case_id])
        remember(tx, [(case_id, (what, before, after))], by=self.name, at=self.now, origin=self.name)

    def _try(self, row: SyncRow, case: Case) -> None:
        self._write(lambda tx: sync_rows.note_tried(tx, row, case.version))

    def _write(self, work: Callable[[Tx], None]) -> None:
        with self.engine.ops.write() as tx:
            work(tx)


def _mark(case: Case, told: int) -> str:
    """What stands in the desk's history beside a change of ours: of which case and version, and up to which piece of
    its history."""
    return f"{case.case_id}:{case.version}:{told}"


def _is_own(change: TicketChange, case_id: str) -> bool:
    return change.mark.partition(":")[0] == case_id


def _told_by(change: TicketChange) -> int:
    text = change.mark.rpartition(":")[2]
    return int(text) if text.isdigit() else 0
