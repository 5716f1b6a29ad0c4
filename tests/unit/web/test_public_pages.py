"""The links of a mail: picture, click, unsubscription, preferences; and what becomes of wrong ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.served_sending import BROWSER, link, told, with_mail
from tests.support.served_workspace import Served


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[Served]:
    with with_mail(tmp_path) as found:
        yield found


def test_the_picture_tells_the_opening_once(mail: Served) -> None:
    path = link(mail, "o")
    for _ in range(2):
        answer = mail.browser.get(path, headers=BROWSER)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/gif")
        assert answer.content.startswith(b"GIF89a")
        assert "no-store" in answer.headers["cache-control"]
    assert len(told(mail, "Email Opened")) == 1
    assert mail.get("messages/m1")["message"]["opened_at"] is not None


def test_programs_that_load_pictures_are_no_people(mail: Served) -> None:
    mail.browser.get(link(mail, "o"), headers={"user-agent": "Mozilla/5.0"})
    mail.browser.request("HEAD", link(mail, "o"), headers=BROWSER)
    assert [row["machine"] for row in told(mail, "Email Opened")] == [True]
    assert mail.get("messages/m1")["message"]["opened_at"] is None


def test_a_click_leads_on_and_is_told(mail: Served) -> None:
    answer = mail.browser.get(link(mail, "c"), headers=BROWSER)
    assert (answer.status_code, answer.headers["location"]) == (302, "https://shop.example/?a=1&b=2")
    assert [row["link_url"] for row in told(mail, "Email Link Clicked")] == ["https://shop.example/?a=1&b=2"]


def test_leaving_asks_first_and_then_leaves(mail: Served) -> None:
    path = link(mail, "u")
    page = mail.browser.get(path, headers=BROWSER)
    assert page.status_code == 200
    assert "a•••@customers.example" in page.text
    assert "<script" not in page.text
    assert told(mail, "Unsubscribed") == []
    done = mail.browser.post(path, data={"confirmed": "yes"}, headers=BROWSER)
    assert "You are unsubscribed" in done.text
    assert mail.get("people/ann")["consents"][0]["state"] == "denied"


def test_mail_programs_leave_in_one_request(mail: Served) -> None:
    """RFC 8058: a POST with this body from the mail program's own machines, no page in between."""
    answer = mail.browser.post(link(mail, "u"), data={"List-Unsubscribe": "One-Click"}, headers={"user-agent": ""})
    assert answer.status_code == 200
    assert mail.get("people/ann")["consents"][0]["state"] == "denied"


def test_people_choose_what_they_get(mail: Served) -> None:
    path = link(mail, "p") if "/s/p/" in mail.get("inbox/m1")["html"] else link(mail, "u").replace("/s/u/", "/s/p/")
    page = mail.browser.get(path)
    assert 'value="email.marketing" checked' in page.text
    assert 'value="sms.marketing">' in page.text
    saved = mail.browser.post(path, data={"allow": ["sms.marketing"]})
    assert "Your choice is saved" in saved.text
    assert 'value="sms.marketing" checked' in saved.text
    states = {one["channel"]: one["state"] for one in mail.get("people/ann")["consents"]}
    assert states == {"email": "denied", "sms": "granted"}


@pytest.mark.parametrize("kind", ["c", "u", "p"])
def test_a_wrong_link_is_told_kindly(mail: Served, kind: str) -> None:
    right = link(mail, "u").rpartition("/")[2]
    other = "AAAA" if right[-8:-4] != "AAAA" else "BBBB"
    for token in ("nonsense", right[:-8] + other + right[-4:]):
        answer = mail.browser.get(f"/s/{kind}/{token}")
        assert answer.status_code == 404
        assert "This link does not work" in answer.text
        assert mail.browser.post(f"/s/{kind}/{token}").status_code in (404, 405)
    assert mail.browser.get("/s/o/nonsense.gif").status_code == 200


def test_a_mail_is_shown_as_somebody_elses_text(mail: Served) -> None:
    body = mail.get("inbox/m1")
    answer = mail.browser.get(body["html_url"])
    assert answer.headers["content-security-policy"].startswith("sandbox allow-popups")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "Dear Ann" in answer.text
    assert mail.get("inbox", channel="email")["total"] == 1
    assert mail.get("inbox", channel="sms")["total"] == 0


def test_the_ledger_and_the_chain_of_checks(mail: Served) -> None:
    assert [row["state"] for row in mail.get("messages", profile_id="ann")["rows"]] == ["delivered"]
    found = mail.get("messages/m1")
    assert found["decisions"][0]["decision"] == "send"
    assert all(check["passed"] for check in found["decisions"][0]["checks"])
    assert mail.get("messages/nothing", status=404)["error"]["code"].endswith("UNKNOWN")
