"""The reviews that the demo's team notes: of segments that there are, before the last day."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from foretell import app, segment
from foretell.clock import FixedClock
from foretell.demo import reviews
from tests.support.small_workspace import SEGMENT, write, write_documents

NOW = datetime(2025, 6, 1, tzinfo=UTC)


def test_only_segments_that_there_are_were_looked_at(tmp_path: Path) -> None:
    write_documents(tmp_path)
    write(tmp_path, {"segments/loyal.yaml": SEGMENT.format(key="loyal", condition="{did: Order Completed}")})
    with app.open_workspace(tmp_path, "write", FixedClock(NOW)) as shop:
        assert reviews.note(shop, NOW) == 2
        found = segment.review_history(shop.engine, "loyal")
        assert [(one.number, one.decision) for one in found] == [(2, "keep"), (1, "keep")]
        assert found[1].at < found[0].at < NOW
        assert segment.review_history(shop.engine, "lapsed") == []
