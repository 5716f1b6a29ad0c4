"""Programs that follow the links of a mail, and run the scripts of what they open, never answer a survey."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from foretell import protect
from foretell.app import protected
from tests.support.served_surveys import (
    BROWSER,
    answered,
    events,
    fields,
    later,
    page_of,
    score_of,
    send,
    settled,
    with_surveys,
)
from tests.support.served_workspace import Served


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Served]:
    with with_surveys(tmp_path) as found:
        yield found


def click(site: Served, value: int) -> str:
    """Open a score of the mail in a browser, whose script sends it off; what the page says then."""
    path = score_of(site, value)
    page = site.browser.get(path, headers=BROWSER).text
    told: str = send(site, path, page, recommend=str(value)).text
    return told


def held(site: Served) -> int:
    ((count,),) = site.site.workspace.engine.ops.query("SELECT count(*) FROM survey_held")
    return int(count)


def trap(site: Served) -> None:
    (url,) = [one for one in site.get("inbox/m-nps")["links"] if "/s/h/" in one]
    assert site.browser.get(urlsplit(url).path, headers=BROWSER).status_code == 204


def test_what_calls_itself_a_program_answers_nothing(site: Served) -> None:
    path = score_of(site, 9)
    page = site.browser.get(path, headers=BROWSER).text
    machine = site.browser.post(path, data={**fields(page), "q.recommend": "9"}, headers={"user-agent": "curl/8"})
    assert "Press the button to send your answer." in machine.text
    assert (held(site), settled(site), events(site)) == (0, (0, 0), [])


@pytest.mark.parametrize("pause", [0, 1, 5, 20])
def test_a_program_that_clicks_every_score_answers_none(site: Served, pause: float) -> None:
    """However slowly it goes from one to the next."""
    for value in range(11):
        click(site, value)
        later(site, pause)
    settled(site)
    assert (held(site), events(site)) == (0, [])
    assert answered(site) == []


def test_two_scores_at_once_are_a_program_s(site: Served) -> None:
    click(site, 3)
    later(site, 1)
    assert "Press the button" in click(site, 4)
    assert settled(site) == (0, 1)
    assert events(site) == []


@pytest.mark.parametrize("before", [True, False])
def test_whoever_follows_the_hidden_link_answers_nothing(site: Served, before: bool) -> None:
    """Also where it comes behind the score."""
    if before:
        trap(site)
    click(site, 7)
    if not before:
        later(site, 50)
        trap(site)
    settled(site)
    assert (held(site), events(site)) == (0, [])


def test_whoever_opens_several_scores_and_sends_one_answers_nothing(site: Served) -> None:
    """Some scanners fetch all links and run the script of a few."""
    for value in range(6):
        site.browser.request("HEAD" if value % 2 else "GET", score_of(site, value), headers=BROWSER)
    click(site, 9)
    assert settled(site) == (0, 1)
    assert events(site) == []
    assert site.site.workspace.engine.ops.query("SELECT count(*) FROM survey_looks") == [(7,)]
    later(site, 600)
    settled(site)
    assert site.site.workspace.engine.ops.query("SELECT count(*) FROM survey_looks") == [(0,)]


def test_a_scan_at_delivery_does_not_spoil_the_answer_a_minute_later(site: Served) -> None:
    for value in range(11):
        click(site, value)
    later(site, 90)
    assert "data-over" in click(site, 8)
    assert settled(site) == (1, 0)
    assert [one["score"] for one in events(site)] == [8]


def test_somebody_who_chose_wrongly_is_heard_with_the_second_score(site: Served) -> None:
    click(site, 3)
    later(site, 8)
    click(site, 9)
    assert settled(site) == (1, 0)
    assert [(one["score"], one["part"]) for one in events(site)] == [(9, 1)]


def test_whoever_goes_on_is_told_of_at_once(site: Served) -> None:
    path = score_of(site, 2)
    page = site.browser.get(path, headers=BROWSER).text
    second = send(site, path, page, recommend="2").text
    later(site, 20)
    send(site, path, second, why="Late")
    assert [(one["score"], one["text"]) for one in events(site)] == [(2, "Late")]
    assert (held(site), settled(site)) == (0, (0, 0))


def test_a_filled_page_is_told_at_once(site: Served) -> None:
    path = page_of(site)
    send(site, path, site.browser.get(path, headers=BROWSER).text, recommend="9")
    assert [one["score"] for one in events(site)] == [9]


def test_a_program_changes_no_answer_that_was_given(site: Served) -> None:
    click(site, 9)
    assert settled(site) == (1, 0)
    later(site, 3600)
    for value in range(11):
        click(site, value)
    settled(site)
    assert [(row["score"], row["changed_at"] == row["answered_at"]) for row in answered(site)] == [(9.0, True)]


def test_an_answer_counts_from_its_own_instant_and_is_known_when_told(site: Served) -> None:
    at = site.site.workspace.clock.now()
    click(site, 10)
    settled(site)
    rows = site.site.workspace.engine.analytics.query(
        "SELECT ts, known_at FROM event_log WHERE event = 'Survey Answered'"
    ).to_pylist()
    assert [(row["known_at"] - row["ts"]).total_seconds() for row in rows] == [61]
    assert rows[0]["ts"] == at.replace(tzinfo=None)


def test_a_provisional_answer_goes_with_its_person(site: Served) -> None:
    click(site, 4)
    assert held(site) == 1
    protect.erase_people(
        protected(site.site.workspace), ["user_id:ann"], made_by="test", now=site.site.workspace.clock.now()
    )
    assert held(site) == 0
    assert site.site.workspace.engine.ops.query("SELECT count(*) FROM survey_looks") == [(0,)]
    assert (settled(site), events(site)) == ((0, 0), [])
