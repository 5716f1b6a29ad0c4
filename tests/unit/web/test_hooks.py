"""``/hooks``: who may send bodies, what is answered, and the documented examples."""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML

from foretell.app import all_problems, reload_definitions
from foretell.collect import Signature
from foretell.errors import ForetellError
from foretell.web.hooks import HOOK_BYTES, is_signed
from tests.support.served_workspace import Served, served
from tests.support.small_workspace import write, write_documents

SECRET = "only we know"
NOW = datetime(2026, 3, 1, tzinfo=UTC)
PAGE = Path("docs/reference/webhooks.md")
EXPECTED: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "billing": [("Invoice Paid", {"invoice_id": "in_1", "amount": 120.5, "account": "acme"})],
    "zapier": [("Form Submitted", {"form": "Fitting room", "score": "9"}), ("Identify", {})],
    "make": [
        ("Ticket Solved", {"ticket_id": 101, "minutes": 42, "tags": "returns, size"}),
        ("Ticket Solved", {"ticket_id": 102, "minutes": 7, "tags": ""}),
    ],
    "stripe": [("Invoice Paid", {"invoice_id": "in_1", "amount_minor": 12050, "currency": "eur"})],
    "n8n": [("Parcel Delivered", {"carrier": "Bike", "days": 2})],
}


def examples(repository: Path) -> dict[str, tuple[str, str]]:
    """Documents and bodies of the page, by the key of the source."""
    found: dict[str, tuple[str, str]] = {}
    document = ""
    for block in (repository / PAGE).read_text().split("\n```"):
        language, _, text = block.partition("\n")
        if language == "yaml" and text.startswith("kind: source"):
            document = text
        elif language == "json":
            found[YAML(typ="safe").load(document)["key"]] = (document, text)
    return found


@pytest.fixture
def shop(tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setenv("HOOK", SECRET)
    write_documents(tmp_path)
    held = examples(repository)
    secrets = "".join(f"  {key}_hook: ${{HOOK}}\n" for key in held)
    write(tmp_path, {"foretell.yaml": f"name: Shop\nsecrets:\n{secrets}"})
    write(tmp_path, {f"sources/{key}.yaml": document for key, (document, _) in held.items()})
    with served(tmp_path) as found:
        assert [problem for problem in all_problems(found.site.workspace) if problem.severity == "error"] == []
        yield found


def header_of(shop: Served, key: str, body: bytes) -> dict[str, str]:
    how = shop.site.workspace.catalog.get("source", key).spec.signature  # type: ignore[attr-defined]
    if how.scheme == "timestamped":
        return {how.header: stamped(shop.site.now.timestamp(), body, SECRET)}
    value = SECRET if how.scheme == "token" else hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return {how.header: how.prefix + value}


def post(shop: Served, key: str, body: bytes, **headers: str) -> Any:
    return shop.browser.post(f"/hooks/{key}", content=body, headers=headers or header_of(shop, key, body))


def events(shop: Served) -> list[tuple[str, dict[str, Any]]]:
    shop.apply()
    sql = "SELECT event, properties FROM events ORDER BY event, properties"
    rows = shop.site.workspace.engine.analytics.query(sql).to_pylist()
    return [(row["event"], json.loads(row["properties"] or "{}")) for row in rows]


@pytest.mark.parametrize("key", EXPECTED)
def test_the_documented_examples_mean_what_they_say(shop: Served, repository: Path, key: str) -> None:
    body = examples(repository)[key][1].encode()
    for _ in range(2):  # a body that comes again adds nothing
        answer = post(shop, key, body)
        assert (answer.status_code, answer.content) == (200, b'{"success":true}')
        assert events(shop) == EXPECTED[key]
    assert shop.site.workspace.engine.ops.query("SELECT code FROM quarantine") == []


def test_the_page_has_an_example_for_each(repository: Path) -> None:
    assert set(examples(repository)) == set(EXPECTED)


@pytest.mark.parametrize("headers", [{}, {"X-Signature": ""}, {"X-Signature": "0" * 64}, {"Authorization": SECRET}])
def test_a_wrong_signature_is_refused_and_nothing_is_kept(shop: Served, headers: dict[str, str]) -> None:
    answer = post(shop, "n8n", b'{"id": "x1"}', **{"content-type": "application/json", **headers})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "NOT_SIGNED_IN")
    assert shop.site.workspace.engine.spool_waiting_bytes() == 0


def test_the_signature_of_another_body_is_none(shop: Served) -> None:
    signed = header_of(shop, "n8n", b'{"id": "x1"}')
    assert post(shop, "n8n", b'{"id": "x2"}', **signed).status_code == 401


SIGNED = [
    ("hmac-sha256", "hex", "sha256=", hmac.new(b"k", b"{}", "sha256").hexdigest()),
    ("hmac-sha256", "hex", "", hmac.new(b"k", b"{}", "sha256").hexdigest().upper()),
    ("hmac-sha1", "base64", "", base64.b64encode(hmac.new(b"k", b"{}", "sha1").digest()).decode()),
    ("token", "hex", "Bearer ", "k"),
]


@pytest.mark.parametrize(("scheme", "encoding", "prefix", "value"), SIGNED)
def test_every_scheme(scheme: Any, encoding: Any, prefix: str, value: str) -> None:
    how = Signature.model_validate(
        {"header": "X-S", "secret": "s", "scheme": scheme, "encoding": encoding, "prefix": prefix}
    )
    assert is_signed(b"{}", prefix + value, how, "k", NOW)
    assert not is_signed(b"{}", prefix + value[:-1], how, "k", NOW)
    assert not is_signed(b"{}", prefix + value, how, "K", NOW)
    assert not is_signed(b"{}", prefix, how, "", NOW)
    assert not is_signed(b"{}", "ä", how, "k", NOW)


STAMPED = {"header": "Stripe-Signature", "secret": "s", "scheme": "timestamped"}


def stamped(seconds: float, body: bytes, secret: str = "k") -> str:
    stamp = str(int(seconds))
    return f"t={stamp},v1={hmac.new(secret.encode(), f'{stamp}.'.encode() + body, 'sha256').hexdigest()}"


def test_a_timestamped_signature_holds_for_a_while_and_while_a_secret_is_changed() -> None:
    how = Signature.model_validate({**STAMPED, "tolerance_seconds": 60})
    now = NOW.timestamp()
    mine, theirs = stamped(now, b"{}"), stamped(now, b"{}", "K").split(",")[1]

    def holds(given: str, body: bytes = b"{}") -> bool:
        return is_signed(body, given, how, "k", NOW)

    assert holds(mine)
    assert holds(f"{mine.replace(',', f',{theirs},')},v0=00"), "two secrets while one is changed"
    assert all(holds(stamped(now + seconds, b"{}")) for seconds in (-60, 60))
    assert not any(holds(stamped(now + seconds, b"{}")) for seconds in (-61, 61))
    odd = ["t=,v1=", "t=²,v1=00", f"t={'9' * 400},v1=00", theirs, ""]
    changed = [mine.replace("t=", "t=1"), mine[:-1], mine.replace("v1", "v0"), mine.split(",")[1], f"{mine},t=1"]
    assert not any(map(holds, odd + changed))
    assert not holds(mine, b"{ }")
    assert not is_signed(b"{}", stamped(now, b"{}", ""), how, "", NOW)


@pytest.mark.parametrize("more", [{"prefix": "v1="}, {"encoding": "base64"}])
def test_a_timestamped_signature_has_a_form_of_its_own(more: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="form of its own"):
        Signature.model_validate({**STAMPED, **more})
    with pytest.raises(ValidationError, match="needs scheme: timestamped"):
        Signature.model_validate({"header": "X-S", "secret": "s", "tolerance_seconds": 60})


def test_what_is_too_large_is_refused_packed_or_not(shop: Served) -> None:
    large = b'"' + b" " * HOOK_BYTES + b'"'
    assert post(shop, "n8n", large).status_code == 413
    packed = gzip.compress(large)
    signed = header_of(shop, "n8n", packed)
    assert post(shop, "n8n", packed, **signed, **{"content-encoding": "gzip"}).status_code == 413


def test_a_packed_body_is_signed_as_it_is_sent(shop: Served, repository: Path) -> None:
    packed = gzip.compress(examples(repository)["n8n"][1].encode())
    signed = header_of(shop, "n8n", packed)
    assert post(shop, "n8n", packed, **signed, **{"content-encoding": "gzip"}).status_code == 200
    assert events(shop) == EXPECTED["n8n"]


@pytest.mark.parametrize(
    ("method", "key", "status"),
    [("POST", "nothing", 404), ("POST", "till", 404), ("POST", "", 404), ("GET", "n8n", 405)],
)
def test_addresses_that_take_nothing(shop: Served, method: str, key: str, status: int) -> None:
    assert shop.browser.request(method, f"/hooks/{key}").status_code == status


@pytest.mark.parametrize(("body", "code"), [(b"{", "BAD_JSON"), (b"{}", "NO_NAME"), (b"\xff", "BAD_UTF8")])
def test_what_cannot_be_read_is_kept_for_a_better_mapping(shop: Served, body: bytes, code: str) -> None:
    assert post(shop, "n8n", body).status_code == 200
    assert events(shop) == []
    assert shop.site.workspace.engine.ops.query("SELECT code FROM quarantine") == [(code,)]


def test_a_mended_document_holds_for_what_waited(shop: Served) -> None:
    body = b'{"id": "x1", "kind": "Parcel Lost", "user": "u1"}'
    assert post(shop, "n8n", body).status_code == 200
    assert events(shop) == []
    place = shop.site.workspace
    path = place.root / "sources/n8n.yaml"
    path.write_text(path.read_text().replace("{from: event}", "{from: kind}"))
    reload_definitions(place)
    told = shop.browser.post("/api/quarantine/replay", json={}).json()
    assert (told["replayed"], told["events"]) == (1, 1)
    assert [name for name, _ in events(shop)] == ["Parcel Lost"]
    assert post(shop, "n8n", body).status_code == 200
    assert len(events(shop)) == 1


def test_nothing_is_acknowledged_before_it_is_durable(shop: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    failed: Future[Any] = Future()
    failed.set_exception(ForetellError("DISK_FULL", "the disk is full", transient=True))
    monkeypatch.setattr(shop.site.workspace.engine, "spool_submit", lambda _: failed)
    answer = post(shop, "n8n", b"{}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "DISK_FULL")
    assert int(answer.headers["retry-after"]) > 0


def test_the_snippet_of_a_webhook_sends_one(shop: Served) -> None:
    told = shop.get("sources/billing/snippet", kind="curl")
    assert "/hooks/billing" in told["text"]
    assert "X-Hub-Signature-256: sha256=$(" in told["text"]
    stamped_one = shop.get("sources/stripe/snippet", kind="curl")["text"]
    assert "Stripe-Signature: t=$T,v1=$V1" in stamped_one
    assert shop.get("sources/billing/snippet", 400)["error"]["code"] == "BAD_REQUEST"
