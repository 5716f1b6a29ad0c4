"""Audiences over a signed webhook: what goes over the wire, what becomes of it, and where it never goes."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from foretell import deliver
from foretell.definitions import WorkspaceSettings, load
from foretell.deliver.reaching import trusting
from foretell.engine import Engine
from foretell.testing.webhook_receiver import RETRY_AFTER_SECONDS, Receiver, webhook_receiver
from tests.support.small_events import NOW
from tests.support.small_sending import open_sending

KIND = deliver.channel_kinds()["webhook"]
HTTPS = {"url": "https://hooks.partner.example/in", "signing_secret": "hook"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with webhook_receiver("shared") as found:
        yield found


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_sending(tmp_path / "data") as found:
        yield found


def opened(engine: Engine, secret: str = "shared", **settings: Any) -> deliver.Channel:
    place = deliver.ChannelPlace(WorkspaceSettings(secrets={"hook": SecretStr(secret)}), engine.ops)
    return KIND.open(KIND.settings.model_validate({"signing_secret": "hook", **settings}), place)


def outgoing(message_id: str, address: str = "a1", text: str = '{"audience": "vips", "action": "join"}') -> Any:
    return deliver.Outgoing(message_id, "crm", address, "join VIPs", "", text, NOW)


def test_what_is_posted_is_signed_and_says_who_and_what(engine: Engine, receiver: Receiver) -> None:
    channel = opened(engine, url=receiver.url, allow_private=True)
    (receipt,) = channel.send([outgoing("m1", text='{"audience": "vips", "action": "join", "code": "Ü1"}')], now=NOW)
    assert (receipt.outcome, receipt.accepted_id) == ("accepted", "m1")
    assert receiver.taken == {
        "m1": {
            "id": "m1", "at": NOW.isoformat(), "hashed_email": "a1", "audience": "vips", "action": "join", "code": "Ü1",
        }
    }  # fmt: skip


def test_another_secret_is_refused(engine: Engine, receiver: Receiver) -> None:
    (receipt,) = opened(engine, "other", url=receiver.url, allow_private=True).send([outgoing("m1")], now=NOW)
    assert (receipt.outcome, receipt.error, receiver.unsigned) == ("refused", "it answered 401", 1)


def test_it_waits_as_long_as_it_is_asked_to(engine: Engine, receiver: Receiver) -> None:
    (receipt,) = opened(engine, url=receiver.url, allow_private=True).send([outgoing("m1", "later")], now=NOW)
    assert (receipt.outcome, receipt.retry_after) == ("later", timedelta(seconds=RETRY_AFTER_SECONDS))


def test_a_redirect_is_not_followed(engine: Engine, receiver: Receiver) -> None:
    (receipt,) = opened(engine, url=receiver.url, allow_private=True).send([outgoing("m1", "elsewhere")], now=NOW)
    assert (receipt.outcome, receipt.error) == ("refused", "it answered 302")


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "192.168.0.9", "169.254.169.254", "172.16.0.1", "0.0.0.0", "100.64.0.1", "224.0.0.1",
     "::1", "fd00::1", "::ffff:10.0.0.1", "fe80::1%2"],
)  # fmt: skip
def test_a_private_network_is_never_asked(engine: Engine, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Also where only one of the addresses of a name is private."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in ("93.184.215.14", address)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)

    def never(*_: object, **__: object) -> None:
        raise AssertionError("it was connected to")

    monkeypatch.setattr(socket, "create_connection", never)
    receipts = opened(engine, **HTTPS).send([outgoing("m1"), outgoing("m2")], now=NOW)
    assert [one.outcome for one in receipts] == ["later", "later"]
    assert all("a private network" in one.error for one in receipts)


def test_it_connects_to_the_address_that_it_looked_at(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that means another address a moment later leads nowhere else."""
    answers = iter(["93.184.215.14", "10.0.0.1"])
    asked: list[Any] = []

    def looked_up(*_: object, **__: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), 443))]

    def refused(address: Any, *_: object) -> None:
        asked.append(address)
        raise ConnectionRefusedError("nobody there")

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    monkeypatch.setattr(socket, "create_connection", refused)
    (receipt,) = opened(engine, **HTTPS).send([outgoing("m1")], now=NOW)
    assert (receipt.outcome, receipt.error) == ("later", "nobody there")
    assert asked == [("93.184.215.14", 443)]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"url": "http://partner.example/"}, "never sent unencrypted"),
        ({"url": "ftp://partner.example/", "allow_private": True}, "is to be https"),
        ({"url": "https://ann:secret@partner.example/"}, "without a name or password"),
        ({"url": "/hooks"}, "is to be https"),
        ({"url": "https://partner.example:99999/"}, "[Pp]ort"),
    ],
)
def test_what_is_no_address(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        KIND.settings.model_validate({"signing_secret": "hook", **settings})


def test_a_secret_that_is_not_there_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "channels").mkdir()
    settings = "{url: https://a.example/,\n    signing_secret: hook}"
    text = f"kind: channel\nkey: crm\nspec:\n  uses: webhook\n  settings: {settings}\n"
    (tmp_path / "channels" / "crm.yaml").write_text(text)
    (tmp_path / "foretell.yaml").write_text("name: a\n")
    _, (problem,) = load(tmp_path, (deliver.TEMPLATE, deliver.CHANNEL, deliver.AUDIENCE), environ={})
    assert (problem.code, problem.where) == ("SECRET_MISSING", "channels/crm.yaml:6")


def test_what_the_machine_trusts_is_read_once_and_again_where_it_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = tmp_path / "trusted.pem"
    ours.write_text("")
    monkeypatch.setenv("SSL_CERT_FILE", str(ours))
    first = trusting()
    assert (first.verify_mode, first.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert trusting() is first
    os.utime(ours, (1, 1))
    assert trusting() is not first
    ours.unlink()
    assert trusting().verify_mode == ssl.CERT_REQUIRED
