"""Who is in a segment is read for each window and each month at its own beginning: no window knows what came later."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from foretell.listen import scores
from tests.support.features_shop import AS_OF, Lines, Shop, did, load, opened

HELPED = "kind: segment\nkey: helped\nspec: {condition: {did: Ticket Opened}}\n"
EARLY, LATE = 12, 30


def lines() -> Lines:
    """Twelve had a ticket before they were asked first and gave 9 both times; thirty gave 9 first, had a ticket, and
    gave 2."""
    told: Lines = []
    for n in range(EARLY + LATE):
        early, user = n < EARLY, f"u{n}"
        told.append(did(user, 200 if early else 100, "Ticket Opened", ticket_id=user))
        for days, score in ((120, 9), (20, 9 if early else 2)):
            told.append(did(user, days, "Survey Answered", survey="nps", score=score))
    return told


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with opened(tmp_path_factory.mktemp("segments"), segments__helped=HELPED) as found:
        load(found, "past", lines())
        yield found


def query(**more: object) -> scores.ScoreQuery:
    return scores.ScoreQuery("nps", since=AS_OF - timedelta(days=90), until=AS_OF, segment="helped", **more)  # type: ignore[arg-type]


def test_the_window_before_has_those_who_were_in_the_segment_then(shop: Shop) -> None:
    asked = scores.asked_of(shop.engine, shop.workspace.catalog, query(), now=AS_OF)
    found = scores.change(shop.engine, asked.whose, asked.window)
    assert (found.before.people, found.after.people) == (EARLY, EARLY + LATE)
    assert found.panel_people == EARLY
    assert found.opinions is not None
    assert found.answering is not None
    assert found.total is not None
    assert found.total.value < -100
    assert found.opinions.value + found.answering.value == pytest.approx(found.total.value, abs=1e-9)


def test_each_month_has_those_who_were_in_the_segment_at_its_beginning(shop: Shop) -> None:
    told = scores.score(shop.engine, shop.workspace.catalog, query(), now=AS_OF)
    assert {one.period: one.score.people for one in told.series if one.score.people} == {
        "2026-03": EARLY, "2026-06": EARLY + LATE,
    }  # fmt: skip
    assert any("for the window before at the start of that one" in note for note in told.notes)
    whole = scores.ScoreQuery("nps", since=AS_OF - timedelta(days=150), until=AS_OF, segment="helped")
    asked = scores.asked_of(shop.engine, shop.workspace.catalog, whole, now=AS_OF)
    months = scores.groups(shop.engine, shop.workspace.catalog, asked.whose, asked.window, "month", now=AS_OF).groups
    assert [(one.key, one.score.people) for one in months] == [("2026-03", EARLY), ("2026-06", EARLY + LATE)]


def test_a_segment_of_nobody_is_not_yet(shop: Shop) -> None:
    """Before anybody had a ticket there is no score, no change and no error."""
    begin = AS_OF - timedelta(days=300)
    nobody = scores.ScoreQuery("nps", since=begin, until=begin + timedelta(days=50), segment="helped")
    told = scores.score(shop.engine, shop.workspace.catalog, nobody, now=AS_OF)
    assert (told.scores[0].value, told.scores[0].people, told.weighting.reason) == (None, 0, "no_frame")
    assert told.notes[0] == "Not yet: 0 of 10 people needed have answered."
    asked = scores.asked_of(shop.engine, shop.workspace.catalog, nobody, now=AS_OF)
    assert scores.change(shop.engine, asked.whose, asked.window).total is None
    assert (
        scores.groups(shop.engine, shop.workspace.catalog, asked.whose, asked.window, "channel", now=AS_OF).groups == ()
    )
