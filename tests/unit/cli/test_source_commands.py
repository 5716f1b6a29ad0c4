"""``source``: keys are made, listed and retired from the terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from foretell.cli.commands import run
from tests.support.small_workspace import write, write_documents

WEBSITE = "kind: source\nkey: website\nspec: {format: api, origins: [https://Shop.example], consent: required}\n"


def test_a_key_from_its_making_to_its_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_documents(tmp_path)
    write(tmp_path, {"sources/website.yaml": WEBSITE})
    here = ["--workspace", str(tmp_path)]

    def told(*arguments: str) -> str:
        assert run([*arguments, *here]) == 0
        return capsys.readouterr().out

    def read(*arguments: str) -> Any:
        return json.loads(told(*arguments, "--json"))

    assert "no write key" in told("source", "keys", "website")
    key = told("source", "new-key", "website", "--name", "page").strip()
    other = read("source", "new-key", "website")["write_key"]
    assert key.startswith("wk_")
    assert key != other
    assert "accepted until 2198-12-31 23:00 UTC" in told("source", "retire-key", other, "--at", "2199-01-01")
    assert "retired" not in told("source", "keys", "website")
    assert "accepted until" in told("source", "retire-key", key)
    listed = {one["write_key"]: one for one in read("source", "keys", "website")["keys"]}
    assert (listed[key]["name"], listed[key]["valid"], listed[other]["valid"]) == ("page", False, True)
    (row,) = [one for one in read("source", "list")["sources"] if one["key"] == "website"]
    assert (row["origins"], row["consent"], row["keys"]) == (["https://shop.example"], "required", 1)
    assert "required" in told("source", "list")
    assert run(["source", "new-key", "till", *here]) != 0
    assert "write keys are for events of /v1" in capsys.readouterr().err


def test_the_schema_shows_the_ways_of_arriving(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", "source"]) == 0
    schema = capsys.readouterr().out
    assert all(f'"{name}"' in schema for name in ("origins", "consent", "signature", "events", "webhook", "api"))
