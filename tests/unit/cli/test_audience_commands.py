"""``audience list|show|check`` as people and programs call them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from foretell.cli.commands import run
from foretell.testing.meta import ACCOUNT, TOKEN, Meta, meta
from tests.support.small_workspace import EVENTS, write, write_documents

CONSENT = {
    "type": "track", "userId": "u1", "event": "Consent Updated", "messageId": "consent",
    "timestamp": "2025-01-31T11:00:00Z", "properties": {"channel": "ads", "purpose": "marketing", "state": "granted"},
}  # fmt: skip
Told = Callable[..., str]


@pytest.fixture
def platform() -> Iterator[Meta]:
    with meta() as vendor:
        yield vendor


@pytest.fixture
def told(tmp_path: Path, platform: Meta, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Told:
    write_documents(tmp_path)
    settings = f"{{base_url: '{platform.url}', allow_private: true, ad_account: '{ACCOUNT}', token_secret: meta}}"
    more = {
        "segments/buyers.yaml": "kind: segment\nkey: buyers\nspec: {condition: {did: Order Completed}}\n",
        "channels/social.yaml": f"kind: channel\nkey: social\nspec: {{uses: meta, settings: {settings}}}\n",
        "audiences/ads.yaml": "kind: audience\nkey: ads\nspec: {title: Buyers, channel: social, segment: buyers}\n",
        "audiences/lone.yaml": "kind: audience\nkey: lone\nspec: {channel: ads}\n",
    }
    write(tmp_path, more)
    (tmp_path / "foretell.yaml").write_text((tmp_path / "foretell.yaml").read_text() + "secrets: {meta: '${META}'}\n")
    monkeypatch.setenv("META", TOKEN)
    (tmp_path / "site.jsonl").write_text(EVENTS + json.dumps(CONSENT) + "\n")

    def call(*arguments: str, status: int = 0) -> str:
        assert run([*arguments, "--workspace", str(tmp_path)]) == status
        return "".join(capsys.readouterr())

    call("import", str(tmp_path / "site.jsonl"), "--source", "site")
    call("run")
    return call


def test_how_audiences_stand_and_the_way_to_the_platform(told: Told, platform: Meta) -> None:
    listed = told("audience", "list")
    assert "segment buyers" in listed
    assert "Nobody joins it" in listed
    shown = json.loads(told("audience", "show", "ads", "--json"))
    assert (shown["size"], shown["states"], shown["spec"]["segment"]) == (1, {"confirmed": 1}, "buyers")
    assert "1 people are in" in told("audience", "show", "ads")
    assert "id 2385" in told("audience", "check", "ads")
    assert "land in the inbox" in told("audience", "check", "lone")
    platform.limited = 1
    assert "too many calls" in told("audience", "check", "ads", status=1)
    assert "no audience" in told("audience", "show", "nothing", status=2)
