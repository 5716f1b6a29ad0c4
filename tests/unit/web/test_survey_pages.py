"""Surveys as pages: looked at without an answer, answered part by part, safe against whatever is sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from foretell import protect
from foretell.app import protected
from foretell.clock import FixedClock
from foretell.listen import surveys
from tests.support.served_surveys import (
    BROWSER,
    answered,
    events,
    fields,
    page_of,
    score_of,
    send,
    settled,
    with_surveys,
)
from tests.support.served_workspace import Served
from tests.support.small_events import NOW

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Served]:
    with with_surveys(tmp_path) as found:
        yield found


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """For tests that answer by responses of their own."""
    with with_surveys(tmp_path_factory.mktemp("shared")) as found:
        yield found


def test_one_click_answers_thanks_and_asks_why(site: Served) -> None:
    path = score_of(site, 3)
    for method in ("GET", "HEAD"):
        looked = site.browser.request(method, path, headers=BROWSER)
        assert looked.status_code == 200
    page = site.browser.get(path, headers=BROWSER).text
    assert 'value="3" checked' in page
    assert "data-at-once" in page
    assert events(site) == []
    after = send(site, path, page, recommend="3")
    assert after.status_code == 200
    assert "Thank you, your answer is saved." in after.text
    assert "What went wrong?" in after.text
    assert "What did you like?" not in after.text
    assert events(site) == [], "within its minute it may turn out that a program clicked"
    done = send(site, path, after.text, why="It was late")
    assert "<h1 data-over>Thank you</h1>" in done.text
    (row,) = answered(site)
    assert (row["score"], row["text"], row["complete"]) == (3.0, "It was late", True)
    assert (row["measure"], row["channel"]) == ("nps", "email")
    assert [one["part"] for one in events(site)] == [1]
    assert settled(site) == (0, 0)
    about = {name: row[name] for name in ("message_id", "order_id", "product_id", "touchpoint", "journey", "step")}
    assert about == {"message_id": "m-nps", "order_id": "o1", "product_id": "p9", "touchpoint": "delivery",
                     "journey": "rescue", "step": "first"}  # fmt: skip
    assert row["profile_id"] == site.get("people/ann")["profile_id"]


def test_a_replay_adds_nothing_and_a_new_score_is_another_part(site: Served) -> None:
    path = score_of(site, 10)
    page = site.browser.get(path, headers=BROWSER).text
    for _ in range(3):
        assert send(site, path, page, recommend="10").status_code == 200
    assert settled(site) == (1, 0)
    assert send(site, path, page, recommend="10").status_code == 200
    assert settled(site) == (0, 0)
    assert len(events(site)) == 1
    again = site.browser.get(path, headers=BROWSER).text
    assert "data-at-once" not in again
    assert "What did you like?" in again
    site.site.workspace.clock = FixedClock(NOW + timedelta(minutes=5))
    other = score_of(site, 2)
    send(site, other, site.browser.get(other, headers=BROWSER).text, recommend="2")
    assert answered(site)[0]["score"] == 10.0
    assert settled(site) == (1, 0)
    (row,) = answered(site)
    assert (row["score"], row["answered_at"] < row["changed_at"]) == (2.0, True)


def test_the_page_of_a_message_goes_on_where_somebody_stopped(site: Served) -> None:
    path = page_of(site)
    page = site.browser.get(path, headers=BROWSER)
    assert "Would you recommend us?" in page.text
    assert "data-at-once" not in page.text
    send(site, path, page.text, recommend="9")
    back = site.browser.get(path, headers=BROWSER).text
    assert "What did you like?" in back
    assert "Would you recommend us?" not in back
    send(site, path, back, liked=["price", "other"], liked_other="Parking")
    assert events(site)[-1]["answers.liked"] == ["price", "other"]
    assert events(site)[-1]["answers.liked_other"] == "Parking"
    assert "data-over" in site.browser.get(path, headers=BROWSER).text


@pytest.mark.parametrize(("sent", "said"), [
    ({}, "Please answer this question."), ({"recommend": "11"}, "Please choose one of the answers."),
    ({"recommend": "'; DROP TABLE cases"}, "Please choose one of the answers."),
])  # fmt: skip
def test_errors_stand_beside_the_question(shared: Served, sent: dict[str, str], said: str) -> None:
    path = "/s/survey/nps"
    page = shared.browser.get(path, headers=BROWSER).text
    answer = send(shared, path, page, **sent)
    assert answer.status_code == 422
    assert f'<p class="bad" id="fault-recommend">{said}</p>' in answer.text
    assert 'aria-describedby="fault-recommend"' in answer.text
    assert 'role="alert"' in answer.text
    assert '<a href="#q-recommend">' in answer.text


def test_hostile_texts_are_kept_and_never_markup(shared: Served) -> None:
    """100 kB with script, right-to-left and emoji: as it was, in the event; as text, on the page."""
    text = f"{SCRIPT} \u202eمرحبا 👩‍👩‍👧 {{{{ 7*7 }}}} " + "ü" * 50_000
    path = "/s/survey/nps"
    page = shared.browser.get(path, headers=BROWSER).text
    second = send(shared, path, page, recommend="1").text
    third = send(shared, path, second, why=text)
    assert third.status_code == 200
    told = [one for one in events(shared) if one.get("answers.why", "").startswith("<script>")]
    assert [one["text"] for one in told] == [text.strip()]
    wrong = send(shared, path, page, recommend="'\"><script>alert(3)</script>")
    assert "<script>alert" not in wrong.text


def test_values_that_are_sent_back_are_text(tmp_path: Path) -> None:
    first = {"key": "a", "type": "text", "ask": SCRIPT, "hint": SCRIPT, "most": 5}
    asked = [first, {"key": "b", "type": "stars", "ask": "B"}]
    spec = {"title": SCRIPT, "thanks": SCRIPT, "brand": {"name": SCRIPT}, "questions": asked}
    with with_surveys(tmp_path, {"odd": spec}) as site:
        page = site.browser.get("/s/survey/odd", headers=BROWSER).text
        again = send(site, "/s/survey/odd", page, a="</textarea>" + SCRIPT)
        done = send(site, "/s/survey/odd", page, a="ok", b="4")
        assert (again.status_code, done.status_code) == (422, 200)
        for text in (page, again.text, done.text):
            assert "<script>alert" not in text
            assert "<img src=x" not in text
        assert "&lt;/textarea&gt;&lt;script&gt;" in again.text


def test_more_than_any_request_may_have_is_refused_kindly(shared: Served) -> None:
    page = shared.browser.get("/s/survey/nps", headers=BROWSER).text
    answer = send(shared, "/s/survey/nps", page, recommend="1", why="x" * 1_200_000)
    assert answer.status_code == 413
    assert "That is too long" in answer.text


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b'{"q.recommend": 3}'),
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=x", b"not what it says"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="q.recommend"; filename="a"\r\n\r\n3\r\n--x--\r\n',
        ),
        (
            "multipart/form-data; boundary=x; charset=nonsense",
            b'--x\r\nContent-Disposition: form-data; name="q.why"\r\n\r\n\xff\xfe\r\n--x--\r\n',
        ),
        ("application/x-www-form-urlencoded", b"&".join(b"f%d=1" % number for number in range(2_500))),
        ("application/x-www-form-urlencoded; charset=utf-16", "q.recommend=3".encode("utf-16")),
        ("", b""),
    ],
)
def test_what_is_no_form_shows_the_page_again(shared: Served, kind: str, body: bytes) -> None:
    before = len(events(shared))
    headers = {**BROWSER, **({"content-type": kind} if kind else {})}
    answer = shared.browser.post("/s/survey/nps", content=body, headers=headers)
    assert (answer.status_code, "Would you recommend us?" in answer.text) == (200, True), answer.text[:300]
    assert len(events(shared)) == before


def test_lists_of_questions_are_bounded(shared: Served) -> None:
    page = shared.browser.get("/s/survey/nps", headers=BROWSER).text
    data = {**fields(page), "seen": "nothing," * 5_000 + "why", "q.recommend": "2"}
    assert "What went wrong?" in shared.browser.post("/s/survey/nps", data=data, headers=BROWSER).text


def test_pages_allow_nothing_but_themselves(shared: Served) -> None:
    answer = shared.browser.get("/s/survey/nps", headers=BROWSER)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self' 'nonce-")
    assert "script-src 'self'" in policy
    assert "'unsafe" not in policy
    assert "frame-ancestors 'self'" in policy
    framed = shared.browser.get("/s/survey/nps?frame=1", headers=BROWSER)
    assert "frame-ancestors *" in framed.headers["content-security-policy"]
    assert 'class="framed"' in framed.text
    assert answer.headers["cache-control"] == "no-store"
    assert " style=" not in answer.text
    assert " onclick" not in answer.text
    for kind in ("css", "js"):
        assert f"/s/survey.{kind}?v=" in answer.text


def test_files_are_kept_by_browsers(shared: Served) -> None:
    for name in ("survey.css", "survey.js", "widget.js"):
        answer = shared.browser.get(f"/s/{name}")
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=3600"
        tag = answer.headers["etag"]
        assert shared.browser.get(f"/s/{name}", headers={"if-none-match": tag}).status_code == 304
        kept = shared.browser.get(f"/s/{name}?v={tag.strip(chr(34))}").headers["cache-control"]
        assert "immutable" in kept
    assert shared.browser.get("/s/widget.js").headers["cross-origin-resource-policy"] == "cross-origin"


def test_pages_speak_the_languages_of_the_survey(shared: Served) -> None:
    page = shared.browser.get("/s/survey/nps?lang=ar", headers=BROWSER).text
    assert '<html lang="ar" dir="rtl">' in page
    assert "كيف كانت تجربتك؟" in page
    browser = {**BROWSER, "accept-language": "de-CH,de;q=0.9"}
    page = shared.browser.get("/s/survey/nps", headers=browser).text
    assert '<html lang="de" dir="ltr">' in page
    assert "Sehr unwahrscheinlich" in page
    assert '<a href="/s/survey/nps?lang=ar" lang="ar" hreflang="ar">العربية</a>' in page
    assert '<html lang="en"' in shared.browser.get("/s/survey/nps?lang=sv", headers=BROWSER).text
    assert '<html lang="en"' in shared.browser.get("/s/survey/nps?lang=%22%3E%3Cb", headers=BROWSER).text


def test_public_answers_are_of_nobody_unless_the_shop_tracks_the_visitor(shared: Served) -> None:
    path = "/s/survey/nps?via=web&touchpoint=checkout&product=p1"
    rows = {}
    for who in ("", "device-1", "never-seen", "ann", "user_id:ann", "x" * 5_000):
        page = shared.browser.get(path, headers=BROWSER).text
        data = {**fields(page), "who": who, "q.recommend": "8"}
        assert shared.browser.post(path, data=data, headers=BROWSER).status_code == 200
        rows[who] = next(row for row in answered(shared) if row["response_id"] == fields(page)["response"])
    ann = shared.get("people/ann")["profile_id"]
    assert {who: row["profile_id"] for who, row in rows.items() if row["profile_id"]} == {"device-1": ann}
    assert (rows[""]["channel"], rows[""]["touchpoint"], rows[""]["product_id"]) == ("web", "checkout", "p1")


def test_a_visitor_who_is_known_goes_on_with_the_response(site: Served) -> None:
    """The page's address after the first part no longer says who it is."""
    page = site.browser.get("/s/survey/nps", headers=BROWSER).text
    data = {**fields(page), "who": "device-1", "q.recommend": "2"}
    second = site.browser.post("/s/survey/nps", data=data, headers=BROWSER)
    done = send(site, "/s/survey/nps", second.text, why="Late")
    assert "data-over" in done.text
    (row,) = answered(site)
    assert (row["text"], row["profile_id"]) == ("Late", site.get("people/ann")["profile_id"])


def test_a_response_of_somebody_else_cannot_be_added_to(site: Served) -> None:
    path = page_of(site)
    send(site, path, site.browser.get(path, headers=BROWSER).text, recommend="9")
    (row,) = answered(site)
    page = site.browser.get("/s/survey/nps", headers=BROWSER).text
    stolen = {**fields(page), "response": row["response_id"], "q.recommend": "0"}
    assert site.browser.post("/s/survey/nps", data=stolen, headers=BROWSER).status_code == 200
    assert {one["response_id"]: one["score"] for one in answered(site)}[row["response_id"]] == 9.0
    assert len(answered(site)) == 2


def test_a_filled_trap_saves_nothing(shared: Served) -> None:
    before = len(events(shared))
    page = shared.browser.get("/s/survey/nps", headers=BROWSER).text
    data = {**fields(page), "q.recommend": "8", "website": "https://spam.example"}
    assert "data-over" in shared.browser.post("/s/survey/nps", data=data, headers=BROWSER).text
    assert len(events(shared)) == before


@pytest.mark.parametrize("kind", ["q", "a"])
def test_forged_and_foreign_links_are_told_kindly(site: Served, kind: str) -> None:
    right = (page_of(site) if kind == "q" else score_of(site, 5)).rpartition("/")[2]
    unsubscribe = site.get("inbox/m-nps")["headers"]["List-Unsubscribe"].strip("<>").rpartition("/")[2]
    for token in ("nonsense", "%00", right[:-2] + ("AA" if right[-2:] != "AA" else "BB"), right + "A", unsubscribe):
        for method in ("GET", "POST"):
            answer = site.browser.request(method, f"/s/{kind}/{token}", headers=BROWSER)
            assert (answer.status_code, "This link does not work" in answer.text) == (404, True), token
    assert events(site) == []


def test_links_end_surveys_close_and_unknown_ones_are_told(site: Served) -> None:
    assert site.browser.get("/s/survey/nothing", headers=BROWSER).status_code == 404
    for method in ("GET", "POST"):
        closed = site.browser.request(method, "/s/survey/closed", headers=BROWSER)
        assert (closed.status_code, "This survey is over" in closed.text) == (410, True)
    path = page_of(site)
    page = site.browser.get(path, headers=BROWSER).text
    site.site.workspace.clock = FixedClock(NOW + timedelta(days=31))
    late = send(site, path, page, recommend="9")
    assert (late.status_code, "This link has expired" in late.text) == (410, True)
    assert events(site) == []


def test_an_answer_after_erasure_is_of_nobody_and_says_so(site: Served) -> None:
    path = page_of(site)
    page = site.browser.get(path, headers=BROWSER).text
    send(site, path, page, recommend="9")
    assert site.site.workspace.engine.ops.query("SELECT count(*) FROM survey_given") == [(1,)]
    protect.erase_people(protected(site.site.workspace), ["user_id:ann"], made_by="test", now=NOW)
    assert site.site.workspace.engine.ops.query("SELECT count(*) FROM survey_given") == [(0,)]
    late = send(site, path, page, recommend="2")
    assert (late.status_code, "belongs to nobody any more" in late.text) == (410, True)
    (row,) = answered(site)
    assert (row["score"], row["profile_id"][:2], row["text"], row["message_id"]) == (9.0, "x_", None, None)


def test_an_anonymous_score_waits_for_the_button(site: Served) -> None:
    """Nothing is kept of the click, and so nothing by which a scanner's script could be told."""
    page = site.browser.get(score_of(site, 2, "m-secret"), headers=BROWSER).text
    assert 'value="2" checked' in page
    assert "data-at-once" not in page
    assert site.site.workspace.engine.ops.query("SELECT count(*) FROM survey_looks") == [(0,)]


def test_anonymous_answers_lead_to_nobody(site: Served) -> None:
    engine, path = site.site.workspace.engine, page_of(site, "m-secret")
    page = site.browser.get(path, headers=BROWSER).text
    assert "Your answers are anonymous" in page
    second = send(site, path, page, mood="2")
    assert "Anything else?" in second.text
    assert events(site) == []
    send(site, path, second.text, more="I am Ann, honestly")
    used = site.browser.get(path, headers=BROWSER)
    assert "This link was used already" in used.text
    assert "honestly" not in used.text
    fresh = {**fields(page), "response": "0" * 32, "q.mood": "5"}
    assert "used already" in site.browser.post(path, data=fresh, headers=BROWSER).text
    assert events(site, "Email Link Clicked") == []
    assert surveys.tell_anonymous(engine, site.site.workspace.catalog, now=NOW) == 0
    assert surveys.tell_anonymous(engine, site.site.workspace.catalog, now=NOW + timedelta(days=1)) == 1
    assert surveys.tell_anonymous(engine, site.site.workspace.catalog, now=NOW + timedelta(days=1)) == 0
    (row,) = answered(site)
    lost = ("profile_id", "message_id", "journey", "run", "step", "order_id", "product_id", "agent", "asked_at")
    assert {row[name] for name in lost} == {"", None}
    assert (row["score"], row["text"], row["anonymous"]) == (2.0, "I am Ann, honestly", True)
    assert row["answered_at"].replace(tzinfo=NOW.tzinfo) < NOW
    assert row["answered_at"].minute == row["answered_at"].second == 0
    ((left,),) = engine.ops.query("SELECT rows FROM survey_marks")
    assert list(json.loads(left).values()) == [1]
    assert engine.ops.query("SELECT count(*) FROM survey_kept") == [(0,)]
    assert engine.ops.query("SELECT count(*) FROM survey_given") == [(0,)]


def test_fields_have_labels_and_groups_have_legends(shared: Served) -> None:
    page = shared.browser.get("/s/survey/nps", headers=BROWSER).text
    assert page.count('<input type="radio"') == 11
    assert page.count("<legend>") == 1
    assert 'role="radiogroup" aria-required="true"' in page.replace("\n", " ")
    assert "<h1>How are we doing?</h1>" in page
    assert "Questions answered: 0 of 3" in page
