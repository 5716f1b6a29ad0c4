"""Who was asked, and as of when they are known: never by what they answered, never by what came later."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pyarrow as pa

from foretell.clock import naive_utc
from foretell.listen.scores import MEASURES
from foretell.listen.scores.answers import Whose, Window
from foretell.listen.scores.asked import ASKED_AFTER, frame_of
from tests.support.features_shop import AS_OF, NOW, did, load, opened, person


def test_who_answered_is_known_as_of_the_answer_and_later_answers_do_not_count(tmp_path: Path) -> None:
    with opened(tmp_path) as found:
        orders = [did(name, 50, "Order Completed", order_id=name, total=10) for name in ("soon", "late", "never")]
        answers = [
            did("soon", 45, "Survey Answered", survey="nps", score=9),
            did("late", -60, "Survey Answered", survey="nps", score=2),
        ]
        load(found, "past", [*orders, *answers])
        keys = {name: person(found, name) for name in ("soon", "late", "never")}
        rows = found.query("SELECT n.node_key, n.profile_id FROM nodes n")
        ids = {row["node_key"]: row["profile_id"] for row in rows}
        window = Window(AS_OF - timedelta(days=60), AS_OF - timedelta(days=10))
        named, whose = pa.array([ids[keys["soon"]]]), Whose(MEASURES["nps"], "nps")
        frame = frame_of(found.engine, whose, window, named, now=NOW)
        ordered = AS_OF - timedelta(days=50)
        assert frame.kind == "orders"
        told = {row["profile_key"]: (row["as_of"], row["answered"]) for row in frame.rows.to_pylist()}
        assert told == {
            keys["soon"]: (naive_utc(AS_OF - timedelta(days=45)), True),
            keys["late"]: (naive_utc(ordered + ASKED_AFTER), False),
            keys["never"]: (naive_utc(ordered + ASKED_AFTER), False),
        }
        some = Whose(MEASURES["nps"], "nps", {}, (lambda _: f"SELECT {keys['soon']} AS profile_key",))
        assert frame_of(found.engine, some, window, named, now=NOW).rows["profile_key"].to_pylist() == [keys["soon"]]
