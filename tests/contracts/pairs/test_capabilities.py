"""What a pair of stores declares is there, and what it does not declare is refused by name before anything is done."""

from __future__ import annotations

from pathlib import Path

import pytest

from foretell import app
from foretell.collect import Scope
from foretell.engine import CAPABILITIES, Engine, Spreading, require_capability
from foretell.errors import ForetellError
from tests.support.small_workspace import write_documents

OFFERED = {
    "sqlite+duckdb": {"copies_to_file", "rebuilds"},
    "postgresql+duckdb": {"rebuilds", "shares"},
    "postgresql+spark": {"shares", "spreads"},
}


def offered(engine: Engine) -> set[str]:
    """What the pair offers: what one store alone does is its own; a rebuild takes both."""
    ops, analytics = engine.ops.capabilities, engine.analytics.capabilities
    assert ops <= CAPABILITIES
    assert analytics <= CAPABILITIES
    return set((ops & {"shares", "copies_to_file"}) | (analytics & {"spreads"}) | (ops & analytics & {"rebuilds"}))


def test_each_is_there_or_refused_by_name(pair: str, tmp_path: Path) -> None:
    write_documents(tmp_path)
    with app.open_workspace(tmp_path) as place:
        engine = place.engine
        found = offered(engine)
        assert found == OFFERED[pair]
        assert engine.is_shared == ("shares" in found)
        assert isinstance(engine.analytics, Spreading) == ("spreads" in found)
        file = tmp_path / "copy"
        if "copies_to_file" in found:
            engine.ops.copy_to(file)
            assert file.stat().st_size
        else:
            with pytest.raises(ForetellError) as told:
                engine.ops.copy_to(file)
            assert told.value.code == f"NOT_ON_{engine.ops.kind.upper()}"
            assert not file.exists()
        if "rebuilds" in found:
            app.rebuild(place, Scope()).close()
        else:
            with pytest.raises(ForetellError) as told:
                app.rebuild(place, Scope())
            assert told.value.code == f"NOT_ON_{engine.analytics.kind.upper()}"
        for store in (engine.ops, engine.analytics):
            for wanted in sorted(CAPABILITIES - store.capabilities):
                with pytest.raises(ForetellError) as told:
                    require_capability(store, wanted)
                assert told.value.code == f"NOT_ON_{store.kind.upper()}"
                assert told.value.next_step
