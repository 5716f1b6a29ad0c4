"""Signed links: nobody makes one, nobody bends one; machines by what they call themselves."""

from __future__ import annotations

import stat
from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretell.definitions import WorkspaceSettings
from foretell.deliver import (
    Signer,
    click_url,
    is_machine,
    open_url,
    preferences_url,
    signer_of,
    unsubscribe_url,
    verify_token,
)
from foretell.errors import UsageError
from tests.support.small_sending import open_sending

SIGNER = Signer(b"k" * 32, "https://mail.example")


def token(url: str) -> str:
    return url.rpartition("/")[2].removesuffix(".gif")


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\n"), min_size=1), st.text())
def test_a_click_leads_where_it_was_signed_for(message_id: str, url: str) -> None:
    found = verify_token(SIGNER, token(click_url(SIGNER, message_id, url)), "click")
    assert (found.message_id, found.url) == (message_id, url)


def test_kinds_do_not_stand_for_each_other() -> None:
    made = {"open": open_url, "unsubscribe": unsubscribe_url, "preferences": preferences_url}
    for kind, make in made.items():
        assert verify_token(SIGNER, token(make(SIGNER, "m1"))).kind == kind
        for other in set(made) - {kind}:
            with pytest.raises(UsageError):
                verify_token(SIGNER, token(make(SIGNER, "m1")), other)  # type: ignore[arg-type]
    assert open_url(SIGNER, "m1").startswith("https://mail.example/s/o/")
    assert open_url(SIGNER, "m1").endswith(".gif")


@given(st.data())
def test_a_changed_token_is_none(data: st.DataObject) -> None:
    whole = token(click_url(SIGNER, "m1", "https://a.example/path"))
    raw = bytearray(urlsafe_b64decode(whole + "=" * (-len(whole) % 4)))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(UsageError):
        verify_token(SIGNER, urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode())


@given(st.text(max_size=60))
def test_whatever_is_sent_as_a_token_is_answered(text: str) -> None:
    with pytest.raises(UsageError):
        verify_token(SIGNER, text)


def test_another_key_signs_nothing_here() -> None:
    with pytest.raises(UsageError):
        verify_token(SIGNER, token(open_url(Signer(b"x" * 32, "https://mail.example"), "m1")))


def test_the_key_is_made_once_and_kept_secret(tmp_path: Path) -> None:
    with open_sending(tmp_path) as engine:
        first = signer_of(engine, WorkspaceSettings())
        assert signer_of(engine, WorkspaceSettings()) == first
        assert stat.S_IMODE((tmp_path / "signing.key").stat().st_mode) == 0o600
        assert [path.name for path in tmp_path.glob("signing*")] == ["signing.key"]
        own = WorkspaceSettings.model_validate({"secrets": {"signing": "s" * 40}})
        assert signer_of(engine, own).key == b"s" * 40
        with pytest.raises(UsageError, match="fewer than 16"):
            signer_of(engine, WorkspaceSettings.model_validate({"secrets": {"signing": "short"}}))


@pytest.mark.parametrize(
    ("agent", "machine"),
    [
        ("Mozilla/5.0", True),
        ("", True),
        ("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", False),
        ("YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html", False),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)", False),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", True),
        ("curl/8.5.0", True),
    ],
)
def test_who_loads_pictures(agent: str, machine: bool) -> None:
    assert is_machine(agent) is machine


def test_a_prefetch_says_so() -> None:
    assert is_machine("Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0", {"sec-purpose": "prefetch;prerender"})
