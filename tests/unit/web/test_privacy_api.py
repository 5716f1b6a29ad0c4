"""Privacy through HTTP: requests with their term, erasure beside the server, suppression, restriction, the papers."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from foretell import collect
from foretell.clock import FixedClock
from tests.support.served_workspace import Served, served
from tests.support.small_events import NOW
from tests.support.small_workspace import write_documents


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Served]:
    write_documents(tmp_path)
    with served(tmp_path, clock=FixedClock(NOW)) as site:
        engine = site.site.workspace.engine
        lines = b"".join(
            f'{{"type":"identify","messageId":"m{n}","userId":"u{n}","traits":{{"email":"u{n}@shop.example"}}}}\n'.encode()
            for n in range(3)
        )
        engine.spool_append(collect.request_frames([collect.Request("site", lines, 3, NOW)]))
        site.apply()
        yield site


def done(shop: Served, erasure: str) -> dict[str, object]:
    for _ in range(200):
        row: dict[str, object] = shop.get(f"privacy/erasures/{erasure}")
        if row["state"] == "done":
            return row
        time.sleep(0.05)
    raise AssertionError("the erasure did not end")


def test_from_a_request_to_its_certificate(shop: Served) -> None:
    shop.get("people")
    made = shop.browser.post("/api/privacy/requests", json={"kind": "erasure", "person": "u1", "by": "ada"}).json()
    assert (made["state"], made["days_left"], made["person"]) == ("open", 30, "user_id:u1")
    assert [one["request"] for one in shop.get("privacy/requests", state="open")["rows"]] == [made["request"]]
    begun = shop.browser.post("/api/privacy/erasures", json={"people": ["user_id:u1"], "by": "ada"})
    assert begun.status_code == 200
    ended = done(shop, begun.json()["erasure"])
    certificate = ended["certificate"]
    assert isinstance(certificate, dict)
    assert (certificate["people"], certificate["requests"]) == (1, [made["request"]])
    closed = shop.get(f"privacy/requests/{made['request']}")
    assert (closed["state"], closed["person"], [step["what"] for step in closed["history"]]) == (
        "done", "", ["received", "done"],
    )  # fmt: skip
    page = shop.browser.get(f"/api/privacy/erasures/{ended['erasure']}/certificate.html")
    assert "Certificate of erasure" in page.text
    assert "u1" not in page.text.replace(str(ended["erasure"]), "")
    again = shop.browser.post("/api/privacy/erasures", json={"people": ["user_id:u1"]})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "ALREADY_ERASED")
    assert {row["user_id"] for row in shop.get("people")["rows"]} == {"u0", "u2"}


def test_bad_questions(shop: Served) -> None:
    for body in ({"people": []}, {"people": ["nobody"]}, {"people": "u1"}, {}):
        assert shop.browser.post("/api/privacy/erasures", json=body).status_code in (400, 404, 422)
    assert shop.browser.get("/api/privacy/requests/pr_none").status_code == 404
    assert shop.browser.get("/api/privacy/erasures/er_none").status_code == 404
    answer = shop.browser.post("/api/privacy/requests", json={"kind": "gift", "person": "u1"})
    assert answer.status_code == 422


def test_suppression_restriction_and_copies(shop: Served) -> None:
    made = shop.browser.post("/api/privacy/suppressions", json={"person": "email:U2@shop.example"})
    assert made.json()["identifiers"] == 2
    assert shop.get("privacy/suppressions")["identifiers"] == 2
    assert [row["kind"] for row in shop.get("privacy/restrictions", person="u2")["rows"]] == ["suppression"]
    assert shop.browser.request("DELETE", "/api/privacy/suppressions?person=u2").json()["identifiers"] == 2
    rows = shop.browser.post("/api/privacy/restrictions", json={"person": "u0", "reason": "disputed"}).json()["rows"]
    assert [(row["kind"], row["until"]) for row in rows] == [("restriction", None)]
    (row,) = shop.browser.request("DELETE", "/api/privacy/restrictions?person=u0").json()["rows"]
    assert row["until"] is not None
    copy = shop.browser.get("/api/privacy/export.zip?person=u0")
    with zipfile.ZipFile(io.BytesIO(copy.content)) as packed:
        assert "person.html" in packed.namelist()
    assert shop.get("privacy/artifacts") == {"rows": []}
    assert shop.get("privacy/export", person="u0")["data"]["identifiers"]
    assert shop.get("privacy/record")["workspace"] == "Shop"
    assert shop.browser.get("/api/privacy/record.md").text.startswith("# Record of processing")
