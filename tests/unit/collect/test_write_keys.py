"""Write keys: several of a source are valid at once, and each until its own day."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from foretell import collect, definitions
from foretell.errors import ForetellError, UsageError
from tests.unit.collect.decoding import NOW
from tests.unit.collect.workspace import Shop, shop

WEB = "format: api\norigins: [https://shop.example, 'https://Pay.shop.example:8443']\nconsent: required"
DAY = timedelta(days=1)


def made(it: Shop, source: str = "web", days: int = 0, name: str = "") -> collect.WriteKey:
    return collect.new_key(it.engine.ops, it.catalog, source, name=name, now=NOW + days * DAY)


def test_a_key_is_replaced_without_a_gap(tmp_path: Path) -> None:
    with shop(tmp_path, web=WEB, app="format: api") as it:
        old, new, other = made(it, name=" page "), made(it, days=1), made(it, "app")
        assert (old.source, old.name, old.created_at, old.retires_at) == ("web", "page", NOW, None)
        assert len({old.write_key, new.write_key, other.write_key}) == 3
        assert len(old.write_key) >= 32
        retired = collect.retire_key(it.engine.ops, old.write_key, at=NOW + 2 * DAY)
        assert retired == collect.WriteKey(old.write_key, "web", "page", NOW, NOW + 2 * DAY)
        assert collect.keys(it.engine.ops, "web") == [retired, new]
        assert collect.keys(it.engine.ops) == [other, retired, new]

        def source(key: collect.WriteKey, days: float) -> str | None:
            found = collect.source_of_key(it.engine.ops, it.catalog, key.write_key, at=NOW + days * DAY)
            return None if found is None else found.source

        assert [source(old, days) for days in (0, 1.999, 2, 3)] == ["web", "web", None, None]
        assert (source(new, 3), source(other, 3)) == ("web", "app")
        collect.retire_key(it.engine.ops, old.write_key, at=NOW + 5 * DAY, source="web")
        assert source(old, 3) == "web"
        assert collect.source_of_key(it.engine.ops, it.catalog, "no such key", at=NOW) is None


def test_what_a_key_stands_for(tmp_path: Path) -> None:
    with shop(tmp_path, web=WEB, app="format: api") as it:
        found = collect.source_of_key(it.engine.ops, it.catalog, made(it).write_key, at=NOW)
        origins = frozenset({"https://shop.example", "https://pay.shop.example:8443"})
        assert found == collect.KeyInfo("web", origins, consent_required=True)
        assert collect.key_info(it.catalog, "app") == collect.KeyInfo("app")
        assert collect.key_info(it.catalog, "unheard of") == collect.KeyInfo("unheard of")


def test_a_source_whose_document_is_broken_takes_nothing(tmp_path: Path) -> None:
    with shop(tmp_path, web=WEB) as it:
        key = made(it).write_key
        (tmp_path / "sources" / "web.yaml").write_text("kind: source\nkey: web\nspec: {format: api, consent: maybe}\n")
        broken, _ = definitions.load(tmp_path, [collect.KIND])
        with pytest.raises(ForetellError, match="not valid") as told:
            collect.source_of_key(it.engine.ops, broken, key, at=NOW)
        assert (told.value.code, told.value.transient) == ("SOURCE_BROKEN", True)


def test_keys_are_for_events_of_the_api_alone(tmp_path: Path) -> None:
    with shop(tmp_path, web=WEB, old="format: jsonl") as it:
        with pytest.raises(UsageError, match="takes jsonl"):
            made(it, "old")
        with pytest.raises(UsageError) as unknown:
            made(it, "wep")
        assert unknown.value.code == "UNKNOWN_DEFINITION"
        with pytest.raises(UsageError, match="no such write key of source old"):
            collect.retire_key(it.engine.ops, made(it).write_key, at=NOW, source="old")
        with pytest.raises(UsageError, match="no such write key"):
            collect.retire_key(it.engine.ops, "wk_x", at=NOW)
        assert [key.retires_at for key in collect.keys(it.engine.ops)] == [None]


@pytest.mark.parametrize(
    "origin",
    [
        "shop.example",
        "https://shop.example/",
        "https://shop.example/path",
        "https://a b",
        "ftp://a",
        "https://u@a",
        "*",
    ],
)
def test_an_origin_is_a_scheme_a_host_and_a_port(tmp_path: Path, origin: str) -> None:
    (tmp_path / "sources").mkdir()
    (tmp_path / "foretell.yaml").write_text("name: t\n")
    text = f"kind: source\nkey: web\nspec:\n  format: api\n  origins:\n    - https://good.example\n    - '{origin}'\n"
    (tmp_path / "sources" / "web.yaml").write_text(text)
    _, (problem,) = definitions.load(tmp_path, [collect.KIND])
    assert (problem.where, "is no origin" in problem.message) == ("sources/web.yaml:7", True)
