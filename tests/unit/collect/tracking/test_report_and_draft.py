"""The report says who has to mend what; a draft describes what arrived and is hardly breached by it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from foretell import collect
from tests.unit.collect.decoding import NOW
from tests.unit.collect.tracking.planned import ORDERS, loaded, order, planned


def test_the_report_counts_by_field_and_rule_with_owner_share_trend_and_examples(tmp_path: Path) -> None:
    messages = [order(n) for n in range(8)]
    messages[2] = order(2, total=-1)
    messages[3] = order(3, total=-1, order_id="X")
    messages[4] = order(4, total=-2)
    with planned(tmp_path, shop=ORDERS.replace("total: {type", "total: {on_violation: allow, type")) as it:
        it.load("site.jsonl", messages)
        report = collect.violation_report(it.engine, it.catalog)
        assert (report.events, report.violating) == (8, 3)
        total, order_id = report.breaches
        assert (total.field, total.rule, total.count, total.events, total.share) == ("total", "minimum", 3, 3, 3 / 8)
        assert (total.allowed, total.dropped, total.quarantined) == (2, 0, 1)
        assert (total.owner, total.owner_type, total.examples) == ("Shop", "team", ("-1", "-2"))
        assert total.trend == ((date(2024, 6, 1), 3),)
        assert (order_id.owner, order_id.quarantined) == ("ada@shop.example", 1)

        it.plan(shop=ORDERS.replace("team: Shop", "team: Web"))
        assert collect.violation_report(it.engine, it.catalog).breaches[0].owner == "Web", "who answers today"
        later = collect.violation_report(it.engine, it.catalog, NOW + timedelta(seconds=1))
        assert (later.events, later.violating, later.breaches) == (0, 0, ())


def test_an_event_that_comes_again_is_counted_once(tmp_path: Path) -> None:
    messages = [order(1, total=-1, order_id="O1"), order(2, total="x")]
    with planned(tmp_path, shop=ORDERS.replace("on_violation: quarantine", "on_violation: allow")) as it:
        it.load("site.jsonl", messages)
        it.load("again.jsonl", messages)
        assert [one.count for one in collect.violation_report(it.engine, it.catalog).breaches] == [1, 1]
    with planned(tmp_path / "strict", shop=ORDERS) as it:
        it.load("site.jsonl", messages)
        it.load("site.jsonl", messages)
        assert [one.count for one in collect.violation_report(it.engine, it.catalog).breaches] == [1, 1]


def test_a_draft_is_hardly_breached_by_the_data_that_it_was_drawn_from(tmp_path: Path) -> None:
    with planned(tmp_path) as it:
        it.load("site.jsonl", [_rich(n) for n in range(200)])
        text = collect.infer_plan(it.engine, "drafted", source="site.jsonl")
        plan = text.split("spec:\n", 1)[1]
        catalog, problems = loaded(tmp_path / "drafted", drafted="\n".join(x[2:] for x in plan.splitlines()))
        assert [one.headline for one in problems if one.severity == "error"] == []
        found = collect.preview(catalog, tmp_path / "site.jsonl", now=NOW)
        assert sum(one["count"] for one in found.violations) <= 2, found.violations
    fields = {one.field: one for one in collect.planned_fields(catalog.get("tracking", "drafted"))}
    assert fields["mail"].pii == "contact"
    assert fields["mail"].rules == ("format email",)
    assert (fields["kind"].rules, fields["kind"].required) == (("one of a, b, yes",), True)
    assert (fields["total"].types, fields["seldom"].required) == (("number",), False)
    assert (fields["products.qty"].types, fields["products.qty"].required) == (("integer",), True)
    assert fields["ship.city"].types == ("string",)
    assert "# in 50.0 %" in text


def _rich(number: int) -> dict[str, Any]:
    return order(
        number, total="oops" if number == 7 else number / 4, mail=f"a{number}@shop.example",
        kind=["a", "b", "yes"][number % 3], seldom=1 if number % 2 else ...,
        products=[{"qty": 1, "sku": f"s{number}"}, {"qty": 2, "sku": "s"}], ship={"city": f"C{number}"},
    )  # fmt: skip


def test_a_dry_run_tells_what_the_plan_would_do(tmp_path: Path) -> None:
    with planned(tmp_path, shop=ORDERS) as it:
        (tmp_path / "x.jsonl").write_text("")
        it.load("site.jsonl", [order(1)])
        path = tmp_path / "next.jsonl"
        path.write_text((tmp_path / "site.jsonl").read_text().replace('"O1"', '"X1"').replace("m1", "m9"))
        found = collect.preview(it.catalog, path, now=NOW)
        assert (found.events, found.problem_counts) == (0, {"PLAN_VIOLATION": 1})
        (breach,) = found.violations
        assert (breach["field"], breach["rule"], breach["action"], breach["count"]) == (
            "order_id", "pattern", "quarantine", 1,
        )  # fmt: skip
        assert collect.quarantined(it.engine) == []
