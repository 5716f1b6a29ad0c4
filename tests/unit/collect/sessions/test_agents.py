"""What user agents tell."""

from __future__ import annotations

import pytest

from foretell.collect.sessions.agents import read_agents

_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
_APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0",
            ("Firefox", "127.0", "Windows", "10", None, "desktop"),
        ),
        (
            f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_WEBKIT} Chrome/126.0.0.0 Safari/537.36",
            ("Chrome", "126.0", "Mac OS X", "10.15", "Apple Mac", "desktop"),
        ),
        (
            f"Mozilla/5.0 (Linux; Android 14; Pixel 8) {_WEBKIT} Chrome/126.0.0.0 Mobile Safari/537.36",
            ("Chrome Mobile", "126.0", "Android", "14", "Google Pixel 8", "phone"),
        ),
        (
            f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) {_APPLE}",
            ("Mobile Safari", "17.5", "iOS", "17.5", "Apple iPhone", "phone"),
        ),
        (
            f"Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) {_APPLE}",
            ("Mobile Safari", "17.5", "iOS", "17.5", "Apple iPad", "tablet"),
        ),
        (
            f"Mozilla/5.0 (Linux; Android 13; SM-X900) {_WEBKIT} Chrome/126.0.0.0 Safari/537.36",
            ("Chrome", "126.0", "Android", "13", "SM-X900", "tablet"),
        ),
        ("nothing that anybody knows", (None, None, None, None, None, "other")),
    ],
)
def test_people(agent: str, expected: tuple[str | None, ...]) -> None:
    (row,) = read_agents([agent]).to_pylist()
    assert not row["machine"]
    names = ("browser", "browser_version", "os", "os_version", "device_name", "device_type")
    assert tuple(row[name] for name in names) == expected


@pytest.mark.parametrize(
    "agent",
    [
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
        f"Mozilla/5.0 (X11; Linux x86_64) {_WEBKIT} HeadlessChrome/126.0.0.0 Safari/537.36",
        "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
        "Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)",
        "python-requests/2.32",
        "curl/8.5.0",
    ],
)
def test_programs(agent: str) -> None:
    (row,) = read_agents([agent]).to_pylist()
    assert row["machine"]
    assert row["device_type"] is None


def test_a_phone_called_cubot_is_no_robot() -> None:
    agent = f"Mozilla/5.0 (Linux; Android 12; CUBOT NOTE 20) {_WEBKIT} Chrome/126.0.0.0 Mobile Safari/537.36"
    (row,) = read_agents([agent]).to_pylist()
    assert not row["machine"]


def test_agents_of_any_length_and_content_are_read() -> None:
    strange = ["x" * 100_000, "\0", "(" * 5_000, "🦜" * 2_000]
    assert read_agents(strange)["user_agent"].to_pylist() == strange
