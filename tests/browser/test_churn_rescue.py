"""The loop, through the app: somebody is about to leave, and is written to, or not, exactly as the journey says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from foretell.clock import utc
from tests.browser.living_shop import LivingShop

LATE = timedelta(hours=5)
"""The tick comes so much later than the step was due."""


@dataclass(frozen=True)
class People:
    """Four who entered: profile ids."""

    opens: str
    ignores: str
    buys: str
    held_out: str


@dataclass(frozen=True)
class Begun:
    """The journey has begun: who, and when the mails went out."""

    people: People
    sent_at: datetime


@pytest.fixture(scope="module")
def begun(shop: LivingShop) -> Begun:
    """After a month of silence many have crossed 70 %; the night is over, and the mails lie in the inbox."""
    crossing = shop.begin + timedelta(days=30)
    shop.go_to(shop.begin)
    shop.go_to(crossing)
    shop.go_to(crossing + timedelta(hours=12))
    treated = shop.rows(
        "SELECT m.profile_id, m.at, max(CASE WHEN c.channel = 'sms' THEN 1 ELSE 0 END) AS sms, "
        "max(CASE WHEN i.kind = 'phone' THEN 1 ELSE 0 END) AS phone FROM messages m "
        "JOIN profiles p ON p.profile_id = m.profile_id LEFT JOIN consents c ON c.profile_id = m.profile_id "
        "AND c.state = 'granted' AND c.purpose = 'marketing' LEFT JOIN identifiers i ON i.profile_id = m.profile_id "
        "WHERE m.step = 'miss_you' AND m.at > $since AND p.user_id IS NOT NULL GROUP BY m.profile_id, m.at "
        "ORDER BY m.profile_id",
        since=crossing,
    )
    texted = [row["profile_id"] for row in treated if row["sms"] and row["phone"]]
    others = [row["profile_id"] for row in treated if row["profile_id"] not in texted]
    held_out = shop.rows(
        "SELECT profile_id FROM journey_runs WHERE arm = 'held_out' AND entered_at >= $since ORDER BY 1 LIMIT 1",
        since=crossing,
    )
    assert texted, treated
    assert len(others) >= 2, treated
    people = People(others[0], texted[0], others[1], held_out[0]["profile_id"])
    for person in (people.opens, people.buys):  # so that no text can only mean that none was due
        shop.tell(person, "Consent Updated", channel="sms", purpose="marketing", state="granted")
    return Begun(people, utc(treated[0]["at"]))


def messages(shop: LivingShop, profile_id: str) -> dict[str, dict[str, Any]]:
    """A person's messages by step."""
    found = shop.rows("SELECT m.step, m.medium, m.at, m.state FROM messages m WHERE profile_id = $p", p=profile_id)
    return {row["step"]: row for row in found if row["step"]}


def decisions(shop: LivingShop, profile_id: str) -> list[tuple[str, str, str]]:
    """What was decided about messages to a person: step, decision, reason."""
    rows = shop.rows(
        "SELECT step, decision, reason FROM decisions d WHERE profile_id = $p ORDER BY d.at, d.step", p=profile_id
    )
    return [(row["step"], row["decision"], row["reason"]) for row in rows]


def panel_of(shop: LivingShop, page: Page, profile_id: str, **filters: str) -> Locator:
    """The panel of a person's only message with these filters, found in the list of messages and opened there."""
    told = "&".join(f"{name}={value}" for name, value in {"profile_id": profile_id, **filters}.items())
    page.goto(f"{shop.address}/messages?{told}")
    table = page.get_by_role("table", name="Messages")
    expect(table.get_by_role("row")).to_have_count(2)  # the head, and the message
    expect(table.locator(f"a[href^='/people/{profile_id}']")).to_be_visible()
    table.get_by_role("link").first.click()
    return page.get_by_role("complementary").filter(has=page.get_by_role("button", name="Close"))


def decided(panel: Locator) -> list[tuple[str, list[tuple[str, str]]]]:
    """What a message's panel says of every time it was asked for: the decision, and (check, sign) of its chain."""
    expect(panel.get_by_role("list").first).to_be_visible()
    found = []
    for part in panel.locator("section").filter(has=panel.page.locator(".ft-titleline")).all():
        chain = [
            (item.locator("span").nth(1).inner_text(), item.get_by_role("img").get_attribute("aria-label") or "")
            for item in part.get_by_role("listitem").all()
        ]
        found.append((part.locator(".ft-titleline").inner_text(), chain))
    return found


def name_of(shop: LivingShop, profile_id: str) -> str:
    """What the app calls a person."""
    return str(shop.api(f"people/{profile_id}")["name"])


def test_the_crossing_is_told_and_shown(shop: LivingShop, begun: Begun, page: Page) -> None:
    crossed = shop.rows(
        "SELECT 1 AS one FROM events WHERE profile_id = $p AND event = 'Prediction Band Crossed' "
        'AND properties LIKE \'%"to":"high"%\'',
        p=begun.people.opens,
    )
    assert len(crossed) == 1
    page.goto(f"{shop.address}/people/{begun.people.opens}")
    expect(page.get_by_role("heading", level=1)).to_contain_text(name_of(shop, begun.people.opens))
    expect(page.get_by_text("Leaves within 90 days").first).to_be_visible()
    churn = next(one for one in shop.api(f"people/{begun.people.opens}")["predictions"] if one["key"] == "churn")
    assert churn["score"] >= 0.7


def test_mails_wait_for_the_end_of_the_night(shop: LivingShop, begun: Begun, page: Page) -> None:
    assert begun.sent_at.astimezone(shop.workspace.settings.zone_info).strftime("%H:%M") == "08:00"
    found = decisions(shop, begun.people.opens)
    assert ("miss_you", "defer", "quiet_hours") in found
    assert ("miss_you", "send", "ok") in found
    panel = panel_of(shop, page, begun.people.opens, step="miss_you")
    expect(panel.get_by_text("Delivered").first).to_be_visible()
    later, sent = decided(panel)
    assert later[0].startswith("Put off\nQuiet hours\nasked again"), later
    assert ("Quiet hours", "stopped here") in later[1]
    assert ("Consent", "passed") in later[1]
    assert sent[0] == "Send\nAll checks passed"
    assert ("Quiet hours", "passed") in sent[1]
    assert {sign for _, sign in sent[1]} == {"passed"}


def test_opening_the_mail_in_the_inbox_loads_its_pixel(shop: LivingShop, begun: Begun, page: Page) -> None:
    (mail,) = shop.rows(
        "SELECT message_id FROM messages WHERE step = 'miss_you' AND profile_id = $p", p=begun.people.opens
    )
    page.goto(f"{shop.address}/inbox?channel=email")
    expect(page.get_by_role("heading", level=1)).to_have_text("Inbox")
    head = shop.api(f"inbox/{mail['message_id']}")
    with page.expect_response(lambda answer: "/s/o/" in answer.url) as pixel:
        page.get_by_role("link").filter(has_text=head["address"]).first.click()
    assert pixel.value.status == 200
    shown = shop.rows("SELECT opened_at FROM messages WHERE message_id = $m", m=mail["message_id"])
    assert shown[0]["opened_at"] is not None


def test_a_purchase_stops_everything(shop: LivingShop, begun: Begun) -> None:
    shop.tell(begun.people.buys, "Order Completed", order_id="in-time", revenue=30, currency="EUR")
    shop.go_to(shop.clock.instant + timedelta(minutes=1))
    (run,) = shop.rows("SELECT state FROM journey_runs WHERE profile_id = $p", p=begun.people.buys)
    assert run["state"] == "goal"


def test_a_day_later_only_who_did_not_open_gets_a_text(shop: LivingShop, begun: Begun, page: Page) -> None:
    due = begun.sent_at + timedelta(hours=24)
    shop.go_to(due + LATE)
    assert "text" not in messages(shop, begun.people.opens)
    text = messages(shop, begun.people.ignores)["text"]
    assert (text["medium"], utc(text["at"])) == ("sms", due)
    assert ("text", "send", "ok") in decisions(shop, begun.people.ignores)
    assert "text" not in messages(shop, begun.people.buys)
    page.goto(f"{shop.address}/inbox?channel=sms")
    phone = next(row["address"] for row in shop.api("inbox", channel="sms")["rows"] if row["step"] == "text")
    expect(page.get_by_text(phone).first).to_be_visible()
    panel = panel_of(shop, page, begun.people.ignores, step="text")
    expect(panel.get_by_text("SMS").first).to_be_visible()
    ((decision, chain),) = decided(panel)
    assert decision == "Send\nAll checks passed"
    assert {sign for _, sign in chain} == {"passed"}
    assert {"Consent", "Address", "Quiet hours", "Frequency cap"} <= {check for check, _ in chain}


def test_three_days_later_the_service_team_has_a_case(shop: LivingShop, begun: Begun, page: Page) -> None:
    due = begun.sent_at + timedelta(hours=72)
    shop.go_to(due + LATE)
    cases = shop.rows("SELECT profile_id, opened_at, priority FROM cases ORDER BY profile_id")
    mine = [row for row in cases if row["profile_id"] == begun.people.ignores]
    assert [(utc(row["opened_at"]), row["priority"]) for row in mine] == [(due, "high")]
    other = {begun.people.opens, begun.people.buys, begun.people.held_out}
    assert not other & {row["profile_id"] for row in cases}, begun
    page.goto(f"{shop.address}/cases")
    expect(page.get_by_text(name_of(shop, begun.people.ignores)).first).to_be_visible()


def test_the_held_out_get_nothing_and_it_is_written_down(shop: LivingShop, begun: Begun, page: Page) -> None:
    assert messages(shop, begun.people.held_out) == {}
    assert [found[1:] for found in decisions(shop, begun.people.held_out)] == [("held_out", "held_out")]
    panel = panel_of(shop, page, begun.people.held_out, decision="held_out")
    expect(panel.get_by_role("heading", level=2)).to_have_text("Held out")
    expect(panel.get_by_text("Nothing: it did not go out.")).to_be_visible()
    page.goto(f"{shop.address}/journeys/churn_rescue")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Churn rescue")
    expect(page.get_by_text("Held out, nothing sent").first).to_be_visible()


def test_who_bought_gets_nothing_more(shop: LivingShop, begun: Begun) -> None:
    assert {step for step, row in messages(shop, begun.people.buys).items() if row["medium"] != "ads"} == {"miss_you"}
