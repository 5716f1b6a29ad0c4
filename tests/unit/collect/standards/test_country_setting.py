"""Values that name no country are from the workspace's."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from foretell.collect.standards import StandardContext, chosen
from foretell.definitions import WorkspaceSettings, read_settings


@pytest.mark.parametrize(
    ("settings", "region", "number"),
    [
        ({"country": "DE"}, "DE", "+4930901820"),
        ({"country": "DE", "locale": "en-GB"}, "DE", "+4930901820"),
        ({"locale": "de-AT"}, "AT", "+4330901820"),
        ({"locale": "de"}, "", None),
        ({"country": "XK"}, "XK", "+38330901820"),
    ],
)
def test_the_country_holds_before_that_of_the_locale(settings: dict[str, str], region: str, number: str | None) -> None:
    context = StandardContext.of(WorkspaceSettings.model_validate(settings))
    assert context.region == region
    found = chosen({"name": "phone", "check": "possible"}).apply(pa.array(["030 901820"]), context)
    assert found.text.to_pylist() == [number]


@pytest.mark.parametrize(
    ("written", "words"), [("de", "capitals: DE"), ("XX", "ISO 3166-1"), ("Germany", "ISO 3166-1")]
)
def test_a_country_that_is_none_is_told(tmp_path: Path, written: str, words: str) -> None:
    (tmp_path / "foretell.yaml").write_text(f"name: shop\ncountry: {written}\n")
    (problem,) = read_settings(tmp_path, {}).problems
    assert problem.code == "UNKNOWN_COUNTRY"
    assert words in problem.next_step
    assert (problem.where or "").endswith("foretell.yaml:2")
