"""One person on a fast clock: all that would happen, and nothing of it is kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from foretell import identify, journey
from foretell.errors import UsageError
from tests.support.journey_shop import JOURNEY, JourneyShop, at, bought, opened, viewed, with_people


@contextmanager
def refused(code: str) -> Iterator[None]:
    """What happens inside is refused with this code."""
    with pytest.raises(UsageError) as told:
        yield
    assert told.value.code == code


def rehearsed(shop: JourneyShop, name: str, hours: float = 0, **choose: str) -> journey.Rehearsal:
    found = identify.find(shop.engine, f"email:{name}@customers.example")
    person = journey.Person(found.profile_key, found.profile_id)
    return journey.rehearse(
        shop.engine, shop.catalog, shop.reader, "churn_rescue", person, choose=choose, now=at(hours)
    )


def told(one: journey.Rehearsal) -> list[tuple[str, float, str]]:
    return [(step.step, (step.at - at(0)).total_seconds() / 3600, step.outcome) for step in one.steps]


def everything(shop: JourneyShop) -> list[object]:
    tables = ("journey_runs", "journey_sends", "messages", "offer_codes", "cases", "audience_members", "batches")
    return [shop.engine.ops.query(f"SELECT * FROM {name} ORDER BY 1") for name in tables]


def test_every_step_has_its_instant_and_nothing_stays(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with_people(shop, "ann")
        before = everything(shop)
        found = rehearsed(shop, "ann")
        assert told(found) == [
            ("code", 0.0, "issued"), ("miss_you", 0.0, "sent"), ("ads", 0.0, "asked to join"), ("day", 0.0, "waiting"),
            ("day", 24.0, "waited"), ("opened", 24.0, "else"), ("text", 24.0, "sent"), ("three_days", 24.0, "waiting"),
            ("three_days", 72.0, "waited"), ("silent", 72.0, "else"), ("call", 72.0, "opened"),
            ("finish", 72.0, "ended: done"),
        ]  # fmt: skip
        assert (found.state, found.enters) == ("done", True)
        assert everything(shop) == before
        shop.tick(0)
        assert shop.runs()["ann"][0] == "active"


def test_messages_are_decided_and_rendered_with_the_code_of_the_moment(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with_people(shop, "ann")
        steps = {one.step: one for one in rehearsed(shop, "ann").steps if one.message}
        mail, text = steps["miss_you"].message, steps["text"].message
        assert mail
        assert text
        assert steps["miss_you"].decision
        assert (mail.subject, mail.medium, steps["miss_you"].decision["decision"]) == ("We miss you", "email", "send")
        code = text.text.removeprefix("Your code: ")
        assert len(code) > 4
        assert code in mail.html


def test_a_refused_message_is_shown_with_its_reason(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with_people(shop, "ann")
        shop.happened(bought("bob", -100))
        mail = next(one for one in rehearsed(shop, "bob").steps if one.step == "miss_you")
        assert mail.decision
        assert mail.message
        assert (mail.outcome, mail.decision["reason"]) == ("refused: no_consent", "no_consent")
        assert mail.message.subject == "We miss you"


def test_ways_can_be_chosen(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with_people(shop, "ann")
        found = rehearsed(shop, "ann", opened="then", silent="then")
        assert [one.step for one in found.steps if one.chosen] == ["opened", "silent"]
        assert [one.step for one in found.steps][-4:] == ["three_days", "three_days", "silent", "finish"]


def test_a_purchase_that_is_known_already_ends_it(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with_people(shop, "ann")
        shop.happened(bought("ann", 30), viewed("ann", 20))
        found = rehearsed(shop, "ann")
        assert (found.state, told(found)[-1]) == ("goal", ("three_days", 72.0, "goal"))


def test_a_draft_that_is_not_applied_can_be_tried(tmp_path: Path) -> None:
    draft = JOURNEY.replace("key: churn_rescue", "key: draft").replace("wait: 24h", "wait: 1h")
    with opened(tmp_path, documents={"journeys/draft.yaml": draft}) as shop:
        with_people(shop, "ann")
        shop.engine.ops.query("SELECT 1")
        found = identify.find(shop.engine, "email:ann@customers.example")
        person = journey.Person(found.profile_key, found.profile_id)
        one = journey.rehearse(shop.engine, shop.catalog, shop.reader, "draft", person, now=at(0))
        assert ("day", 1.0, "waited") in told(one)


def test_what_cannot_be_chosen_is_told(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with_people(shop, "ann")
        with refused("UNKNOWN_STEP"):
            rehearsed(shop, "ann", nowhere="then")
        with refused("UNKNOWN_WAY"):
            rehearsed(shop, "ann", opened="maybe")


def test_the_path_of_a_person_is_in_order_with_its_messages(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with_people(shop, "ann", "bob")
        shop.tick(0)
        shop.engaged("ann", "miss_you", "open", 3)
        shop.tick(80)
        profile_id = identify.find(shop.engine, "email:ann@customers.example").profile_id
        (found,) = journey.path(shop.engine, "churn_rescue", profile_id, now=at(80))
        assert [(one.step, one.outcome) for one in found.passed] == [
            ("code", "entered"), ("code", "issued"), ("miss_you", "sent"), ("ads", "asked to join"), ("day", "waiting"),
            ("day", "happened"), ("opened", "then"), ("three_days", "waiting"), ("three_days", "waited"),
            ("silent", "then"), ("finish", "ended: done"),
        ]  # fmt: skip
        assert [(one["step"], one["medium"]) for one in found.messages if one["medium"] != "ads"] == [
            ("miss_you", "email")
        ]
        assert found.messages[0]["opened_at"] or found.messages[-1]["opened_at"]
        assert len(journey.path(shop.engine, "churn_rescue", profile_id, now=at(0))[0].passed) == 5
        assert journey.path(shop.engine, "churn_rescue", "nobody", now=at(80)) == []
