"""What people of the shop's world think, and what they say when they are asked."""

from __future__ import annotations

import json
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from foretell.demo.shop import ShopSettings, ShopWorld, WorldStep, sayings, shop_opinions, shop_truth
from foretell.demo.shop.sayings import ANSWERS, LANGUAGES, REVIEWS
from tests.unit.demo.worlds import BEGIN, in_state, mails, named, run, world_of

PEOPLE, DAYS = 1_500, 400


@pytest.fixture(scope="module")
def lived() -> tuple[ShopWorld, WorldStep]:
    world = world_of(PEOPLE)
    return world, run(world, hours=24 * DAYS, step_hours=24 * DAYS)


def asking(world: ShopWorld, people: list[int], measure: str, *, channel: str = "email") -> pa.Table:
    table = mails(world, people, channel=channel, kind="survey", percent=None)
    return table.append_column("measure", pa.array([measure] * len(people)))


def nps(scores: npt.NDArray[np.int64]) -> float:
    return float(100 * ((scores >= 9).mean() - (scores <= 6).mean()))


def test_a_late_parcel_lowers_the_opinion_and_that_wears_off(lived: tuple[ShopWorld, WorldStep]) -> None:
    world, step = lived
    delivered = named(step, "Order Delivered")
    late = delivered["score"].to_numpy() > 0
    ago = DAYS - (delivered["ts"].cast(pa.int64()).to_numpy() - int(BEGIN.timestamp() * 1e6)) / 86_400e6
    person, opinion = delivered["person"].to_numpy(), shop_truth(world)["opinion"].to_numpy()
    fresh, old = late & (ago < 20), late & (ago > 150) & (ago < 250)
    never = np.setdiff1d(np.unique(person), person[late])
    assert opinion.min() >= 0
    assert opinion.max() <= 10
    assert opinion[person[fresh]].mean() < opinion[person[old]].mean() - 0.5
    assert opinion[person[fresh]].mean() < opinion[never].mean() - 1.0


def test_the_score_said_is_the_opinion_with_a_little_noise(lived: tuple[ShopWorld, WorldStep]) -> None:
    asked = shop_opinions(lived[0])
    score, opinion = asked["score"].to_numpy(), asked["opinion"].to_numpy()
    assert set(asked["measure"].to_pylist()) == {"nps"}
    assert len(score) > 1_000
    assert np.corrcoef(score, opinion)[0, 1] > 0.85
    assert abs((score - opinion).mean()) < 0.2
    assert (np.diff(asked["asked_at"].cast(pa.int64()).to_numpy()) >= 0).all()


def test_who_answers_is_told_and_the_others_are_not(lived: tuple[ShopWorld, WorldStep]) -> None:
    world, step = lived
    asked = shop_opinions(world)
    sent, answered = named(step, "Survey Sent"), named(step, "Survey Answered")
    assert sent.num_rows == asked.num_rows
    assert 0.1 < answered.num_rows / sent.num_rows < 0.5
    lines = [json.loads(line) for line in step.lines().splitlines() if b'"Survey Answered"' in line]
    said = {line["properties"]["order_id"]: line["properties"]["score"] for line in lines}
    true = {
        order: score
        for order, score, told in zip(
            *(asked[name].to_pylist() for name in ("order_id", "score", "answered")), strict=True
        )
        if told
    }
    late = set(true) - set(said)  # answers that are still to come
    assert {order: true[order] for order in said} == said
    assert len(late) < 0.05 * len(true)


def test_those_who_answer_are_happier_than_those_who_are_silent(lived: tuple[ShopWorld, WorldStep]) -> None:
    asked = shop_opinions(lived[0])
    score, told = asked["score"].to_numpy(), asked["answered"].to_numpy()
    assert nps(score[told]) - nps(score) > 6
    assert 0 < nps(score) < 60


def test_what_is_known_of_the_silent_explains_most_of_it(lived: tuple[ShopWorld, WorldStep]) -> None:
    """By persona and late parcels alone the answers come nearer to the truth; not all the way."""
    world, step = lived
    asked = shop_opinions(world)
    delivered = named(step, "Order Delivered")
    late = set(
        pc.binary_join_element_wise(
            "O", delivered.filter(pc.greater(delivered["score"], 0))["number"].cast(pa.string()), ""
        ).to_pylist()
    )
    persona = np.array(shop_truth(world)["persona"].to_pylist())[asked["person"].to_numpy()]
    groups = np.char.add(persona, np.array([str(order in late) for order in asked["order_id"].to_pylist()]))
    score, told = asked["score"].to_numpy(), asked["answered"].to_numpy()
    weighted = sum(nps(score[told & (groups == one)]) * (groups == one).mean() for one in np.unique(groups[told]))
    raw, true = nps(score[told]), nps(score)
    assert abs(weighted - true) < 0.7 * abs(raw - true)


def test_words_fit_what_happened_and_come_in_several_languages(lived: tuple[ShopWorld, WorldStep]) -> None:
    lines = [json.loads(line)["properties"] for line in lived[1].lines().splitlines() if b'"Survey Answered"' in line]
    texts = [line for line in lines if "text" in line]
    assert 0.3 < len(texts) / len(lines) < 0.95
    assert {line["language"] for line in texts} >= {"en", "de"}
    bounds = ANSWERS.starts[:, 0]

    def about(low: int, high: int) -> set[int]:
        places = [ANSWERS.texts.index(line["text"]) for line in texts if low <= line["score"] <= high]
        return set((np.searchsorted(bounds, places, side="right") - 1).tolist())

    assert about(9, 10) == {sayings.PRAISE}
    assert about(7, 8) == {sayings.NEUTRAL}
    assert {sayings.LATE, sayings.GRUMBLE} < about(0, 6) <= set(range(sayings.NEUTRAL))


def test_every_saying_is_there_once_and_says_in_which_language() -> None:
    for spoken in (ANSWERS, REVIEWS):
        assert len(set(spoken.texts)) == len(spoken.texts) == len(spoken.languages)
        assert set(spoken.languages) == set(LANGUAGES)
        assert int(spoken.sizes.sum()) == len(spoken.texts)
        assert spoken.sizes.min() > 0


def test_reviews_have_stars_and_words_that_agree(lived: tuple[ShopWorld, WorldStep]) -> None:
    lines = [json.loads(line)["properties"] for line in lived[1].lines().splitlines() if b'"Product Reviewed"' in line]
    stars = np.array([line["rating"] for line in lines])
    assert len(lines) > 100
    assert set(stars.tolist()) <= {1, 2, 3, 4, 5}
    assert 3.3 < stars.mean() < 4.7
    assert {line["product_id"][0] for line in lines} == {"P"}
    praised = {line["review_body"] for line in lines if line["rating"] >= 4}
    assert not praised & {line["review_body"] for line in lines if line["rating"] <= 2}


def test_messages_that_ask_change_nothing_but_answers(lived: tuple[ShopWorld, WorldStep]) -> None:
    without, with_it = lived[0].fork(), lived[0].fork()
    people = in_state(with_it, "steady", "drifting")[:300]
    plain = run(without, hours=24 * 20, step_hours=24)
    asked = run(with_it, hours=24 * 20, step_hours=6, messages=asking(with_it, people, "csat"))
    assert plain.lines() == asked.lines()
    assert plain.engagements.num_rows == 0
    answers = asked.engagements.filter(pc.equal(asked.engagements["kind"], "answer"))
    assert 20 < answers.num_rows < 250
    assert set(answers["score"].to_pylist()) <= {1, 2, 3, 4, 5}
    assert 0 < answers["text"].null_count < answers.num_rows
    truth = shop_opinions(with_it).filter(pc.equal(shop_opinions(with_it)["measure"], "csat"))
    assert truth.num_rows == len(people)
    said = dict(zip(answers["message_id"].to_pylist(), answers["score"].to_pylist(), strict=True))
    told = truth.filter(truth["answered"])
    would = dict(zip(told["message_id"].to_pylist(), told["score"].to_pylist(), strict=True))
    assert {name: would[name] for name in said} == said


def test_a_later_message_meets_the_same_people_whether_they_were_asked_or_not(
    lived: tuple[ShopWorld, WorldStep],
) -> None:
    without, with_it = lived[0].fork(), lived[0].fork()
    people = in_state(with_it, "gone", "drifting")[:80]
    run(without, hours=24, step_hours=24)
    run(with_it, hours=24, step_hours=24, messages=asking(with_it, people, "nps"))
    left = run(without, hours=480, step_hours=24, messages=mails(without, people))
    right = run(with_it, hours=480, step_hours=24, messages=mails(with_it, people))
    kept = right.engagements.filter(pc.invert(pc.is_in(right.engagements["kind"], pa.array(["answer", "scan"]))))
    assert left.events.equals(right.events)
    assert left.engagements.num_rows > 20
    assert set(zip(left.engagements["kind"].to_pylist(), left.engagements["at"].to_pylist(), strict=True)) <= set(
        zip(kept["kind"].to_pylist(), kept["at"].to_pylist(), strict=True)
    )


def test_scanners_follow_the_links_of_mails_that_ask_and_of_no_others(lived: tuple[ShopWorld, WorldStep]) -> None:
    def kinds(messages: pa.Table) -> dict[str, set[str]]:
        rows = run(lived[0].fork(), hours=240, step_hours=24, messages=messages).engagements.to_pylist()
        found: dict[str, set[str]] = {}
        for row in rows:
            found.setdefault(row["kind"], set()).add(row["message_id"])
        return found

    people = in_state(lived[0], "steady", "drifting", "gone")
    asked = kinds(asking(lived[0], people, "nps"))
    assert 0.03 < len(asked["scan"]) / len(people) < 0.15
    assert asked["scan"] - asked["answer"], "some of these people answer nothing themselves"
    assert asked["answer"] <= asked["open"]
    assert "scan" not in kinds(asking(lived[0], people, "nps", channel="sms"))
    assert "scan" not in kinds(mails(lived[0], people))


def test_the_shops_own_survey_ends_when_it_is_told_to() -> None:
    def sent(days: int | None) -> pa.Table:
        world = ShopWorld(ShopSettings(300, 7, BEGIN, own_survey_days=days))
        return world.step(BEGIN + timedelta(days=200)).events

    kept, ended = sent(None), sent(100)
    other = pc.invert(pc.is_in(kept["event"].cast(pa.string()), pa.array(["Survey Sent", "Survey Answered"])))
    others = pc.invert(pc.is_in(ended["event"].cast(pa.string()), pa.array(["Survey Sent", "Survey Answered"])))
    assert kept.filter(other).equals(ended.filter(others))
    last = pc.max(ended.filter(pc.equal(ended["event"].cast(pa.string()), "Survey Sent"))["ts"]).as_py()
    assert last < (BEGIN + timedelta(days=100)).replace(tzinfo=None)
    assert ended.filter(pc.invert(others)).num_rows < 0.7 * kept.filter(pc.invert(other)).num_rows


def test_some_of_those_who_answer_a_mail_answer_its_second_question_too(lived: tuple[ShopWorld, WorldStep]) -> None:
    one, both = lived[0].fork(), lived[0].fork()
    people = in_state(both, "steady", "drifting")[:400]
    mail = asking(one, people, "nps")
    twice = mail.append_column("also", pa.array(["stars"] * len(people)))
    plain = run(one, hours=24 * 20, step_hours=24, messages=mail).engagements
    found = run(both, hours=24 * 20, step_hours=24, messages=twice).engagements
    second = found.filter(pc.fill_null(pc.equal(found["measure"], "stars"), False))
    assert found.filter(pc.fill_null(pc.not_equal(found["measure"], "stars"), True)).equals(plain)
    first = found.filter(pc.fill_null(pc.equal(found["measure"], "nps"), False))
    assert set(second["message_id"].to_pylist()) < set(first["message_id"].to_pylist())
    assert 0.3 < second.num_rows / first.num_rows < 0.6
    assert set(second["score"].to_pylist()) <= {1, 2, 3, 4, 5}
    written = set(second["text"].drop_null().to_pylist())
    assert len(written & set(REVIEWS.texts)) > 0.7 * len(written), "who has bought nothing yet speaks of the shop"
    assert second["text"].null_count < second.num_rows
    truth = shop_opinions(both)
    assert truth.filter(pc.equal(truth["measure"], "stars")).num_rows == len(people)


def test_people_who_are_called_say_what_went_wrong(lived: tuple[ShopWorld, WorldStep]) -> None:
    world = lived[0].fork()
    calls = mails(world, in_state(world, "steady", "drifting")[:200], channel="call", percent=None)
    said = run(world, hours=48, step_hours=12, messages=calls).engagements
    assert set(said["kind"].to_pylist()) == {"reply"}
    assert 80 < said.num_rows < 160
    topics = {sayings.topic_of(text) for text in said["text"].to_pylist()}
    assert {"late", "price", "grumble"} <= topics <= {"late", "damaged", "service", "price", "grumble"}
