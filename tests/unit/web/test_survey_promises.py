"""What a page promised holds: anonymous answers when the survey changes under them, at midnight, and who may answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from foretell import app, deliver, protect
from foretell.app import protected
from foretell.clock import FixedClock
from foretell.errors import UsageError
from foretell.listen import asking, surveys
from tests.support.served_surveys import (
    BROWSER,
    NPS,
    answered,
    become,
    events,
    fields,
    page_of,
    score_of,
    send,
    settled,
    with_surveys,
)
from tests.support.served_workspace import Served
from tests.support.small_events import NOW


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Served]:
    with with_surveys(tmp_path, {"invited": {**NPS, "public": False}}) as found:
        yield found


def tell(site: Served) -> int:
    place = site.site.workspace
    return surveys.tell_anonymous(place.engine, place.catalog, now=NOW + timedelta(days=1))


def _midnight(site: Served) -> datetime:
    """The end of the day, where the shop is."""
    day = NOW.astimezone(site.site.workspace.settings.zone_info).replace(hour=0, minute=0) + timedelta(days=1)
    return day.astimezone(UTC)


def look(site: Served, path: str) -> str:
    return str(site.browser.get(path, headers=BROWSER).text)


def test_who_saw_anonymous_answers_anonymously_whatever_the_survey_says_by_then(site: Served) -> None:
    path = page_of(site, "m-secret")
    page = look(site, path)
    assert fields(page)["promised"] == "1"
    become(site, "secret", anonymous=False)
    second = send(site, path, page, mood="2")
    assert fields(second.text)["promised"] == "1"
    assert "data-over" in send(site, path, second.text, more="Honestly").text
    assert (events(site), events(site, "Email Link Clicked")) == ([], [])
    for again in (path, score_of(site, 5, "m-secret")):
        assert "used already" in look(site, again), "the link has answered"
        assert "used already" in site.browser.post(again, data={"q.mood": "5", "shown": "mood"}, headers=BROWSER).text
    assert tell(site) == 1
    (row,) = answered(site)
    assert (row["score"], row["text"], row["profile_id"], row["anonymous"]) == (2.0, "Honestly", "", True)
    assert site.site.workspace.engine.ops.query("SELECT count(*) FROM survey_given") == [(0,)]


def test_a_survey_that_became_anonymous_keeps_its_word_on_older_pages_too(site: Served) -> None:
    path = page_of(site)
    page = look(site, path)
    assert "promised" not in fields(page)
    become(site, "nps", anonymous=True)
    send(site, path, page, recommend="3")
    assert events(site) == []
    assert tell(site) == 1
    assert [(row["profile_id"], row["score"]) for row in answered(site)] == [("", 3.0)]


def test_a_link_that_answered_by_name_does_not_answer_anonymously_as_well(site: Served) -> None:
    path = page_of(site)
    second = send(site, path, look(site, path), recommend="3").text
    become(site, "nps", anonymous=True)
    assert "used already" in look(site, path)
    assert "used already" in send(site, path, second, why="Late").text
    assert tell(site) == 0
    assert [row["score"] for row in answered(site)] == [3.0]


def test_a_click_that_is_still_provisional_has_answered_by_name(site: Served) -> None:
    path = score_of(site, 3)
    send(site, path, look(site, path), recommend="3")
    become(site, "nps", anonymous=True)
    assert "used already" in look(site, page_of(site))
    assert settled(site) == (1, 0)


def test_a_public_answer_that_was_begun_by_name_does_not_lead_to_its_anonymous_rest(site: Served) -> None:
    page = look(site, "/s/survey/nps")
    response = fields(page)["response"]
    second = site.browser.post(
        "/s/survey/nps", data={**fields(page), "who": "device-1", "q.recommend": "2"}, headers=BROWSER
    ).text
    become(site, "nps", anonymous=True)
    assert "data-over" in send(site, "/s/survey/nps", second, why="Late").text
    assert tell(site) == 1
    named, secret = sorted(answered(site), key=lambda row: row["anonymous"])
    assert (named["response_id"], named["text"], secret["text"]) == (response, None, "Late")
    assert secret["response_id"] != response
    assert response not in secret["response_id"]


def test_somebody_goes_on_after_midnight(site: Served) -> None:
    """Within the hour it is the same response; later one of its own, and nothing is lost."""
    place = site.site.workspace
    midnight = _midnight(site)
    place.clock = FixedClock(midnight - timedelta(minutes=2))
    pages = {path: look(site, path) for path in (page_of(site, "m-secret"), "/s/survey/secret")}
    pages = {path: send(site, path, page, mood="2").text for path, page in pages.items()}
    place.clock = FixedClock(midnight + timedelta(minutes=3))
    app.advance(place, place.clock.now())
    assert "data-over" in send(site, "/s/survey/secret", pages["/s/survey/secret"], more="After midnight").text
    mine = page_of(site, "m-secret")
    assert "data-over" in send(site, mine, pages[mine], more="I as well").text
    place.clock = FixedClock(midnight + timedelta(minutes=61))
    app.advance(place, place.clock.now())
    rows = answered(site)
    assert sorted((row["score"], row["text"]) for row in rows) == [(2.0, "After midnight"), (2.0, "I as well")]
    assert {row["answered_at"] for row in rows} == {(midnight - timedelta(days=1)).replace(tzinfo=None)}


def test_somebody_goes_on_when_the_day_is_told(site: Served) -> None:
    place, path = site.site.workspace, "/s/survey/secret"
    second = send(site, path, look(site, path), mood="2").text
    place.clock = FixedClock(NOW + timedelta(days=1))
    app.advance(place, place.clock.now())
    for _ in range(2):
        assert "data-over" in send(site, path, second, more="Much later").text
    surveys.tell_anonymous(place.engine, place.catalog, now=NOW + timedelta(days=2))
    rows = sorted(answered(site), key=lambda row: row["answered_at"])
    assert [(row["score"], row["text"]) for row in rows] == [(2.0, None), (None, "Much later")]


def test_what_arrives_while_answers_are_told_stays(site: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows are read where they are removed."""
    place, path = site.site.workspace, "/s/survey/secret"
    second = send(site, path, look(site, path), mood="2").text
    act = place.engine.act

    def late(room: str, work: object, **more: object) -> int:
        monkeypatch.undo()
        send(site, path, second, more="At the last moment")
        return act(room, work, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(place.engine, "act", late)
    tell(site)
    (row,) = answered(site)
    assert row["text"] == "At the last moment"


def test_a_forgotten_person_leaves_no_mark_of_a_used_link(site: Served) -> None:
    place, path = site.site.workspace, page_of(site, "m-secret")
    send(site, path, look(site, path), mood="2")
    protect.erase_people(protected(place), ["user_id:ann"], made_by="test", now=NOW)
    assert [json.loads(text) for (text,) in place.engine.ops.query("SELECT rows FROM survey_marks")] == [{}]
    assert "belongs to nobody any more" in look(site, path)
    assert tell(site) == 1, "whose answer it is nobody knows"


def test_a_survey_by_invitation_only_says_so_at_its_public_address(site: Served) -> None:
    for path in ("/s/survey/invited", "/s/survey/invited?via=qr&frame=1&lang=de"):
        for method in ("GET", "POST"):
            told = site.browser.request(method, path, headers=BROWSER)
            assert told.status_code == 403
            assert ("By invitation only" if "lang" not in path else "Nur auf Einladung") in told.text
    place = site.site.workspace
    with pytest.raises(UsageError) as raised:
        asking.share(place.catalog, deliver.signer_of(place.engine, place.settings), "invited", now=NOW)
    assert raised.value.code == "NOT_PUBLIC"
    assert site.get("surveys/invited/sharing")["public"] is None
    assert events(site) == []


def test_a_shared_link_of_before_and_an_invitation(site: Served) -> None:
    place = site.site.workspace
    shared = asking.share(
        place.catalog, deliver.signer_of(place.engine, place.settings), "nps", until=NOW + timedelta(days=9), now=NOW
    ).url
    become(site, "nps", public=False)
    path = shared[shared.index("/s/q/") :]
    assert site.browser.get(path, headers=BROWSER).status_code == 403
    mine = page_of(site)
    send(site, mine, look(site, mine), recommend="9")
    assert [one["score"] for one in events(site)] == [9]
