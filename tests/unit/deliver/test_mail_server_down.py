"""A mail server that is down, or an address that is none: nothing is lost, nothing goes twice, and it is told why."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from foretell import deliver
from foretell.definitions import Catalog
from foretell.testing.mail_server import mail_server
from tests.support.small_events import NOW
from tests.support.small_sending import TEMPLATE, arrive, ask, catalog, open_sending, person, states


def _through(root: Path, port: int) -> Catalog:
    settings = {"host": "127.0.0.1", "port": port, "security": "none", "timeout_seconds": 5}
    channel: dict[str, Any] = {"kind": "channel", "key": "email", "spec": {"uses": "smtp", "settings": settings}}
    return catalog(root, TEMPLATE, channel, settings={"sending": {"from_email": "shop@company.example"}})


def test_what_waits_for_a_server_goes_out_once_when_it_is_back(tmp_path: Path) -> None:
    down = _through(tmp_path, 1)
    with open_sending(tmp_path) as engine:
        arrive(engine, *person("ann", "email"))
        assert ask(engine, down, {"id": "m1", "who": "ann"}) == [("send", "ok")]
        for hours in (0, 1, 24):
            report = deliver.dispatch(engine, down, now=NOW + timedelta(hours=hours))
            assert (report.later, report.sent, states(engine)) == (1, {}, {"m1": "queued"})
        (row,) = deliver.ledger(engine).rows
        assert "127.0.0.1" in row["error"], "the ledger says what is wrong"
        with mail_server() as server:
            up = _through(tmp_path, server.port)
            for hours in (30, 31):
                deliver.dispatch(engine, up, now=NOW + timedelta(hours=hours))
            assert [mail["To"] for mail in server.mails] == ["ann@customers.example"]
        assert states(engine) == {"m1": "sent"}


def test_a_server_may_be_down_for_a_day_with_a_try_whenever_one_is_due(tmp_path: Path) -> None:
    down = _through(tmp_path, 1)
    with open_sending(tmp_path) as engine:
        arrive(engine, *person("ann", "email"))
        ask(engine, down, {"id": "m1", "who": "ann"})
        for minutes in range(0, 24 * 60, 20):
            deliver.dispatch(engine, down, now=NOW + timedelta(minutes=minutes))
        assert states(engine) == {"m1": "queued"}


def test_an_address_that_cannot_be_written_stops_nobody_else(tmp_path: Path) -> None:
    with open_sending(tmp_path) as engine, mail_server() as server:
        read = _through(tmp_path, server.port)
        for name in ("ann", "bo", "cy"):
            arrive(engine, *person(name, "email"))
        ask(
            engine, read, *({"id": f"m{place}", "who": name} for place, name in enumerate(("ann", "bo", "cy"), start=1))
        )
        with engine.ops.write() as tx:
            tx.execute(
                "UPDATE messages SET address = ? WHERE message_id = 'm2'", ("bo@x.example\r\nBcc: all@x.example",)
            )
        deliver.dispatch(engine, read, now=NOW)
        assert states(engine) == {"m1": "sent", "m2": "failed", "m3": "sent"}
        assert len(server.mails) == 2
        (row,) = deliver.ledger(engine, {"state": "failed"}).rows
        assert row["error"].startswith("it cannot be written as a mail: ")
