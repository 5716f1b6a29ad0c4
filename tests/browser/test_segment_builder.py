"""A segment is built by hand in the app, saved, and kept."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from foretell.condition import parse
from tests.browser.living_shop import LivingShop

NAME = "Looked at shoes, bought little"


def field(page: Page, row: str, name: str) -> None:
    """Type ``name`` into the subject of a row."""
    box = page.get_by_role("group", name=row, exact=True).get_by_role("combobox", name="Event")
    expect(box).to_be_focused()  # the caret is in the new row
    box.fill(name)
    page.keyboard.press("Escape")


def add(page: Page, kind: str) -> None:
    """Add a row of that kind at the end."""
    page.get_by_role("button", name="Condition", exact=True).click()
    page.get_by_role("menuitem", name=kind, exact=True).click()


def test_a_segment_is_built_saved_and_listed(shop: LivingShop, page: Page) -> None:
    page.goto(f"{shop.address}/segments")
    page.get_by_role("link", name="New segment").click()
    expect(page.get_by_text("Add the first condition.")).to_be_visible()
    save = page.get_by_role("button", name="Save and keep fresh")
    expect(save).to_be_disabled()

    add(page, "Did something")
    field(page, "condition 1", "Product Viewed")
    page.get_by_role("button", name="Add to condition 1").click()
    page.get_by_role("menuitem", name="how often").click()
    add(page, "Did not do something")
    field(page, "condition 2", "Order Completed")
    page.get_by_role("combobox", name="Unit of window").select_option("days")
    page.get_by_role("textbox", name="Name").fill(NAME)

    wanted = {"all": [{"did": "Product Viewed", "times": {"gte": 2}}, {"did_not": "Order Completed", "within": "30d"}]}
    told = shop.workspace.reader.count(parse(wanted), as_of=shop.clock.instant)
    hero = page.locator(".ft-hero b")
    expect(hero).to_have_text(f"{told:,}", timeout=20_000)
    expect(page.get_by_text("People who did Product Viewed at least 2 times")).to_be_visible()
    rows = page.get_by_role("group", name="condition 2", exact=True).locator(".ft-cond-left b")
    expect(rows).to_have_text(f"{told:,}")

    page.get_by_role("tab", name="YAML").click()
    expect(page.get_by_role("textbox", name="Condition as YAML")).to_have_value(
        "all:\n  - {did: Product Viewed, times: {gte: 2}}\n  - {did_not: Order Completed, within: 30d}\n"
    )
    save.click()
    expect(page.get_by_role("link", name="Edit segment")).to_be_visible(timeout=20_000)
    expect(page.get_by_role("heading", level=1)).to_have_text(NAME)
    assert shop.api("segments/looked_at_shoes_bought_little")["condition"] == wanted

    page.get_by_role("link", name="Segments").first.click()
    row = page.get_by_role("table", name="Segments").get_by_role("row").filter(has_text=NAME)
    expect(row).to_contain_text(f"{told:,}")
