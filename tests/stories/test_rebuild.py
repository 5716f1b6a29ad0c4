"""A mapping was wrong: it is mended, what arrived is read anew, the differences are seen, then it is in place."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from foretell import app, care, identify, profile
from foretell.clock import FixedClock
from foretell.collect import Scope, refresh_sessions
from foretell.engine import Batch, Tx, promise_swap
from foretell.errors import ForetellError
from tests.support.commands import Foretell
from tests.support.served_workspace import serving
from tests.support.small_workspace import write

NOW = datetime(2025, 3, 1, tzinfo=UTC)
TILL = """\
kind: source
key: till
spec:
  format: csv
  history: true
  mappings:
    - name: sales
      track: Order Completed
      timestamp: sold_at
      timestamp_format: {format}
      identifiers: {{{customer}card: card}}
      properties: {{order_id: receipt, {amount}: price}}
"""
WRONG = TILL.format(format="'%Y-%m-%d'", customer="", amount="total_price")
RIGHT = TILL.format(format="['%Y-%m-%d', '%d.%m.%Y']", customer="user_id: customer, ", amount="revenue")
ROWS = """\
sold_at,card,customer,receipt,price
2025-01-05,k1,u1,r1,10.00
2025-01-06,k2,u1,r2,20.50
07.01.2025,k3,u2,r3,5.00
2025-01-08,k4,u2,r4,7.00
"""
"""Cards are not people: u1 and u2 have two each."""
SITE = (
    '{"type":"identify","messageId":"i1","userId":"u1","timestamp":"2025-01-04T09:00:00Z",'
    '"traits":{"email":"ada@shop.example"}}\n'
)
FILES = {"foretell.yaml": "name: Shop\ncurrency: EUR\nzone: Europe/Berlin\n", "till.csv": ROWS, "site.jsonl": SITE}
ORDERS = "SELECT o.order_id, o.amount_minor, p.user_id FROM orders o JOIN profiles p USING (profile_id) ORDER BY 1"


@pytest.fixture(scope="module")
def imported(foretell_command: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Imported under a mapping that takes cards for people, knows one form of date, and names no revenue."""
    folder = tmp_path_factory.mktemp("imported")
    write(folder, {**FILES, "sources/till.yaml": WRONG})
    shop = Foretell(foretell_command, folder)
    shop("import", "till.csv", "--source", "till")
    shop("import", "site.jsonl")
    return folder


@pytest.fixture
def shop(foretell_command: Path, imported: Path, tmp_path: Path) -> Foretell:
    shutil.copytree(imported, tmp_path, dirs_exist_ok=True)
    return Foretell(foretell_command, tmp_path)


def rows(shop: Foretell, sql: str) -> list[dict[str, Any]]:
    with app.open_workspace(shop.folder, "read") as place:
        found: list[dict[str, Any]] = place.engine.analytics.query(sql).to_pylist()
    return found


def rebuilt(shop: Foretell, scope: Scope = Scope()) -> profile.Differences:  # noqa: B008 - frozen
    """Read anew, and put in place where that changes something."""
    with app.open_workspace(shop.folder) as place:
        with app.rebuild(place, scope) as beside:
            found = profile.differences(place.engine, beside)
        promise_swap(place.engine.data)
    return found


def with_cases(folder: Path) -> None:
    """A case for each card: what the team has to do is nothing that bodies tell."""
    with app.open_workspace(folder, clock=FixedClock(NOW)) as place:
        nodes = place.engine.ops.query("SELECT node_key, value FROM identifiers WHERE kind = 'card'")
        keys = pa.array([node for node, _ in nodes], pa.int64())
        nothing = pa.nulls(len(nodes), pa.string())
        rows = pa.table(
            {
                "case_id": [f"case-{value}" for _, value in nodes], "profile_key": keys, "node_key": keys,
                "title": ["Call"] * len(nodes), "reason": ["asked"] * len(nodes), "priority": ["high"] * len(nodes),
                "owner": nothing, "opened_at": pa.array([NOW.replace(tzinfo=None)] * len(nodes), pa.timestamp("us")),
                "due_at": pa.nulls(len(nodes), pa.timestamp("us")), "journey": nothing, "run": nothing, "step": nothing,
            }
        )  # fmt: skip

        def work(tx: Tx, batch: Batch) -> None:
            care.open_cases(tx, batch, rows)

        place.engine.act("care", work, now=NOW)


def everything(shop: Foretell) -> list[list[dict[str, Any]]]:
    views = [view.name for room in app.ROOMS for view in room.views]
    with app.open_workspace(shop.folder, "read") as place:
        ask = place.engine.analytics.query
        return [ask(f"SELECT * FROM {name} ORDER BY ALL").to_pylist() for name in (*views, "events")]


def test_a_mended_mapping_is_seen_first_and_then_in_place(shop: Foretell) -> None:
    assert [row["amount_minor"] for row in rows(shop, ORDERS)] == [0, 0, 0]
    write(shop.folder, {"sources/till.yaml": RIGHT})

    shown = shop.json("rebuild", "--dry-run")
    assert not shown["swapped"]
    assert shown["totals"]["orders"] == [3, 4]
    assert shown["totals"]["revenue_minor"] == [0, 4250]
    assert shown["events"] == {"till · Order Completed": [3, 4]}
    assert list(shown["quarantine"].values()) == [[1, 0]]
    assert (shown["properties_new"], shown["properties_gone"]) == (["revenue"], ["total_price"])
    assert (shown["people_joined"], shown["people_parted"]) == (1, 0)
    assert [row["amount_minor"] for row in rows(shop, ORDERS)] == [0, 0, 0], "only shown"

    told = shop("rebuild")
    assert "foretell rebuild --yes" in told.stderr
    assert "+4,250" in told.stdout
    assert shop.json("rebuild", "--yes")["swapped"]
    assert [tuple(row.values()) for row in rows(shop, ORDERS)] == [
        ("r1", 1000, "u1"), ("r2", 2050, "u1"), ("r3", 500, "u2"), ("r4", 700, "u2"),
    ]  # fmt: skip
    again = shop.json("import", "till.csv", "--source", "till")["files"][0]
    assert (again["events"], again["duplicates"]) == (0, 4), "what was read anew is still known"
    assert "everything is as it is" in shop("rebuild", "--yes").stdout


def test_read_anew_under_the_same_documents_everything_is_the_same(shop: Foretell) -> None:
    with_cases(shop.folder)
    before = everything(shop)
    assert sum(map(len, before)) > 15
    for _ in range(2):
        assert rebuilt(shop).none
        assert everything(shop) == before


def test_what_was_decided_follows_its_people(shop: Foretell) -> None:
    """Three cards with a case each become two people: one has two cases now."""
    with_cases(shop.folder)
    cases = "SELECT c.case_id, p.user_id FROM cases c JOIN profiles p USING (profile_id) ORDER BY 1"
    assert [row["user_id"] for row in rows(shop, cases)] == [None, None, None]
    write(shop.folder, {"sources/till.yaml": RIGHT})
    assert rebuilt(shop).people_joined == 1
    assert [tuple(row.values()) for row in rows(shop, cases)] == [
        ("case-k1", "u1"), ("case-k2", "u1"), ("case-k4", "u2"),
    ]  # fmt: skip
    opened = "SELECT e.message_id, p.user_id, e.timestamp FROM events e JOIN profiles p USING (profile_id) "
    found = [tuple(row.values()) for row in rows(shop, f"{opened} WHERE e.event = 'Case Opened' ORDER BY 1")]
    at = NOW.replace(tzinfo=None)
    assert found == [("opened-case-k1", "u1", at), ("opened-case-k2", "u1", at), ("opened-case-k4", "u2", at)]
    with app.open_workspace(shop.folder) as place:
        (owners,) = place.engine.ops.query("SELECT count(DISTINCT profile_key) FROM cases")
    assert owners == (2,)

    assert rebuilt(shop).none, "a card that begins nobody any more stays with whom it went to"
    assert [row["user_id"] for row in rows(shop, cases)] == ["u1", "u1", "u2"]
    with app.open_workspace(shop.folder) as place:
        identity_rules = identify.IdentityRules.of([identify.IdentifierType("user_id", 2)])
        assert identify.preview(place.engine, identity_rules).changes_nothing

    write(shop.folder, {"sources/till.yaml": WRONG})
    assert rebuilt(shop).people_parted == 1
    assert len({row["case_id"] for row in rows(shop, cases)}) == 3


def test_only_what_is_named_is_read_by_its_document_of_today(shop: Foretell) -> None:
    write(shop.folder, {"sources/till.yaml": RIGHT, "sources/other.yaml": RIGHT.replace("key: till", "key: other")})
    for scope, orders in (
        (Scope(source="other"), 3),
        (Scope(since=datetime(2100, 1, 1, tzinfo=UTC)), 3),
        (Scope(source="till"), 4),
    ):
        assert rebuilt(shop, scope).totals["orders"] == (3, orders)
    assert "no source called 'nobody'" in shop("rebuild", "--source", "nobody", status=2).stderr


def visit(folder: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What is told of sessions, and their rows, once all that is over was told."""
    with app.open_workspace(folder) as place:
        refresh_sessions(place.engine, place.catalog, now=place.clock.now() + timedelta(hours=1))
        ask = place.engine.analytics.query
        told = ask("SELECT message_id, timestamp FROM events WHERE event = 'Session Ended' ORDER BY 1").to_pylist()
        return told, ask("SELECT session_id, pages, ended_event FROM sessions ORDER BY pages, landing_page").to_pylist()


def test_a_session_that_was_told_is_not_told_again(shop: Foretell) -> None:
    """Neither where it is the same, nor where it now begins with another event and has another id."""
    pages = [
        f'{{"type":"page","messageId":"p{n}","userId":"u{n // 4}","timestamp":"2025-02-01T09:0{n}:00Z",'
        f'"properties":{{"url":"https://shop.example/{n}"{more}}}}}\n'
        for n, more in ((1, ""), (2, ',"ok":true'), (4, ',"ok":true'), (5, ',"ok":true'))
    ]
    write(shop.folder, {"site.jsonl": "".join(pages)})
    shop("import", "site.jsonl")
    told, before = visit(shop.folder)
    assert ([row["pages"] for row in before], len(told)) == ([2, 2], 2)
    rebuilt(shop)
    assert visit(shop.folder) == (told, before)
    plan = "kind: tracking\nkey: site\nspec:\n  on_violation: quarantine\n  events:\n    Page Viewed:\n"
    write(shop.folder, {"tracking/site.yaml": f"{plan}      properties: {{ok: {{required: true}}}}\n"})
    rebuilt(shop)
    again, after = visit(shop.folder)
    assert (again, [row["pages"] for row in after]) == (told, [1, 2])
    assert after[0]["session_id"] != before[0]["session_id"]
    assert {row["ended_event"] for row in after} == {row["message_id"] for row in told}


def test_what_cannot_be_read_anew_is_told_and_changes_nothing(shop: Foretell) -> None:
    for document, code in (
        (RIGHT.replace("format: csv", "format: csv\n  group_by: [receipt]"), "GROUPING_CHANGED"),
        (RIGHT.replace("receipt", "bill"), "UNKNOWN_COLUMN"),
    ):
        write(shop.folder, {"sources/till.yaml": document})
        with app.open_workspace(shop.folder) as place, pytest.raises(ForetellError) as refused:
            app.rebuild(place, Scope())
        assert refused.value.code == code
    first = shop.folder / "data" / "spool" / "0000000001.seg"
    first.rename(first.with_name("0000000002.seg"))
    with app.open_workspace(shop.folder) as place, pytest.raises(ForetellError, match="no longer kept"):
        app.rebuild(place, Scope())
    first.with_name("0000000002.seg").rename(first)
    assert [row["amount_minor"] for row in rows(shop, ORDERS)] == [0, 0, 0]


def test_beside_a_server_the_differences_are_shown_and_nothing_is_replaced(shop: Foretell) -> None:
    write(shop.folder, {"sources/till.yaml": RIGHT})
    with serving(shop.command, shop.folder):
        assert shop.json("rebuild")["totals"]["orders"] == [3, 4]
        assert "Stop it" in shop("rebuild", "--yes", status=2).stderr
