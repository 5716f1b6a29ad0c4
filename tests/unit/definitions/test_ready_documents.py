"""Documents that come with the package: found by key, put into a workspace once, never over what is there."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from foretell.definitions import Kind, ReadyFolder, load
from foretell.errors import UsageError


class Rule(BaseModel):
    title: str | None = None
    description: str | None = None
    limit: int = 3


KIND = Kind("stock_rule", "stock_rules", Rule)
TEXT = "kind: stock_rule\nkey: low\nspec:\n  title: Low stock  # of a shelf\n  limit: 5\n"


@pytest.fixture
def folder(tmp_path: Path) -> ReadyFolder[Rule]:
    place = tmp_path / "ready"
    place.mkdir()
    (place / "low.yaml").write_text(TEXT)
    (place / "bare.yaml").write_text("kind: stock_rule\nkey: bare\nspec: {}\n")
    return ReadyFolder(place, KIND, Rule)


def test_they_are_listed_by_key_and_say_what_they_are(folder: ReadyFolder[Rule]) -> None:
    bare, low = folder.all()
    assert (bare.key, bare.title, bare.description, bare.spec.limit) == ("bare", "bare", "", 3)
    assert (low.key, low.title, low.text, dict(low.raw)) == (
        "low",
        "Low stock",
        TEXT,
        {"title": "Low stock", "limit": 5},
    )
    assert folder.one("low") == low
    with pytest.raises(UsageError, match="there is no ready stock rule called 'lov'") as told:
        folder.one("lov")
    assert (told.value.code, "low" in told.value.next_step) == ("UNKNOWN_READY", True)


def test_one_is_written_as_it_is_and_never_over_what_is_there(folder: ReadyFolder[Rule], tmp_path: Path) -> None:
    root = tmp_path / "workspace"
    (root / "stock_rules").mkdir(parents=True)
    (root / "foretell.yaml").write_text("name: shop\n")
    catalog, _ = load(root, [KIND])
    path = folder.write(catalog, "low")
    assert (path, path.read_text()) == (root / "stock_rules" / "low.yaml", TEXT)
    with pytest.raises(UsageError, match="the workspace has stock rule low already") as told:
        folder.write(catalog, "low")
    assert told.value.code == "FILE_TAKEN"
    path.rename(root / "stock_rules" / "other.yaml")
    with pytest.raises(UsageError, match="already"):
        folder.write(load(root, [KIND])[0], "low", "kind: stock_rule")
    assert folder.write(catalog, "bare", "kind: stock_rule\nkey: bare\nspec: {limit: 9}\n").read_text().endswith("9}\n")
