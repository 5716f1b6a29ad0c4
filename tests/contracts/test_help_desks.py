"""What every help desk keeps to, on a fake of its vendor that is driven by a client of its own as well.

A desk is found by lying in ``care/desks``; a new one needs a world here: its fake, its settings, and what an agent
does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from pydantic import SecretStr
from zenpy import Zenpy
from zenpy.lib.api_objects import Comment, Ticket

from foretell import care
from foretell.care.desks.base import Desk, DeskLater, DeskOvertaken, DeskPlace, DeskRefused, Draft, Update
from foretell.definitions import WorkspaceSettings
from foretell.errors import ForetellError
from foretell.testing.vendor_server import Moods
from foretell.testing.zendesk import Zendesk, zendesk
from foretell.testing.zendesk_account import AGENT, GROUP

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


@dataclass
class World:
    """A desk, opened, and its vendor's fake.

    Args:
        agent: somebody there solves a ticket and writes a note.
        delete, seal: somebody there deletes it, or it is closed for good.
        tickets: how many there are.
    """

    desk: Desk
    moods: Moods
    agent: Callable[[str], None]
    delete: Callable[[str], None]
    seal: Callable[[str], None]
    tickets: Callable[[], int]
    clock: list[datetime]


@contextmanager
def zendesk_world() -> Iterator[World]:
    clock = [NOW]
    with zendesk(lambda: clock[0]) as fake:
        account = fake.account
        told = {
            "base_url": fake.url, "allow_private": True, "user": account.user, "assignees": {"ann": AGENT},
            "groups": {"service": GROUP},
        }  # fmt: skip
        kind = care.desk_kinds()["zendesk"]
        place = DeskPlace(WorkspaceSettings(secrets={"zendesk_token": SecretStr(account.token)}), NOW)
        desk = kind.open(kind.settings.model_validate(told), place)
        said = {"status": "solved", "comment": {"body": "done", "public": True}}
        yield World(
            desk, fake.moods, lambda one: void(account.update(int(one), said, AGENT)),
            lambda one: account.delete(int(one)), lambda one: account.seal(int(one)), lambda: len(account.tickets),
            clock,
        )  # fmt: skip
        desk.close()


WORLDS = {"zendesk": zendesk_world}
DRAFT = Draft(
    "case_1", "case_1:1:0", "Ring Uma", "No reaction", {"state": "open", "priority": "high", "owner": "ann",
    "team": "service"}, "uma@people.example", "Uma",
)  # fmt: skip


def void(_: object) -> None:
    """Nothing."""


@pytest.fixture(params=sorted(care.desk_kinds()))
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    assert request.param in WORLDS, f"the help desk {request.param} has no world: write one"
    with WORLDS[request.param]() as found:
        yield found


def test_every_world_is_of_a_desk() -> None:
    assert set(WORLDS) == set(care.desk_kinds())


def test_a_ticket_is_made_once_and_found_by_its_case(world: World) -> None:
    assert world.desk.find("case_1") is None
    made = world.desk.create(DRAFT)
    again = world.desk.create(DRAFT)
    assert (made.ticket_id, made.fields, made.life) == (again.ticket_id, DRAFT.fields, "live")
    assert world.tickets() == 1
    found = world.desk.find("case_1")
    assert found is not None
    assert (found.ticket_id, found.fields) == (made.ticket_id, DRAFT.fields)
    assert world.desk.find("case_2") is None
    assert world.desk.read(made.ticket_id) == found


def test_our_own_changes_bear_our_mark_and_others_do_not(world: World) -> None:
    ticket = world.desk.create(DRAFT)
    updated = world.desk.update(
        ticket.ticket_id, Update("case_1:2:3", {"state": "waiting", "priority": "low"}, ticket.stamp, "rang")
    )
    assert (updated.fields["state"], updated.fields["priority"]) == ("waiting", "low")
    world.agent(ticket.ticket_id)
    first, second, third = world.desk.changes(ticket.ticket_id, None)
    assert [one.mark for one in (first, second, third)] == ["case_1:1:0", "case_1:2:3", ""]
    assert [note.text for one in (first, second) for note in one.notes] == ["No reaction", "rang"]
    assert not any(note.to_person for one in (first, second) for note in one.notes)
    assert (third.fields, third.by, third.at) == ({"state": "solved"}, "Zoe Agent", NOW)
    assert [(note.text, note.to_person, note.by_person) for note in third.notes] == [("done", True, False)]
    assert world.desk.changes(ticket.ticket_id, second.change_id) == [third]
    assert world.desk.changes(ticket.ticket_id, third.change_id) == []


def test_a_change_on_an_old_reading_is_refused(world: World) -> None:
    ticket = world.desk.create(DRAFT)
    world.clock[0] += timedelta(minutes=1)
    world.agent(ticket.ticket_id)
    with pytest.raises(DeskOvertaken):
        world.desk.update(ticket.ticket_id, Update("case_1:2:0", {"priority": "low"}, ticket.stamp))
    assert world.desk.read(ticket.ticket_id).fields["priority"] == "high"


def test_what_is_gone_or_closed_for_good_says_so(world: World) -> None:
    ticket = world.desk.create(DRAFT)
    world.agent(ticket.ticket_id)
    world.seal(ticket.ticket_id)
    sealed = world.desk.read(ticket.ticket_id)
    assert (sealed.life, sealed.fields["state"]) == ("sealed", "solved")
    with pytest.raises(DeskRefused):
        world.desk.update(ticket.ticket_id, Update("case_1:3:0", {"priority": "low"}, sealed.stamp))
    world.delete(ticket.ticket_id)
    assert world.desk.read(ticket.ticket_id).life == "deleted"
    assert world.desk.find("case_1") is None
    assert world.desk.read("424242").life == "deleted"


def test_the_list_of_changes_goes_on_where_it_was_read(world: World) -> None:
    ticket = world.desk.create(DRAFT)
    world.clock[0] += timedelta(hours=1)
    news = world.desk.news(None, NOW - timedelta(hours=1))
    assert (list(news.ticket_ids), news.more) == ([ticket.ticket_id], False)
    again = world.desk.news(news.place, NOW)
    assert list(again.ticket_ids) == []
    world.agent(ticket.ticket_id)
    assert list(world.desk.news(again.place, NOW).ticket_ids) == [ticket.ticket_id]
    world.delete(ticket.ticket_id)
    assert list(world.desk.news(again.place, NOW).ticket_ids) == [ticket.ticket_id]


def test_a_desk_in_a_mood_is_asked_later(world: World) -> None:
    ticket = world.desk.create(DRAFT)
    world.moods.busy, world.moods.retry_after_seconds = 1, 90
    with pytest.raises(DeskLater) as later:
        world.desk.read(ticket.ticket_id)
    assert later.value.after == timedelta(seconds=90)
    world.moods.loses_every = 1
    with pytest.raises(DeskLater):
        world.desk.update(ticket.ticket_id, Update("case_1:2:0", {"priority": "low"}, ticket.stamp))
    world.moods.loses_every, world.moods.malformed = 0, True
    with pytest.raises(DeskLater):
        world.desk.read(ticket.ticket_id)
    world.moods.malformed = False
    assert world.desk.read(ticket.ticket_id).fields["priority"] == "low", "it was done, and only its answer was lost"


def test_settings_name_every_secret(world: World) -> None:
    for kind in care.desk_kinds().values():
        assert set(kind.secrets) <= set(kind.settings.model_fields)
        assert {"outcome", "poll"} <= set(kind.settings.model_fields)


# ---- Zendesk by a client that is not ours


@pytest.fixture
def account() -> Iterator[Zendesk]:
    with zendesk(lambda: NOW) as fake:
        yield fake


class ToTheFake(requests.adapters.HTTPAdapter):
    """The client speaks HTTPS to a subdomain of its own; here that is the fake."""

    def __init__(self, fake: Zendesk) -> None:
        super().__init__()
        self._fake = fake

    def send(self, request: Any, *args: Any, **more: Any) -> Any:
        asked = request.url
        request.url = f"{self._fake.url}/{asked.partition('://')[2].partition('/')[2]}"
        answer = super().send(request, *args, **more)
        answer.url = request.url = asked
        return answer


@contextmanager
def zenpy_client(fake: Zendesk) -> Iterator[Any]:
    with requests.Session() as session:
        session.mount("https://", ToTheFake(fake))
        email, token = fake.account.user, fake.account.token
        yield Zenpy(subdomain="shop", email=email, token=token, session=session, disable_cache=True)


@contextmanager
def our_client(fake: Zendesk, token: str = "zd-token") -> Iterator[Desk]:
    kind = care.desk_kinds()["zendesk"]
    told = {"base_url": fake.url, "allow_private": True, "user": fake.account.user, "assignees": {"ann": AGENT},
            "groups": {"service": GROUP}}  # fmt: skip
    place = DeskPlace(WorkspaceSettings(secrets={"zendesk_token": SecretStr(token)}), NOW)
    desk = kind.open(kind.settings.model_validate(told), place)
    try:
        yield desk
    finally:
        desk.close()


def test_a_client_of_others_reads_what_we_wrote(account: Zendesk) -> None:
    with zenpy_client(account) as zenpy, our_client(account) as ours:
        made = zenpy.tickets.create(Ticket(subject="Theirs", description="x", priority="low")).ticket
        assert (made.id, made.status, made.priority) == (1, "new", "low")
        made.status, made.comment = "pending", Comment(body="later", public=False)
        zenpy.tickets.update(made)
        assert ours.read("1").fields["state"] == "waiting"
        second = ours.create(DRAFT)
        found = list(zenpy.tickets(external_id="case_1"))
        assert [str(one.id) for one in found] == [second.ticket_id]
        assert (found[0].subject, found[0].requester.email) == ("Ring Uma", "uma@people.example")
        audits = list(zenpy.tickets.audits(ticket=int(second.ticket_id)))
        assert [audit.to_dict()["metadata"]["custom"] for audit in audits] == [{"foretell": "case_1:1:0"}]
        comments = list(zenpy.tickets.comments(ticket=int(second.ticket_id)))
        assert [(one.body, one.public) for one in comments] == [("No reaction", False)]
        since = list(zenpy.tickets.incremental(start_time=NOW - timedelta(days=1), paginate_by_time=False))
        assert [one.id for one in since] == [1, 2]
        zenpy.tickets.delete(made)
        assert ours.read("1").life == "deleted"


def test_a_wrong_token_and_a_missing_secret_are_told(account: Zendesk) -> None:
    with our_client(account, "another") as ours, pytest.raises(DeskRefused, match="Couldn't authenticate"):
        ours.read("1")
    kind = care.desk_kinds()["zendesk"]
    settings = kind.settings.model_validate({"base_url": "https://shop.zendesk.com", "user": "ops@shop.example"})
    with pytest.raises(ForetellError, match="there is no secret called 'zendesk_token'"):
        kind.open(settings, DeskPlace(WorkspaceSettings(), NOW))
