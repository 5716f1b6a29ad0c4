"""``/readyz``: ready or not by role, and what keeps a server from its work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from foretell.errors import ForetellError
from tests.support.served_workspace import Served, served


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path) as found:
        yield found


def asked(shop: Served, status: int) -> dict[str, Any]:
    answer = shop.browser.get("/readyz")
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    assert found["ready"] is (status == 200)
    return found


@pytest.mark.parametrize("role", ["all", "api", "worker"])
def test_a_server_that_can_work_is_ready(shop: Served, role: str) -> None:
    shop.site.role = role
    found = asked(shop, 200)
    assert (found["role"], found["stores"], found["spool"], found["problems"]) == (role, True, True, [])


def test_a_spool_that_cannot_be_written_is_a_problem(shop: Served) -> None:
    shop.site.workspace.engine.spool.close()
    found = asked(shop, 503)
    assert (found["stores"], found["spool"]) == (True, False)
    assert [one["code"] for one in found["problems"]] == ["SPOOL_CLOSED"]


def test_a_spool_whose_folder_is_gone_is_a_problem(shop: Served) -> None:
    folder = shop.site.workspace.engine.data / "spool"
    folder.rename(folder.with_name("elsewhere"))
    assert [one["code"] for one in asked(shop, 503)["problems"]] == ["FILE_MISSING"]
    folder.with_name("elsewhere").rename(folder)
    asked(shop, 200)


def test_stores_that_do_not_answer_are_a_problem(shop: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> None:
        raise ForetellError("STORE_GONE", "the store does not answer", transient=True)

    monkeypatch.setattr(shop.site.workspace.engine.ops, "look_up", gone)
    found = asked(shop, 503)
    assert (found["stores"], found["problems"][0]["code"]) == (False, "STORE_GONE")


def test_work_that_fails_is_told_until_it_goes_well_again(shop: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    worker, now = shop.site.worker, shop.site.now

    def broken(*_: object) -> None:
        raise OSError("no disk")

    with monkeypatch.context() as failing:
        failing.setattr(worker._apply, "_run", broken)
        worker._apply.attempt(now)
    found = asked(shop, 503)
    assert [(one["code"], one["what"]) for one in found["problems"]] == [("WORK_FAILED", "OSError: no disk")]
    worker._apply.attempt(now)
    asked(shop, 200)


def test_a_worker_that_ended_is_a_problem(shop: Served) -> None:
    shop.site.worker.start()
    asked(shop, 200)
    shop.site.worker.stop()
    assert [one["code"] for one in asked(shop, 503)["problems"]] == ["WORKER_ENDED"]
