"""Issues: detected once, over when they are over, answered by cases, kept with their person."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from foretell import app, care
from foretell.care import issues
from foretell.errors import UsageError
from tests.support.features_shop import AS_OF, Lines, Shop, did, load, opened, person

LATE = """\
kind: issue
key: late
spec:
  title: Delivery late
  detect: {sequence: [{did: Order Shipped, within: 30d}, {did_not: Order Delivered, within: 5d}], same: order_id}
  clears: {did: Order Delivered}
  severity: high
  severities: [{severity: urgent, when: {did: Order Completed, times: {gte: 2}}}]
  lasts: 14d
  again_after: 3d
  answer: {case: late_delivery, holdout: 0}
"""
QUIET = """\
kind: issue
key: quiet
spec: {detect: {did_not: Page Viewed, within: 10d}}
"""
RULE = """\
kind: case_rule
key: late_delivery
spec: {title: Call about the parcel, priority: normal, due: 8h, due_in: hours}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with opened(tmp_path, issues__late=LATE, case_rules__late_delivery=RULE) as found:
        yield found


def shipped(user: str, days_ago: float, order: str) -> dict[str, Any]:
    return did(user, days_ago, "Order Shipped", order_id=order)


def arrived(user: str, days_ago: float, order: str) -> dict[str, Any]:
    return did(user, days_ago, "Order Delivered", order_id=order)


_LATE = ((shipped, 6), (arrived, -2))


def look(shop: Shop, days_ago: float = 0) -> issues.IssuesReport:
    place = shop.workspace
    now = AS_OF - timedelta(days=days_ago)
    return issues.refresh(place.engine, place.catalog, place.reader, now=now)


def told(shop: Shop, event: str) -> Lines:
    return shop.query(f"SELECT * FROM events WHERE event = '{event}' ORDER BY message_id")


def test_it_is_detected_once_and_over_when_it_arrives(shop: Shop) -> None:
    load(
        shop,
        "parcels",
        [shipped("ann", 6, "a"), shipped("bob", 6, "b"), arrived("bob", 3, "b"), arrived("ann", -2, "a")],
    )
    assert look(shop, 1.5) == issues.IssuesReport()  # four and a half days on its way
    assert look(shop) == issues.IssuesReport(detected=1, cases=1)
    assert look(shop) == issues.IssuesReport()
    (found,) = issues.list_issues(shop.engine).rows
    assert (found.issue, found.severity, found.profile_key) == ("late", "high", person(shop, "ann"))
    (event,) = told(shop, "Issue Detected")
    assert json.loads(event["properties"])["severity"] == "high"
    assert look(shop, -1) == issues.IssuesReport()
    assert look(shop, -2) == issues.IssuesReport(cleared=1)
    assert issues.list_issues(shop.engine).total == 0
    over = issues.issue(shop.engine, found.issue_id)
    assert (over.state, over.ended_at) == ("cleared", AS_OF + timedelta(days=2))
    (event,) = told(shop, "Issue Resolved")
    assert json.loads(event["properties"])["seconds"] == str(2 * 86_400)
    assert shop.query("SELECT issue, state, severity FROM issues") == [
        {"issue": "late", "state": "cleared", "severity": "high"}
    ]


def test_a_case_that_nobody_began_with_is_closed_with_it_and_another_is_not(shop: Shop) -> None:
    load(
        shop, "parcels", [line for user in ("ann", "bob") for line in (shipped(user, 6, user), arrived(user, -2, user))]
    )
    assert look(shop).cases == 2
    first, second = care.list_cases(shop.engine).cases
    assert (first.title, first.rule, first.priority) == ("Call about the parcel", "late_delivery", "normal")
    care.take(shop.engine, shop.workspace.catalog, second.case_id, by="kim", now=AS_OF)
    assert look(shop, -2).cleared == 2
    assert (care.show(shop.engine, first.case_id).state, care.show(shop.engine, first.case_id).outcome) == (
        "closed", "not_needed",
    )  # fmt: skip
    assert care.show(shop.engine, second.case_id).state == "in_progress"


def test_what_lasts_too_long_lapses_and_comes_again_only_after_a_while(shop: Shop) -> None:
    load(shop, "parcels", [shipped("ann", 6, "a"), shipped("ann", -14, "c")])
    assert look(shop).detected == 1
    assert look(shop, -14) == issues.IssuesReport(lapsed=1)
    assert look(shop, -16) == issues.IssuesReport()
    assert look(shop, -20).detected == 1
    assert told(shop, "Issue Resolved") == []


def test_how_bad_it_is_is_said_for_each(shop: Shop) -> None:
    often = [did("bob", days, "Order Completed", order_id=f"o{days}", revenue=5) for days in (20, 30)]
    load(shop, "parcels", [shipped("ann", 6, "a"), shipped("bob", 6, "b"), *often])
    assert look(shop).detected == 2
    assert [one.severity for one in issues.list_issues(shop.engine).rows] == ["urgent", "high"]
    assert issues.list_issues(shop.engine, severity="urgent").total == 1
    assert issues.issues_of(shop.engine, person(shop, "ann"))[0].severity == "high"


def test_the_held_out_get_no_case_and_are_told_of_all_the_same(tmp_path: Path) -> None:
    half = LATE.replace("holdout: 0", "holdout: 50%")
    with opened(tmp_path, issues__late=half, case_rules__late_delivery=RULE) as shop:
        load(shop, "parcels", [shipped(f"u{number}", 6, f"o{number}") for number in range(200)])
        report = look(shop)
        assert report.detected == 200
        assert 70 <= report.cases <= 130
        arms = shop.query("SELECT arm, count(*) AS n, count(case_id) AS cases FROM issues GROUP BY arm ORDER BY arm")
        assert [(row["arm"], row["cases"] == (row["n"] if row["arm"] == "treated" else 0)) for row in arms] == [
            ("held_out", True), ("treated", True),
        ]  # fmt: skip
        assert len(told(shop, "Issue Detected")) == 200


def test_two_who_turn_out_to_be_one_have_it_once(shop: Shop) -> None:
    load(shop, "parcels", [shipped("ann", 7, "a"), shipped("bob", 6, "b")])
    look(shop, 1.5)
    look(shop)
    assert issues.list_issues(shop.engine).total == 2
    app.merge_people(shop.workspace, "user_id:ann", "user_id:bob", force=True)
    assert look(shop, -1) == issues.IssuesReport(lapsed=1)
    states = sorted(row["state"] for row in shop.query("SELECT state FROM issues"))
    assert states == ["merged", "open"]
    app.split_person(shop.workspace, "user_id:bob", dry_run=False)
    assert {row["n"] for row in shop.query("SELECT count(*) AS n FROM issues GROUP BY profile_id")} == {1}


def test_an_issue_whose_document_is_gone_is_withdrawn(shop: Shop) -> None:
    load(shop, "parcels", [shipped("ann", 6, "a")])
    look(shop)
    (shop.workspace.root / "issues" / "late.yaml").unlink()
    app.reload_definitions(shop.workspace)
    assert look(shop, -1) == issues.IssuesReport(lapsed=1)
    assert shop.query("SELECT state FROM issues") == [{"state": "withdrawn"}]


def test_without_clears_it_is_over_when_it_no_longer_holds(tmp_path: Path) -> None:
    with opened(tmp_path, issues__quiet=QUIET) as shop:
        load(shop, "visits", [did("ann", 11, "Page Viewed", path="/"), did("ann", -1, "Page Viewed", path="/")])
        assert look(shop).detected == 1
        assert look(shop, -2).cleared == 1


def test_the_whole_is_advanced_with_the_rest_and_comes_to_nothing_twice(shop: Shop) -> None:
    load(shop, "parcels", [shipped("ann", 6, "a")])
    first = app.advance(shop.workspace, AS_OF)
    assert first.issues.detected == 1
    assert app.advance(shop.workspace, AS_OF).issues == issues.IssuesReport()
    assert first.as_dict()["issues"]["detected"] == 1
    (line,) = issues.overview(shop.engine, shop.workspace.catalog)
    assert (line.key, line.states, line.answers) == ("late", {"open": 1}, "late_delivery")
    assert "Order Shipped" in line.says


def test_every_ready_issue_is_valid_and_can_be_put_into_a_workspace(shop: Shop) -> None:
    known = issues.ready()
    assert {one.key for one in known} == {
        "abandoned_cart", "failed_payment", "falling_usage", "late_delivery", "repeated_support_visits",
    }  # fmt: skip
    for one in known:
        issues.write_ready(shop.workspace.catalog, one.key)
    app.reload_definitions(shop.workspace)
    assert not [one for one in app.all_problems(shop.workspace) if one.severity == "error"]
    assert {document.key for document in shop.workspace.catalog.all("issue")} == {"late", *(one.key for one in known)}
    with pytest.raises(UsageError) as taken:
        issues.write_ready(shop.workspace.catalog, "failed_payment")
    assert taken.value.code == "FILE_TAKEN"
    with pytest.raises(UsageError) as unknown:
        issues.write_ready(shop.workspace.catalog, "late_delivry")
    assert "late_delivery" in str(unknown.value.next_step)


CARTS: Lines = [
    did("ann", 0.2, "Product Added", product_id="p"),
    did("bob", 0.2, "Product Added", product_id="p"), did("bob", 0.15, "Order Completed", order_id="b", revenue=1),
    did("cid", 0.2, "Product Added", product_id="p"), did("cid", 0.01, "Page Viewed", path="/"),
]  # fmt: skip
PAYMENTS: Lines = [
    did("ann", 3, "Payment Failed"),
    did("bob", 3, "Payment Failed"), did("bob", 2, "Payment Succeeded"),
    did("cid", 20, "Payment Failed"),
]  # fmt: skip
HELP: Lines = [
    *(did("ann", days, "Page Viewed", path="/help/returns") for days in (1, 2, 3)),
    *(did("bob", days, "Page Viewed", path="/shoes") for days in (1, 2, 3)),
    *(did("dan", days, "Ticket Opened", ticket_id=f"t{days}") for days in (1, 2)),
]  # fmt: skip
USAGE: Lines = [
    *(did("ann", days, "Session Ended") for days in (35, 40, 45, 50, 5)),
    *(did("bob", days, "Session Ended") for days in (35, 40, 45, 50, 5, 6, 7, 8)),
]


@pytest.mark.parametrize(
    ("key", "lines", "people"),
    [
        ("abandoned_cart", CARTS, ["ann"]),
        ("failed_payment", PAYMENTS, ["ann"]),
        ("late_delivery", [shipped("ann", 6, "a"), shipped("bob", 6, "b"), arrived("bob", 4, "b")], ["ann"]),
        ("repeated_support_visits", HELP, ["ann", "dan"]),
        ("falling_usage", USAGE, ["ann"]),
    ],
)
def test_ready_issues_find_whom_they_mean(tmp_path: Path, key: str, lines: Lines, people: list[str]) -> None:
    (text,) = [one.text for one in issues.ready() if one.key == key]
    with opened(tmp_path, **{f"issues__{key}": text}) as shop:
        load(shop, "happened", lines)
        look(shop)
        found = {one.profile_key for one in issues.list_issues(shop.engine).rows}
        assert found == {person(shop, user) for user in people}
