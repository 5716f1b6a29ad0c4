"""What is foreseen of a person over HTTP and on the terminal: reasons, dates, best hour; a model's card and life."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from foretell import collect, predict
from foretell.app import open_workspace
from foretell.cli.commands import run
from foretell.clock import FixedClock, from_micros
from tests.support.prediction_shop import BOUGHT, START, buyers
from tests.support.served_workspace import Served, served
from tests.support.small_workspace import write_documents

NOW = START + timedelta(days=300)
SOURCE = "kind: source\nkey: past\nspec: {format: jsonl, history: true, lag: 0s}\n"
POPULATION = {"did": BOUGHT, "within": "365d"}
PREDICTIONS: dict[str, dict[str, Any]] = {
    "leaving": {"outcome": {"did_not": BOUGHT}, "horizons": ["30d", "90d"], "population": POPULATION},
    "next": {"outcome": {"did": BOUGHT}, "form": "hazard", "horizons": ["30d", "60d"], "population": POPULATION},
}


def _lines() -> str:
    happened = buyers(400, 300, 5)
    rows = zip(happened.people.tolist(), happened.ts.tolist(), happened.event.tolist(), strict=True)
    told = [
        {
            "type": "track", "messageId": f"m{place}", "userId": f"u{person}", "event": event,
            "timestamp": from_micros(int(ts)).isoformat(),
            "properties": {"order_id": f"o{place}", "revenue": 20} if event == BOUGHT else {},
        }
        for place, (person, ts, event) in enumerate(rows)
    ]  # fmt: skip
    return "\n".join(map(json.dumps, told)) + "\n"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Twice the same workspace with trained and scored predictions."""
    root = tmp_path_factory.mktemp("people") / "first"
    root.mkdir()
    write_documents(root)
    (root / "sources" / "past.yaml").write_text(SOURCE)
    for key, spec in PREDICTIONS.items():
        document = json.dumps({"kind": "prediction", "key": key, "spec": spec})
        (root / "predictions" / f"{key}.yaml").write_text(document)
    (root / "past.jsonl").write_text(_lines())
    with open_workspace(root, clock=FixedClock(NOW)) as place:
        collect.import_files(place.engine, place.catalog, [root / "past.jsonl"], "past", now=NOW)
        for key in PREDICTIONS:
            predict.train(place.engine, place.catalog, place.reader, key, as_of=NOW, now=NOW)
            scores = predict.score(place.engine, place.catalog, place.reader, key, as_of=NOW, now=NOW)
            assert scores.rows.num_rows
    return root, Path(shutil.copytree(root, root.parent / "second"))


@pytest.fixture(scope="module")
def shop(folders: tuple[Path, Path]) -> Iterator[Served]:
    with served(folders[0], clock=FixedClock(NOW)) as found:
        yield found


def _somebody(shop: Served) -> str:
    rows = shop.get("predictions/leaving/people", horizon="90d", gte=0.0)["rows"]
    return str(rows[0]["profile_id"])


def _least_likely(shop: Served) -> str:
    rows = shop.site.workspace.engine.analytics.query(
        "SELECT profile_id FROM predictions WHERE prediction = 'next' AND horizon = '60d' ORDER BY score LIMIT 1"
    )
    return str(rows["profile_id"][0].as_py())


def test_exact_reasons_add_up_to_the_score_of_each_horizon(shop: Served) -> None:
    person = _somebody(shop)
    told = shop.get(f"people/{person}/reasons", prediction="leaving")
    assert [row["horizon"] for row in told["rows"]] == ["30d", "90d"]
    for row in told["rows"]:
        assert sum(part["effect"] for part in row["reasons"]) + row["base"] == pytest.approx(row["total"], abs=1e-4)
        assert row["score"] == pytest.approx(row["said"], abs=0.05)  # but for horizons that would cross
        sizes = [abs(part["effect"]) for part in row["reasons"]]
        assert sizes == sorted(sizes, reverse=True)
    (only,) = shop.get(f"people/{person}/reasons", prediction="leaving", horizon="90d")["rows"]
    assert only == told["rows"][1]
    assert shop.get(f"people/{person}/reasons", 404, prediction="rain")["error"]["code"] == "UNKNOWN_DEFINITION"
    assert shop.get("people/email:no@body.example/reasons", 404, prediction="leaving")["error"]["code"] == (
        "PROFILE_UNKNOWN"
    )


def test_a_date_is_expected_within_the_longest_horizon(shop: Served) -> None:
    people = shop.get("predictions/next/people", horizon="60d", gte=0.0)["rows"]
    likely, unlikely = people[0]["profile_id"], _least_likely(shop)
    (soon,) = shop.get(f"people/{likely}/foreseen")["dates"]
    assert (soon["key"], soon["horizon"]) == ("next", "60d")
    assert soon["chance"] == pytest.approx(people[0]["scores"]["60d"]["score"], abs=1e-6)
    assert soon["earliest_at"] < soon["expected_at"]
    (late,) = shop.get(f"people/{unlikely}/foreseen")["dates"]
    assert late["chance"] < 0.5
    assert late["expected_at"] is None


def test_nothing_is_known_of_the_best_hour_before_it_was_worked_out(shop: Served) -> None:
    told = shop.get(f"people/{_somebody(shop)}/send-time")
    assert (told["as_of"], told["hour"], told["hours"], told["channels"]) == (None, None, [], [])


def test_the_card_says_what_the_report_says(shop: Served) -> None:
    card = shop.get("predictions/leaving/card")
    assert card["model"] == shop.get("predictions/leaving")["model"]
    assert all(one["title"] for one in card["sections"])
    assert card["markdown"].startswith("# ")
    partial = shop.get("predictions/leaving/partial", horizon="90d")
    assert partial["horizon"] == "90d"
    assert 0.5 < sum(one["share"] for one in partial["drivers"]) <= 1.0001
    for curve in partial["features"]:
        assert all(point["low"] <= point["mean"] + 1e-9 for point in curve["points"])
        assert all(point["mean"] <= point["high"] + 1e-9 for point in curve["points"])
    stability = shop.get("predictions/leaving/stability", horizon="90d")
    assert (stability["verdict"], len(stability["runs"])) == ("one run", 1)
    assert shop.get("predictions/churn/partial")["drivers"] == []  # never trained


def test_runs_are_listed_and_a_model_is_put_back(shop: Served) -> None:
    place = shop.site.workspace
    first = shop.get("predictions/next/runs")["rows"][0]["model"]
    predict.train(place.engine, place.catalog, place.reader, "next", as_of=NOW - timedelta(days=20), now=NOW, seed=7)
    shop.site.cache.forget()
    rows = shop.get("predictions/next/runs")["rows"]
    assert len(rows) == 2
    second = rows[0]["model"]
    _decide(shop, "rollback", {"by": "ann"}, second)
    _decide(shop, "activate", {"model": first, "by": "ann"}, first)
    refused = shop.browser.post("/api/predictions/leaving/rollback", json={"by": "ann"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "NO_MODEL_BEFORE")
    told = shop.get("predictions/next/runs")
    assert {one["does"] for one in told["decisions"]} == {"activate", "rollback"}
    assert {one["made_by"] for one in told["decisions"]} == {"ann"}


def _decide(shop: Served, does: str, body: dict[str, str], in_use: str) -> None:
    """Decide which model scores; the next list says so."""
    answer = shop.browser.post(f"/api/predictions/next/{does}", json=body)
    assert answer.status_code == 200, answer.text
    shop.site.cache.forget()
    assert [row["model"] for row in shop.get("predictions/next/runs")["rows"] if row["in_use"]] == [in_use]


def test_the_terminal_says_what_is_known(folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    def told(*words: str, status: int = 0) -> str:
        assert run([*words, "--workspace", str(folders[1]), *(["--as-of", NOW.isoformat()] * here)]) == status
        return "".join(capsys.readouterr())

    here = True
    look = json.loads(told("predict", "look", "leaving", "--json"))
    assert [one["horizon"] for one in look["horizons"]] == ["30d", "90d"]
    assert "came true" in told("predict", "look", "leaving")
    quadrant = json.loads(told("predict", "quadrant", "leaving", "--json"))
    assert {cell["name"] for cell in quadrant["cells"]} == {"act_now", "slow_drift", "noisy", "healthy"}
    assert "slow drift" in told("predict", "quadrant", "leaving")
    drivers = json.loads(told("predict", "drivers", "leaving", "--horizon", "90d", "--json"))
    card = json.loads(told("predict", "card", "leaving", "--json"))
    assert card["prediction"] == "leaving"
    assert told("predict", "card", "leaving").startswith("# ")
    assert drivers["drivers"][0]["text"] in told("predict", "drivers", "leaving", "--horizon", "90d")
    assert "NOT_TRAINED" in told("predict", "card", "churn", "--json", status=1)
    here = False
    scored = json.loads(told("query", "SELECT count(*) AS n FROM predictions WHERE horizon = '60d'", "--json"))
    assert sum(cell["people"] for cell in quadrant["cells"]) == scored[0]["n"] > 100
