"""What we say to people ourselves is said in their language; every language says all of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from foretell import deliver
from tests.support.served_sending import BROWSER, link, told, with_mail
from tests.support.served_workspace import Served
from tests.support.small_events import NOW

FIELDS = re.compile(r"\{(\w+)\}")


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[Served]:
    with with_mail(tmp_path) as found:
        yield found


def speaks(mail: Served, language: str) -> None:
    """The person says in which language they read."""
    said = {"type": "identify", "messageId": f"l-{language}", "userId": "ann", "traits": {"language": language}}
    at = (NOW - timedelta(minutes=1)).isoformat()
    answer = mail.browser.post("/v1/batch", json={"batch": [{**said, "timestamp": at}]})
    assert answer.status_code == 200, answer.text
    mail.apply()


def test_pages_are_in_the_language_of_the_person(mail: Served) -> None:
    speaks(mail, "de-AT")
    page = mail.browser.get(link(mail, "u"), headers=BROWSER).text
    assert '<html lang="de">' in page
    assert "Keine Nachrichten mehr von" in page
    assert "Was " in mail.browser.get(link(mail, "p"), headers=BROWSER).text
    done = mail.browser.post(link(mail, "u"), headers=BROWSER).text
    assert "Sie sind abgemeldet" in done
    speaks(mail, "sv")
    assert '<html lang="en">' in mail.browser.get(link(mail, "u"), headers=BROWSER).text


def test_a_link_that_nobody_sees_tells_of_a_machine(mail: Served) -> None:
    answer = mail.browser.get(link(mail, "h"), headers=BROWSER)
    assert answer.status_code == 204
    (row,) = told(mail, "Email Link Clicked")
    assert row["machine"] is True
    assert mail.get("messages/m1")["message"]["clicked_at"] is None
    assert mail.browser.get("/s/h/" + link(mail, "c").rpartition("/")[2], headers=BROWSER).status_code == 204
    assert len(told(mail, "Email Link Clicked")) == 1


@pytest.mark.parametrize("language", deliver.phrase_languages())
def test_every_language_says_everything(language: str) -> None:
    usual, own = deliver.phrases("en"), deliver.phrases(language)
    path = Path(deliver.__file__).with_name("phrases") / f"{language}.yaml"
    named = {line.partition(":")[0] for line in path.read_text(encoding="utf-8").splitlines() if line}
    assert named == set(usual) - {"language"}
    for name, words in usual.items():
        assert set(FIELDS.findall(own[name])) == set(FIELDS.findall(words)), json.dumps({name: own[name]})
