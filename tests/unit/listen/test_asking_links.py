"""Links to a survey for many: public ones, ones that end, and their QR codes."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import timedelta
from pathlib import Path

import pytest

from foretell import app, deliver
from foretell.definitions import Catalog, load, raise_errors
from foretell.errors import UsageError
from foretell.listen import asking
from tests.support.small_events import NOW
from tests.support.small_workspace import write

SIGNER = deliver.Signer(b"k" * 32, "https://mail.example")
SURVEY = """\
kind: survey
key: nps
spec: {title: Us, questions: [{key: recommend, type: nps, ask: How likely?}]}
"""


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    write(tmp_path, {"foretell.yaml": "name: Shop\n", "surveys/nps.yaml": SURVEY})
    found, problems = load(tmp_path, app.KINDS, environ={})
    raise_errors(problems)
    return found


def token(url: str) -> str:
    return url.rpartition("/")[2]


def test_a_public_link_is_short_and_says_how_it_was_spread(catalog: Catalog) -> None:
    plain = asking.share(catalog, SIGNER, "nps", now=NOW)
    assert (plain.url, plain.until) == ("https://mail.example/s/survey/nps", None)
    assert asking.share(catalog, SIGNER, "nps", channel="qr", now=NOW).url == f"{plain.url}?via=qr"


def test_a_link_that_ends_is_signed_and_over_to_the_second(catalog: Catalog) -> None:
    until = NOW + timedelta(days=7)
    link = asking.share(catalog, SIGNER, "nps", channel="sms", until=until, now=NOW)
    told = deliver.open_survey_link(SIGNER, token(link.url), now=until - timedelta(seconds=1))
    assert (told.kind, told.survey, told.channel, told.message_id) == ("survey", "nps", "sms", "")
    with pytest.raises(UsageError, match="this link is over") as over:
        deliver.open_survey_link(SIGNER, token(link.url), now=until)
    assert over.value.code == "LINK_EXPIRED"


@pytest.mark.parametrize(
    ("survey", "channel", "days", "code"),
    [
        ("none", "link", 7, "UNKNOWN_DEFINITION"),
        ("nps", "pigeon", 7, "UNKNOWN_CHANNEL"),
        ("nps", "link", -1, "LINK_EXPIRED"),
    ],
)
def test_links_that_cannot_be(catalog: Catalog, survey: str, channel: str, days: int, code: str) -> None:
    with pytest.raises(UsageError) as told:
        asking.share(catalog, SIGNER, survey, channel=channel, until=NOW + timedelta(days=days), now=NOW)
    assert told.value.code == code


@pytest.mark.parametrize("bent", ["x", "", "c3VydmV5", "ä"])
def test_a_made_up_link_opens_nothing(bent: str) -> None:
    with pytest.raises(UsageError) as told:
        deliver.open_survey_link(SIGNER, bent, now=NOW)
    assert told.value.code == "BAD_TOKEN"


def test_links_of_another_kind_open_no_survey() -> None:
    for url in (deliver.unsubscribe_url(SIGNER, "m1"), deliver.click_url(SIGNER, "m1", "https://a.example")):
        with pytest.raises(UsageError, match="no link of a survey"):
            deliver.open_survey_link(SIGNER, token(url), now=NOW)


def test_a_code_is_a_picture_that_stands_in_a_page() -> None:
    svg = asking.qr_code("https://mail.example/s/survey/nps?via=qr&x=<script>", scale=4)
    root = ET.fromstring(svg)
    assert root.tag.endswith("svg")
    assert int(root.attrib["width"]) == int(root.attrib["height"]) > 100
    assert "<script" not in svg
    assert "#fff" in svg.lower(), "readers need a light ground, also on a dark page"


def test_a_code_says_the_address() -> None:
    """Two addresses, two codes; the same twice, the same code."""
    codes = {asking.qr_code(f"https://mail.example/s/survey/{key}") for key in ("nps", "csat", "nps")}
    assert len(codes) == 2
    with pytest.raises(UsageError, match="too long"):
        asking.qr_code("https://mail.example/" + "x" * 3000)
