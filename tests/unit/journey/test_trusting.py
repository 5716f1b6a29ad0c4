"""A live journey does not change to a threshold of scores that nobody can trust."""

from __future__ import annotations

from pathlib import Path

import pytest

from foretell import app, journey, predict
from foretell.errors import DefinitionErrors
from tests.support.features_shop import AS_OF, NOW, Shop, did, load, opened

SCORES = """\
kind: prediction
key: churn
spec: {outcome: {did_not: Page Viewed}, population: {did: Page Viewed}, horizon: 30d, imported: true}
"""
JOURNEY = """\
kind: journey
key: rescue
spec:
  enter: {did: Page Viewed}
  holdout: 0
  steps: [{key: day, wait: 1d}]
"""


def changed(shop: Shop, text: str) -> None:
    (shop.workspace.root / "journeys" / "rescue.yaml").write_text(text)
    app.reload_definitions(shop.workspace)


def test_apply_refuses_a_threshold_of_doubtful_scores_for_a_live_journey_alone(tmp_path: Path) -> None:
    by_score = JOURNEY.replace("{did: Page Viewed}", "{prediction: churn, horizon: 30d, gte: 0.7}")
    with opened(tmp_path, predictions__churn=SCORES, journeys__rescue=JOURNEY) as shop:
        load(shop, "visits", [did("ann", 1, "Page Viewed")])
        app.apply(shop.workspace)
        changed(shop, by_score)
        app.apply(shop.workspace)  # a draft may say what it likes
        changed(shop, JOURNEY)
        app.apply(shop.workspace)
        place = shop.workspace
        journey.start(place.engine, place.catalog, "rescue", now=NOW)
        changed(shop, by_score)
        with pytest.raises(DefinitionErrors) as refused:
            app.apply(shop.workspace)
        assert "UNCALIBRATED" in {one.code for one in refused.value.errors}
        assert "journeys/rescue.yaml" in str(refused.value)
        accepted = SCORES.replace("imported: true", 'imported: true, accept_uncalibrated: "we want to see"')
        (place.root / "predictions" / "churn.yaml").write_text(accepted)
        app.reload_definitions(place)
        app.apply(place)
        assert predict.trust(place.engine, place.catalog, "churn", as_of=AS_OF).accepted == "we want to see"
