"""Who may ask: this machine alone, or whoever has the token; and no other site through somebody's browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from foretell.definitions import WorkspaceSettings
from foretell.errors import UsageError
from foretell.web import Access
from tests.support.served_workspace import Served, served


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("alone")) as found:
        yield found


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("guarded"), access=Access(token="long and random")) as found:
        yield found


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1", "[::1]:80"])
def test_this_machine_is_served(alone: Served, host: str) -> None:
    assert alone.browser.get("/api/workspace", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("path", ["/api/workspace", "/", "/healthz", "/s/u/x", "/v1/track"])
def test_a_foreign_name_that_points_here_is_refused(alone: Served, path: str) -> None:
    answer = alone.browser.get(path, headers={"host": "evil.example"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "NOT_ALLOWED")


@pytest.mark.parametrize(
    "headers", [{"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}]
)
def test_another_site_may_not_change_things(alone: Served, headers: dict[str, str]) -> None:
    answer = alone.browser.post("/api/anything", headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "NOT_ALLOWED")


def test_the_app_itself_may(alone: Served) -> None:
    headers = {"origin": "http://127.0.0.1", "sec-fetch-site": "same-origin"}
    assert alone.browser.post("/api/anything", headers=headers).status_code in (404, 405)


def test_without_the_token_nothing_is_told(guarded: Served) -> None:
    answer = guarded.browser.get("/api/workspace")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "NOT_SIGNED_IN")
    page = guarded.browser.get("/people?x=1", follow_redirects=False)
    assert (page.status_code, page.headers["location"]) == (303, "/login?next=/people")
    assert guarded.browser.get("/healthz").status_code == 200


@pytest.mark.parametrize("header", ["Bearer wrong", "Basic long and random", ""])
def test_a_wrong_token_is_no_token(guarded: Served, header: str) -> None:
    assert guarded.browser.get("/api/workspace", headers={"authorization": header}).status_code == 401


def test_the_token_or_the_cookie_opens(guarded: Served) -> None:
    bearer = {"authorization": "Bearer long and random"}
    assert guarded.browser.get("/api/workspace", headers=bearer).status_code == 200
    wrong = guarded.browser.post("/login", data={"token": "no", "next": "/people"})
    assert wrong.status_code == 401
    assert "not the token" in wrong.text
    right = guarded.browser.post("/login", data={"token": "long and random", "next": "/people"}, follow_redirects=False)
    assert (right.status_code, right.headers["location"]) == (303, "/people")
    cookie = right.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "long and random" not in cookie
    assert guarded.browser.get("/api/workspace").status_code == 200


@pytest.mark.parametrize(
    "address", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_signing_in_leads_nowhere_else(guarded: Served, address: str) -> None:
    answer = guarded.browser.post("/login", data={"token": "long and random", "next": address}, follow_redirects=False)
    assert answer.headers["location"] == "/"


def test_pages_are_protected(alone: Served) -> None:
    headers = alone.browser.get("/").headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "script-src" not in policy, "scripts fall under default-src: no inline ones"
    assert headers["x-content-type-options"] == "nosniff"


def test_others_are_not_served_without_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = WorkspaceSettings()
    assert Access.of(settings, "127.0.0.1").token == ""
    with pytest.raises(UsageError, match="FORETELL_TOKEN"):
        Access.of(settings, "0.0.0.0")
    named = WorkspaceSettings(
        secrets={"api_token": SecretStr("s1"), "write_key": SecretStr("k1"), "write_key_shop": SecretStr("k2")}
    )
    found = Access.of(named, "0.0.0.0")
    assert found.knows("s1")
    assert [found.source_of(key) for key in ("k1", "k2", "k3", "")] == ["api", "shop", None, None]
    assert "s1" not in repr(found)
    monkeypatch.setenv("FORETELL_TOKEN", "from the environment")
    assert Access.of(settings, "0.0.0.0").knows("from the environment")
