"""What people say stands with the touchpoint that was asked about, else with the stage they had come to."""

from __future__ import annotations

from pathlib import Path

from foretell.listen import text
from tests.support.features_shop import AS_OF, Lines, load, opened
from tests.unit.measure.test_map_show import MAP, SEGMENT, added, bought, did, page, read

PROMOTERS, SILENT = 12, 3


def answers() -> Lines:
    """Twelve looked, put into the cart and answered 10 with praise, six of them of the touchpoint ``order``; three
    gave 0 with a complaint after looking alone."""
    lines = []
    for n in range(PROMOTERS):
        who = f"p{n}"
        named = {"touchpoint": "order"} if n % 2 else {}
        said = {"survey": "nps", "measure": "nps", "score": 10, "text": "Great shoes, excellent quality, I love them"}
        lines += [page(who, 20), added(who, 19), did(who, 5, "Survey Answered", response_id=who, **said, **named)]
    for n in range(SILENT):
        who = f"s{n}"
        bad = {"survey": "nps", "measure": "nps", "score": 0, "text": "Terrible, it broke, worst purchase ever"}
        lines += [page(who, 20, "/help"), did(who, 5, "Survey Answered", response_id=who, **bad)]
    return [*lines, bought("p0", 1), bought("p0", 0.5)]


def test_scores_and_feeling_by_stage_and_touchpoint(tmp_path: Path) -> None:
    with opened(tmp_path, maps__way=MAP, segments__helped=SEGMENT) as shop:
        load(shop, "answers", answers())
        place = shop.workspace
        assert {one.people for one in read(shop).stages} == {15, 12, 1}
        before = read(shop)
        assert before.stages[1].feeling is None
        text.refresh(place.engine, place.catalog, now=AS_OF)
        told = read(shop)
        assert told.listening == ("scores", "sentiment")
        said = [{voice.measure: voice for voice in stage.voices} for stage in told.stages]
        # Six name the touchpoint order, which lies at the last stage; p0 bought after having answered.
        assert [one["nps"].people for one in said] == [SILENT, 6, 6]
        assert said[0]["nps"].value is None  # too few to be told
        (order,) = (one for one in told.touchpoints if one.key == "order")
        assert [voice.people for voice in order.voices if voice.measure == "nps"] == [6]
        assert [one["sentiment"].people for one in said] == [SILENT, 6, 6]
        only = read(shop, segment="helped").stages
        assert [[voice.people for voice in stage.voices] for stage in only] == [[SILENT, SILENT], [], []]


def test_a_score_has_its_interval_where_ten_spoke(tmp_path: Path) -> None:
    with opened(tmp_path, maps__way=MAP) as shop:
        load(shop, "answers", [dict(line) for line in answers() if "touchpoint" not in line["properties"]])
        load(
            shop,
            "more",
            [did(f"m{n}", 4, "Survey Answered", survey="nps", score=n, touchpoint="page") for n in range(11)],
        )
        load(shop, "lookers", [page(f"m{n}", 6) for n in range(11)])
        told = read(shop)
        (voice,) = (one for one in told.touchpoints[0].voices if one.measure == "nps")
        assert (voice.people, voice.unit) == (11, "points")
        assert voice.value is not None
        assert round(voice.value.value, 1) == round(100 * (2 - 7) / 11, 1)
        assert -100 <= voice.value.low < voice.value.value < voice.value.high <= 100
