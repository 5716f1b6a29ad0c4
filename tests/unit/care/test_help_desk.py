"""Cases and Zendesk tickets: made once, alike on both sides, whatever the network and two teams do meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from foretell import care
from foretell.clock import parse_instant, zone_of
from foretell.deliver import HookRequest
from foretell.engine import observe_crash_points
from foretell.errors import ForetellError
from foretell.identify import find
from foretell.profile.privacy import restrict
from foretell.testing.vendor_server import Moods
from foretell.testing.zendesk import Zendesk, zendesk
from foretell.testing.zendesk_account import AGENT, GROUP, OTHER_AGENT, OTHER_GROUP
from tests.support.care_place import MONDAY, SETTINGS, Care, care_place

ONE = "case-u1-winback"


@dataclass
class Both:
    """The workspace and the account, on one clock."""

    place: Care
    desk: Zendesk

    def round(self, **later: float) -> care.SyncReport:
        """Let time pass, then one round."""
        return care.sync(
            self.place.engine, self.place.workspace.catalog, now=self.place.at(**(later or {"minutes": 1}))
        )

    def rounds(self, count: int = 12) -> None:
        """Enough rounds for everything to arrive."""
        for _ in range(count):
            self.round(hours=1)

    @property
    def ticket(self) -> dict[str, Any]:
        (found,) = self.desk.account.of_case(ONE)
        return found

    def agent(self, at: datetime | None = None, author: int = AGENT, **told: Any) -> None:
        """Somebody changes the ticket at Zendesk."""
        self.desk.account.update(self.ticket["id"], told, author)

    def news(self) -> int:
        """Deliver the webhooks that wait; how many tickets they speak of."""
        events, self.desk.account.events = self.desk.account.events, []
        return sum(self.hook(headers, body) for headers, body in events)

    def hook(self, headers: dict[str, str], body: bytes) -> int:
        request = HookRequest("/hooks/desks/zendesk", headers, body, self.place.clock.instant)
        return care.note_news(self.place.engine, self.place.workspace.catalog, "zendesk", request)

    def notes(self) -> list[tuple[str, bool]]:
        """What was written on the ticket."""
        audits = self.desk.account.audits[self.ticket["id"]]
        return [(event["body"], event["public"]) for audit in audits for event in audit["events"]
                if event["type"] == "Comment"]  # fmt: skip


@contextmanager
def both(root: Path, moods: Moods | None = None, **settings: Any) -> Iterator[Both]:
    instant: list[Callable[[], datetime]] = []
    with ExitStack() as closing:
        desk = closing.enter_context(zendesk(lambda: instant[0]() if instant else MONDAY, moods))
        hook = desk.account.add_webhook("https://shop.example/hooks/desks/zendesk")
        told = json.loads(json.dumps(SETTINGS))
        told["secrets"] = {"zendesk_token": "${ZENDESK_TOKEN}", "hook": "${ZENDESK_HOOK}"}
        told["care"]["help_desk"] = {
            "uses": "zendesk",
            "cases": ["winback"],
            "settings": {
                "base_url": desk.url, "allow_private": True, "user": desk.account.user, "webhook_secret": "hook",
                "assignees": {"ann": AGENT, "ben": OTHER_AGENT}, "groups": {"service": GROUP}, **settings,
            },
        }  # fmt: skip
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ZENDESK_TOKEN", desk.account.token)
            patch.setenv("ZENDESK_HOOK", hook.secret)
            place = closing.enter_context(care_place(root, told))
            instant.append(place.clock.now)
            place.send(
                {"userId": "u1", "type": "identify", "traits": {"email": "u1@people.example", "name": "Uma One"}}
            )
            yield Both(place, desk)


def test_a_case_becomes_one_ticket_that_says_what_it_does(tmp_path: Path) -> None:
    with both(tmp_path) as pair:
        pair.place.open("u1", rule="winback", reason="no reaction for 72 h")
        pair.place.open("u2", rule="load")  # this rule's cases are not shared
        assert pair.round().created == 1
        assert (pair.round().created, pair.round().updated) == (0, 0)
        account, ticket = pair.desk.account, pair.ticket
        assert len(account.tickets) == 1
        told = {name: ticket[name] for name in ("subject", "status", "priority", "assignee_id", "group_id", "tags")}
        assert told == {
            "subject": "Win them back", "status": "open", "priority": "normal", "assignee_id": AGENT, "group_id": GROUP,
            "tags": ["foretell"],
        }  # fmt: skip
        person = account.users[ticket["requester_id"]]
        assert (person["name"], person["email"]) == ("Uma One", "u1@people.example")
        ((text, public),) = pair.notes()
        assert text.startswith("no reaction for 72 h")
        assert not public
        found = pair.place.show(ONE).ticket
        assert found is not None
        assert (found.state, found.ticket_id, found.url) == ("synced", "1", f"{pair.desk.url}/agent/tickets/1")


def test_what_changes_here_changes_there(tmp_path: Path) -> None:
    with both(tmp_path) as pair:
        pair.place.open("u1", rule="winback")
        pair.round()
        pair.place.change(ONE, state="in_progress", owner="ben", priority="high", note="rang, no answer")
        pair.place.change(ONE, note="wrote a letter", by="ben")
        pair.round()
        ticket = pair.ticket
        assert (ticket["status"], ticket["assignee_id"], ticket["priority"]) == ("open", OTHER_AGENT, "high")
        assert pair.notes()[1:] == [("ann: rang, no answer", False), ("ben: wrote a letter", False)]
        pair.place.change(ONE, snooze_until=pair.place.clock.instant + timedelta(days=2))
        pair.round()
        assert pair.ticket["status"] == "pending"
        pair.place.close(ONE, "reached", note="all good")
        pair.round()
        assert pair.ticket["status"] == "solved"
        assert pair.notes()[3:] == [("ann: closed as reached", False), ("ann: all good", False)]
        asked = len(pair.desk.requests)
        pair.round()
        assert len(pair.desk.requests) == asked


@pytest.mark.parametrize("way", ["webhook", "list"])
def test_what_changes_there_changes_here_and_does_not_come_back(tmp_path: Path, way: str) -> None:
    with both(tmp_path) as pair:
        pair.place.open("u1", rule="winback")
        pair.round()
        pair.news()
        pair.round(minutes=10)
        pair.place.at(minutes=5)
        pair.agent(status="pending", priority="urgent", assignee_id=OTHER_AGENT, group_id=OTHER_GROUP,
                   comment={"body": "Hello Uma, may I help?", "public": True})  # fmt: skip
        at = pair.place.clock.instant
        if way == "list":
            pair.desk.account.events.clear()
        assert (pair.news() > 0) == (way == "webhook")
        pair.round(minutes=6)
        case = pair.place.show(ONE)
        assert (case.state, case.priority, case.owner, case.team) == ("waiting", "urgent", "ben", "service")
        assert case.first_contact_at == at
        assert [(one.by, one.what, one.after) for one in case.history[2:]] == [
            ("zendesk", "ticket", "1"),
            ("zendesk: Zoe Agent", "priority", "urgent"),
            ("zendesk: Zoe Agent", "owner", "ben"),
            ("zendesk: Zoe Agent", "state", "waiting"),
            ("zendesk: Zoe Agent", "note", "Hello Uma, may I help?"),
            ("zendesk: Zoe Agent", "contact", None),
        ]
        assert {one.at for one in case.history[3:]} == {at}
        pair.place.at(minutes=5)
        pair.desk.account.reply(1, "Yes please")
        pair.agent(status="solved")
        if way == "list":
            pair.desk.account.events.clear()
        pair.news()
        pair.round(minutes=6)
        case = pair.place.show(ONE)
        assert (case.state, case.outcome) == ("closed", "solved")
        assert ("zendesk: Uma One", "reply", "Yes please") in [(one.by, one.what, one.after) for one in case.history]
        told = pair.place.engine.analytics.query(
            "SELECT e.timestamp, e.known_at FROM events e WHERE e.event = 'Case Resolved'"
        ).to_pylist()  # fmt: skip
        assert len(told) == 1
        assert told[0]["timestamp"] < told[0]["known_at"]
        puts = [one for one in pair.desk.requests if one[0] != "GET"]
        assert puts == [("POST", "/api/v2/tickets.json")]
        assert pair.ticket["group_id"] == OTHER_GROUP


def test_the_newer_change_of_a_field_holds_and_both_are_remembered(tmp_path: Path) -> None:
    with both(tmp_path) as pair:
        pair.place.open("u1", rule="winback")
        pair.round()
        pair.place.at(minutes=5)
        pair.place.change(ONE, priority="high", owner="ben", by="ann")  # older here …
        pair.place.at(minutes=5)
        pair.agent(priority="low")  # … newer there
        pair.place.at(minutes=5)
        pair.agent(assignee_id=OTHER_AGENT)
        pair.place.at(minutes=5)
        pair.place.change(ONE, owner="ann", by="cy")  # newest here
        pair.round()
        case, ticket = pair.place.show(ONE), pair.ticket
        assert (case.priority, ticket["priority"]) == ("low", "low")
        assert (case.owner, ticket["assignee_id"]) == ("ann", AGENT)
        history = [(one.by, one.what, one.before, one.after) for one in case.history[3:]]
        assert history == [
            ("ann", "owner", "ann", "ben"),
            ("ann", "priority", "normal", "high"),
            ("cy", "owner", "ben", "ann"),
            ("zendesk: Zoe Agent", "priority", "high", "low"),
            ("zendesk: Zoe Agent", "overruled", "ann", "owner ben"),
        ]
        pair.place.at(minutes=5)
        pair.agent(priority="urgent")
        pair.place.at(minutes=5)
        pair.place.change(ONE, priority="normal", by="cy")
        pair.round()
        assert (pair.place.show(ONE).priority, pair.ticket["priority"]) == ("normal", "normal")
        last = pair.place.show(ONE).history[-1]
        assert (last.by, last.what, last.before, last.after) == (
            "zendesk: Zoe Agent", "overruled", "normal", "priority urgent",
        )  # fmt: skip


@pytest.mark.parametrize(
    "moods",
    [
        Moods(fails_every=2),
        Moods(loses_every=1),
        Moods(loses_every=2, fails_every=3),
        Moods(busy=3, retry_after_seconds=120),
    ],
)
def test_a_hostile_desk_gets_everything_once(tmp_path: Path, moods: Moods) -> None:
    with both(tmp_path, moods) as pair:
        pair.place.open("u1", rule="winback")
        pair.rounds(4)
        for number in range(3):
            pair.place.change(ONE, note=f"note {number}", priority=("high", "low", "urgent")[number])
        pair.rounds(16)
        pair.place.close(ONE, "reached")
        pair.rounds()
        pair.desk.moods.loses_every = pair.desk.moods.fails_every = 0
        pair.rounds(3)
        assert len(pair.desk.account.tickets) == 1
        assert [text for text, _ in pair.notes()][1:] == [
            "ann: note 0", "ann: note 1", "ann: note 2", "ann: closed as reached",
        ]  # fmt: skip
        assert (pair.ticket["status"], pair.ticket["priority"]) == ("solved", "urgent")
        ticket = pair.place.show(ONE).ticket
        assert ticket is not None
        assert (ticket.state, ticket.error) == ("synced", None)


def test_a_desk_that_asks_for_a_pause_is_left_alone_until_then(tmp_path: Path) -> None:
    with both(tmp_path, Moods(busy=1, retry_after_seconds=600)) as pair:
        pair.place.open("u1", rule="winback")
        assert "429" in pair.round().later
        assert pair.round(minutes=8).later == ""
        assert len(pair.desk.account.tickets) == 0
        standing = care.desk_standing(pair.place.engine, pair.place.workspace.catalog)
        assert (standing.waiting, standing.paused_until) == (1, MONDAY + timedelta(minutes=11))
        assert pair.round(minutes=3).created == 1
        assert care.desk_standing(pair.place.engine, pair.place.workspace.catalog).error is None


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("point", ["care.ticket_wanted", "care.ticket_made", "care.update_wanted", "care.update_made"])
@pytest.mark.parametrize("later_hours", [1, 5])
def test_a_kill_anywhere_makes_nothing_twice(tmp_path: Path, point: str, later_hours: int) -> None:
    with both(tmp_path) as pair:
        pair.place.open("u1", rule="winback")
        kills = []

        def kill(name: str) -> None:
            if name == point and not kills:
                kills.append(name)
                raise Killed

        def until_killed() -> None:
            pair.round()
            pair.place.change(ONE, note="rang", priority="high")
            pair.round()

        observe_crash_points(kill)
        try:
            with pytest.raises(Killed):
                until_killed()
        finally:
            observe_crash_points(None)
        pair.round(hours=later_hours)
        if not point.startswith("care.update"):
            pair.place.change(ONE, note="rang", priority="high")
        pair.rounds(3)
        assert kills == [point]
        assert len(pair.desk.account.tickets) == 1
        assert [text for text, _ in pair.notes()][1:] == ["ann: rang"]
        assert pair.ticket["priority"] == "high"


def test_a_refused_case_is_listed_and_tried_again_when_asked(tmp_path: Path) -> None:
    with both(tmp_path, assignees={"ann": 4_711}) as pair:
        pair.place.open("u1", rule="winback")
        pair.rounds(10)
        catalog = pair.place.workspace.catalog
        (letter,) = care.desk_standing(pair.place.engine, catalog).failed
        assert (letter.case_id, letter.state) == (ONE, "failed")
        assert "4711 is invalid" in str(letter.error)
        pair.place.change(ONE, owner="cy")
        assert pair.round().created == 1
        assert care.desk_standing(pair.place.engine, catalog).failed == ()


def test_a_deleted_ticket_stays_deleted_until_somebody_wants_a_new_one(tmp_path: Path) -> None:
    with both(tmp_path) as pair:
        pair.place.open("u1", rule="winback")
        pair.round()
        pair.desk.account.delete(1)
        pair.news()
        pair.round()
        pair.place.change(ONE, note="still here")
        pair.rounds(2)
        ticket = pair.place.show(ONE).ticket
        assert ticket is not None
        assert (ticket.state, pair.place.show(ONE).state) == ("deleted", "open")
        assert pair.place.show(ONE).history[-2].after == "deleted"
        assert care.sync_again(pair.place.engine, pair.place.workspace.catalog, ONE, now=pair.place.at(hours=1)) == 1
        pair.rounds(1)
        assert pair.ticket["id"] == 2
        assert pair.notes()[-1] == ("ann: still here", False)


def test_a_merged_ticket_goes_on_as_the_other(tmp_path: Path) -> None:
    with both(tmp_path) as pair:
        pair.place.open("u1", rule="winback")
        pair.round()
        account = pair.desk.account
        account.create({"subject": "Older", "comment": {"body": "x"}, "priority": "urgent", "assignee_id": OTHER_AGENT})
        account.merge(1, 2)
        pair.news()
        pair.round()
        case = pair.place.show(ONE)
        assert case.ticket is not None
        assert (case.ticket.ticket_id, case.priority, case.owner) == ("2", "urgent", "ben")
        pair.place.change(ONE, note="goes on", priority="high")
        pair.round()
        assert account.tickets[2]["priority"] == "high"
        assert account.audits[2][-1]["events"][-1]["body"] == "ann: goes on"


def test_a_case_that_goes_on_after_its_ticket_was_closed_for_good_gets_one_that_follows(tmp_path: Path) -> None:
    with both(tmp_path) as pair:
        pair.place.open("u1", rule="winback")
        pair.round()
        pair.place.close(ONE, "solved")
        pair.round()
        pair.desk.account.seal(1)
        pair.place.change(ONE, note="a last word")
        pair.rounds(2)
        assert len(pair.desk.account.tickets) == 1
        pair.place.change(ONE, state="open", note="they called again")
        pair.rounds(2)
        assert sorted(pair.desk.account.tickets) == [1, 2]
        follow = pair.desk.account.tickets[2]
        assert follow["via"]["source"] == {"rel": "follow_up", "from": {"ticket_id": 1}}
        assert follow["status"] == "open"
        ticket = pair.place.show(ONE).ticket
        assert ticket is not None
        assert (ticket.ticket_id, ticket.state) == ("2", "synced")


def test_erased_peoples_tickets_are_to_be_redacted(tmp_path: Path) -> None:
    with both(tmp_path) as pair:
        pair.place.open("u1", rule="winback")
        pair.round()
        profile = pair.place.show(ONE).profile_key
        with pair.place.engine.ops.write() as tx:
            care.CareStage().erase(tx, pa.table({"profile_key": pa.array([profile], pa.int64())}))
        tables = ("cases", "case_history", "case_marks", "case_links", "case_syncs", "case_repeats")
        assert [pair.place.engine.ops.query(f"SELECT count(*) FROM {table}") for table in tables] == [[(0,)]] * len(
            tables
        )
        assert pair.round().redacted == 1
        assert pair.round().redacted == 0
        ticket = pair.desk.account.tickets[1]
        assert (ticket["external_id"], "redaction_requested" in ticket["tags"]) == (None, True)
        assert "erased" in pair.desk.account.audits[1][-1]["events"][-1]["body"]


def test_nobody_who_is_restricted_is_told_of(tmp_path: Path) -> None:
    with both(tmp_path) as pair:
        who, at = find(pair.place.engine, "user_id:u1"), pair.place.clock.instant
        with pair.place.engine.ops.write() as tx:
            restrict(tx, who.profile_key, "restriction", reason="asked", made_by="ann", at=at)
        pair.place.open("u1", rule="winback")
        pair.rounds(2)
        assert pair.desk.account.tickets == {}
        ticket = pair.place.show(ONE).ticket
        assert ticket is not None
        assert ticket.state == "withheld"


def test_webhooks_are_taken_by_their_signature_alone(tmp_path: Path) -> None:
    with both(tmp_path) as pair:
        pair.place.open("u1", rule="winback")
        pair.round()
        pair.desk.account.events.clear()
        pair.agent(status="pending")
        (headers, body), *_ = pair.desk.account.events
        assert pair.hook(headers, body) == 1
        stamp = "x-zendesk-webhook-signature-timestamp"
        wrong: list[tuple[dict[str, str], bytes]] = [
            (headers, body + b" "),
            ({**headers, stamp: "2026-03-02T10:03:00Z"}, body),
            ({**headers, "x-zendesk-webhook-signature": "nonsense"}, body),
            ({name: value for name, value in headers.items() if name != stamp}, body),
            ({}, body),
        ]
        for told, sent in wrong:
            with pytest.raises(ForetellError) as refused:
                pair.hook(told, sent)
            assert refused.value.code == "BAD_SIGNATURE"
        pair.place.at(minutes=6)
        with pytest.raises(ForetellError, match="too old"):
            pair.hook(headers, body)
        hook = next(iter(pair.desk.account.webhooks.values()))
        for strange in (b"[]", b'{"id": "../../1"}', b"{", b'{"detail": 7, "subject": "zen:ticket:x"}'):
            assert pair.hook(pair.desk.account.signed(strange, hook), strange) == 0
        plain = b'{"id": "1"}'
        assert pair.hook(pair.desk.account.signed(plain, hook), plain) == 1


def test_the_signature_is_that_of_the_documentation() -> None:
    """The example of "Verifying webhook requests": base64(HMAC-SHA256(timestamp + body))."""
    import base64
    import hashlib
    import hmac

    secret, stamp, body = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==", "2021-03-25T05:09:27Z", b'{"x":1}'
    by_hand = base64.b64encode(hmac.new(secret.encode(), b"2021-03-25T05:09:27Z" + body, hashlib.sha256).digest())
    with zendesk(lambda: parse_instant(stamp, zone_of("UTC")).astimezone(UTC)) as desk:
        hook = desk.account.add_webhook("https://x.example")
        hook.secret = secret
        assert desk.account.signed(body, hook)["x-zendesk-webhook-signature"].encode() == by_hand
