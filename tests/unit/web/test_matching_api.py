"""Matching through HTTP and from the terminal: what was learnt, and answering what waits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from foretell import app
from foretell.bench.made_records import COLUMNS, make_records, write_records
from foretell.cli.commands import run
from foretell.clock import FixedClock
from foretell.collect import import_files
from tests.support.served_workspace import Served, served
from tests.support.small_events import NOW
from tests.support.small_workspace import write, write_documents

TRAITS = ", ".join(f"{name}: {name}" for name in COLUMNS if name != "record")
TILL = f"""\
kind: source
key: forms
spec:
  format: csv
  mappings:
    - {{name: forms, identify: true, identifiers: {{card: record}}, traits: {{{TRAITS}}}}}
"""
IDENTITY = "kind: identity\nkey: people\nspec: {matching: {every: 1d}}\n"
FATHER = dict(
    zip(COLUMNS, ("f", "Theodor", "Winter", "17", "Harbour View", "Kirkby", "77123", "1971-07-19", "", ""), strict=True)
)
SON = {**FATHER, "record": "s", "date_of_birth": "2001-12-05"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("shop")
    write_documents(folder)
    write(folder, {"sources/forms.yaml": TILL, "identity/people.yaml": IDENTITY})
    write_records(folder / "forms.csv", [*make_records(60, seed=4), FATHER, SON])
    with served(folder, clock=FixedClock(NOW)) as site:
        place = site.site.workspace
        import_files(place.engine, place.catalog, [folder / "forms.csv"], "forms", now=NOW, reader=place.frames)
        yield site


def test_what_waits_is_answered_once(shop: Served) -> None:
    assert shop.get("identity/matching") == {
        "configured": True, "last_run": None, "counts": {}, "model": None,
    }  # fmt: skip
    assert app.advance(shop.site.workspace, NOW).matched is not None
    assert app.advance(shop.site.workspace, NOW).matched is None
    told = shop.get("identity/matching")
    assert told["counts"]["joined"] > 20
    assert told["last_run"] == told["model"]["trained_at"]
    (birth,) = [field for field in told["model"]["fields"] if field["field"] == "birth_date"]
    assert birth["levels"][0]["weight"] > 5 > 0 > birth["levels"][-1]["weight"]
    (row,) = [row for row in shop.get("identity/review")["rows"] if row["held_back"] == "contradiction"]
    (dates,) = [field for field in row["fields"] if field["field"] == "birth_date"]
    assert (dates["one"], dates["other"], dates["level"]) == ("1971-07-19", "2001-12-05", "something else")
    assert row["one_identifiers"] == ["card:f"]
    place = f"/api/identity/review/{row['pair']}"
    said = shop.browser.post(f"{place}/reject", json={"reason": "father and son"}).json()
    assert said == {"pair": row["pair"], "state": "different"}
    assert row["pair"] not in [one["pair"] for one in shop.get("identity/review")["rows"]]
    again = shop.browser.post(f"{place}/accept", json={})
    assert (again.status_code, again.json()["error"]["code"]) == (404, "PAIR_UNKNOWN")
    assert shop.get("identity/explain", id="card:f")["kept_apart"][0]["note"] == "father and son"


def test_by_hand_from_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_documents(tmp_path)
    write(tmp_path, {"sources/forms.yaml": TILL})
    write_records(tmp_path / "forms.csv", [*make_records(60, seed=4), FATHER, SON])
    here = ["--workspace", str(tmp_path)]
    assert run(["import", str(tmp_path / "forms.csv"), "--source", "forms", *here]) == 0
    capsys.readouterr()
    assert run(["profile", "match", *here]) == 0
    assert "learnt anew" in capsys.readouterr().out
    assert run(["profile", "match", "--dry-run", "--json", *here]) == 0
    planned = json.loads(capsys.readouterr().out)
    assert (planned["compared"], planned["joined"], planned["dry_run"]) == (0, 0, True)
    assert run(["profile", "review", "list", "--json", *here]) == 0
    (pair,) = [
        row["pair"] for row in json.loads(capsys.readouterr().out)["rows"] if row["held_back"] == "contradiction"
    ]
    assert run(["profile", "review", "list", *here]) == 0
    assert "held back: contradiction" in capsys.readouterr().out
    assert run(["profile", "review", "accept", pair, "--reason", "one form was wrong", *here]) == 0
    assert " went into " in capsys.readouterr().out
    assert run(["profile", "review", "reject", pair, *here]) == 2
    assert "no pair" in capsys.readouterr().err
    assert run(["profile", "explain", "card:f", "--json", *here]) == 0
    assert "one form was wrong" in capsys.readouterr().out
