"""Codes: one a run, the same when asked again, redeemed once and in time."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from foretell import decide
from tests.unit.decide.shop import AT, acting, offer, opened, runs, send


def order(user: str, coupon: str, days: int, number: int) -> str:
    return json.dumps(
        {
            "type": "track", "event": "Order Completed", "userId": user, "messageId": f"o{number}",
            "timestamp": (AT + timedelta(days=days)).isoformat() + "Z",
            "properties": {"order_id": f"order-{number}", "revenue": 20, "coupon": coupon},
        }
    )  # fmt: skip


def test_a_run_has_one_code_and_keeps_it(tmp_path: Path) -> None:
    winback = offer(tmp_path, prefix="BACK")
    with opened(tmp_path) as engine:
        first = acting(
            engine, lambda tx, batch: decide.issue_codes(tx, batch, winback, runs(*range(1, 501)))
        ).to_pydict()  # type: ignore[attr-defined]
        again = acting(
            engine, lambda tx, batch: decide.issue_codes(tx, batch, winback, runs(*range(500, 0, -1)))
        ).to_pydict()  # type: ignore[attr-defined]
        assert dict(zip(again["run"], again["code"], strict=True)) == dict(
            zip(first["run"], first["code"], strict=True)
        )
        assert len(set(first["code"])) == 500
        assert all(
            len(code) == 12 and code.startswith("BACK") and not set(code[4:]) & set("01OIL") for code in first["code"]
        )
        told = engine.analytics.query("SELECT count(*) AS n FROM events WHERE event = 'Offer Issued'")
        assert told["n"][0].as_py() == 500


def test_codes_of_two_workspaces_differ(tmp_path: Path) -> None:
    winback = offer(tmp_path)
    codes = []
    for place in ("a", "b"):
        with opened(tmp_path / place) as engine:
            found = acting(engine, lambda tx, batch: decide.issue_codes(tx, batch, winback, runs(1)))
            codes.append(found["code"][0].as_py())  # type: ignore[index]
    assert codes[0] != codes[1]


def test_a_code_is_redeemed_once_and_only_in_time(tmp_path: Path) -> None:
    winback = offer(tmp_path, valid_for="10d")
    with opened(tmp_path) as engine:
        send(
            engine,
            *(
                json.dumps({"type": "identify", "userId": f"u{n}", "timestamp": "2026-01-01T00:00:00Z"})
                for n in (1, 2, 3)
            ),
        )
        issued = acting(engine, lambda tx, batch: decide.issue_codes(tx, batch, winback, runs(1, 2, 3))).to_pydict()  # type: ignore[attr-defined]
        one, two, three = issued["code"]
        send(
            engine,
            order("u1", f" {one.lower()} ", 3, 1),
            order("u1", one, 2, 2),
            order("u2", two, 11, 3),
            order("u3", "NOSUCH", 1, 4),
        )
        send(engine, order("u2", one, 4, 5), order("u3", three, 10, 6))
        rows = engine.analytics.query(
            "SELECT code, order_id, redeemed_at FROM offer_codes ORDER BY order_id NULLS LAST"
        ).to_pylist()
        assert rows == [
            {"code": one, "order_id": "order-2", "redeemed_at": AT + timedelta(days=2)},
            {"code": three, "order_id": "order-6", "redeemed_at": AT + timedelta(days=10)},
            {"code": two, "order_id": None, "redeemed_at": None},
        ]
        assert [code.order_id for code in decide.codes_of(engine, 1)] == ["order-2"]
        told = engine.analytics.query("SELECT message_id FROM events WHERE event = 'Offer Redeemed' ORDER BY 1")
        assert told["message_id"].to_pylist() == sorted([f"redeemed-{one}", f"redeemed-{three}"])
        counts = engine.analytics.query("SELECT issued, redeemed FROM offers").to_pylist()
        assert counts == [{"issued": 3, "redeemed": 2}]


@pytest.mark.parametrize(
    "wrong", [{"percent": None}, {"amount": 5}, {"valid_for": "0d"}, {"prefix": "low"}, {"percent": 101}]
)
def test_an_offer_says_one_thing(tmp_path: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        decide.OfferSpec.model_validate({"title": "x", "percent": 10, **wrong})
