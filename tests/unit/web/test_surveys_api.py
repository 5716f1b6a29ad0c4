"""``/api/surveys``: lists, the builder's saving and looking, results by question, responses, ways to share."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from foretell import collect
from foretell.clock import FixedClock
from foretell.identify import find
from foretell.profile.privacy import restrict
from tests.support.served_workspace import Served, served
from tests.support.small_workspace import write_documents

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)
NPS = """
kind: survey
key: nps
spec:
  title: {en: Would you recommend us?, de: Würden Sie uns empfehlen?}
  touchpoint: delivery
  questions:
    - {key: recommend, type: nps, required: true, ask: {en: How likely?, de: Wie wahrscheinlich?}}
    - {key: why, type: text, ask: {en: Why?, de: Warum?}, when: {recommend: {lte: 6}}}
    - key: liked
      type: choice
      several: true
      ask: {en: What did you like?, de: Was gefiel Ihnen?}
      options:
        - {key: price, label: {en: The price, de: Der Preis}}
        - {key: speed, label: {en: The speed, de: Die Geschwindigkeit}}
    - key: parts
      type: matrix
      ask: {en: How was each?, de: Wie war das Einzelne?}
      rows: [{key: shop, label: Shop}, {key: parcel, label: Parcel}]
      columns: [{key: bad, label: Bad}, {key: good, label: Good}]
"""
JOURNEY = """
kind: journey
key: after_order
spec:
  title: After an order
  trigger: {event: Order Completed}
  goal: {did: Survey Answered}
  goal_within: 14d
  steps:
    - {key: ask, survey: nps, template: ask_nps}
    - {key: finish, end: done}
"""
TEMPLATE = "kind: template\nkey: ask_nps\nspec: {subject: Hello, html: '{{ survey.buttons }}'}\n"
SPEC = {"title": "Short", "questions": [{"key": "stars", "type": "stars", "ask": "How many stars?"}]}
WRITTEN = "<script>alert(1)</script> مرحبا 🙂"


def _answers() -> Iterator[dict[str, Any]]:
    for number in range(12):
        given: dict[str, Any] = {"recommend": number % 11}
        given |= {"why": f"{WRITTEN} {number}"} if number % 11 <= 6 else {}
        given |= {"liked": ["price", "speed"] if number % 2 else ["price"]} if number < 8 else {}
        given |= {"parts": {"shop": "good", "parcel": "bad" if number < 3 else "good"}} if number < 6 else {}
        told = {
            "survey": "nps", "response_id": f"r{number}", "score": number % 11, "text": given.get("why"),
            "answers": given, "language": "de" if number < 4 else "en", "channel": "email" if number < 9 else "qr",
            "complete": number != 5, "message_id": f"m{number}" if number < 9 else None,
        }  # fmt: skip
        kept = {name: value for name, value in told.items() if value is not None}
        yield _line(f"a{number}", f"u{number}", f"2026-05-{10 + number}T08:00:00Z", "Survey Answered", kept)
    later = {"survey": "nps", "response_id": "r0", "score": 0, "part": 2, "complete": True, "language": "de",
             "channel": "email", "message_id": "m0", "answers": {"recommend": 0, "liked": ["speed"]}}  # fmt: skip
    yield _line("a0b", "u0", "2026-05-25T08:00:00Z", "Survey Answered", later)
    for number in range(20):
        asked = {"survey": "nps", "channel": "email", "message_id": f"m{number}", "run": f"run{number}", "step": "ask",
                 "journey": "after_order", "reminder": 0}  # fmt: skip
        yield _line(f"s{number}", f"u{number}", "2026-05-09T08:00:00Z", "Survey Sent", asked)
        if number == 1:
            again = {**asked, "message_id": "m1again", "reminder": 1}
            yield _line("s1again", "u1", "2026-05-12T08:00:00Z", "Survey Sent", again)


def _line(message: str, user: str, at: str, event: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "track", "event": event, "timestamp": at, "messageId": message, "userId": user,
            "properties": properties}  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("surveys")
    write_documents(folder)
    for name, text in (("surveys/nps", NPS), ("journeys/after_order", JOURNEY), ("templates/ask_nps", TEMPLATE)):
        path = folder / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    (folder / "past.jsonl").write_text("\n".join(map(json.dumps, _answers())) + "\n")
    with served(folder, clock=FixedClock(NOW)) as found:
        place = found.site.workspace
        assert not place.problems
        collect.import_files(place.engine, place.catalog, [folder / "past.jsonl"], "site", now=NOW, reader=place.frames)
        found.site.cache.forget()
        yield found


def _put(shop: Served, key: str, spec: object, **params: object) -> Any:
    return shop.browser.request("PUT", f"/api/surveys/{key}", params=params, json={"spec": spec})


def test_surveys_are_listed_with_who_was_asked_and_answered(shop: Served) -> None:
    (row,) = shop.get("surveys")["rows"]
    assert (row["key"], row["measure"], row["questions"], row["languages"]) == ("nps", "nps", 4, ["en", "de"])
    assert (row["asked"], row["answered"], row["answered_asked"], row["complete"]) == (20, 12, 9, 11)
    assert row["response"]["score"] == pytest.approx(9 / 20)
    assert row["response"]["low"] < 9 / 20 < row["response"]["high"]
    assert (row["kept_by"], row["state"], row["last_answer_at"]) == ("files", "open", "2026-05-25T08:00:00Z")
    # 12 people: 9, 10 promote; 7, 8 are passive; 0 to 6 and again 0 are detractors
    assert row["score"]["score"] == pytest.approx(100 * (2 - 8) / 12)
    assert (row["score"]["unit"], row["score"]["n"]) == ("points", 12)
    assert {one["key"] for one in shop.get("surveys")["ready"] if not one["there"]} >= {"csat", "ces", "churn_reasons"}


def test_one_survey_has_its_document_and_says_when_questions_are_asked(shop: Served) -> None:
    told = shop.get("surveys/nps")
    assert [one["when"] for one in told["asked_questions"]] == [None, "when recommend is at most 6", None, None]
    assert told["spec"]["questions"][0]["key"] == "recommend"
    assert "kind: survey" in told["yaml"]
    assert shop.get("surveys/nps", language="de")["asked_questions"][1]["ask"] == "Warum?"
    assert shop.get("surveys/rain", 404)["error"]["code"] == "UNKNOWN_DEFINITION"


def test_types_of_questions_tell_their_settings(shop: Served) -> None:
    types = {one["name"]: one for one in shop.get("surveys/types")["rows"]}
    assert set(types) >= {"nps", "csat", "ces", "stars", "choice", "matrix", "text", "product_review"}
    kinds = {one["name"]: one["kind"] for one in types["choice"]["fields"]}
    assert (kinds["options"], kinds["several"], kinds["most"], kinds["other"]) == ("options", "flag", "whole", "text")
    for one in types.values():
        spec = {"title": "T", "questions": [{"key": "q", "type": one["name"], **one["example"]}]}
        look = shop.browser.post("/api/surveys/look", json={"spec": spec}).json()
        assert [problem for problem in look["problems"] if problem["severity"] == "error"] == []


def test_a_survey_is_saved_changed_and_taken_out(shop: Served) -> None:
    saved = _put(shop, "short", SPEC, revision=0)
    assert (saved.status_code, saved.json()["revision"]) == (200, 1)
    assert {row["key"]: row["kept_by"] for row in shop.get("surveys")["rows"]} == {"nps": "files", "short": "app"}
    assert _put(shop, "short", {**SPEC, "touchpoint": "shop"}, revision=0).status_code == 409
    assert _put(shop, "short", {**SPEC, "touchpoint": "shop"}, revision=1).json()["revision"] == 2
    assert shop.get("surveys/short")["touchpoint"] == "shop"
    assert shop.browser.request("DELETE", "/api/surveys/short").status_code == 204
    shop.get("surveys/short", 404)


def test_what_people_keep_in_files_is_refused(shop: Served) -> None:
    assert _put(shop, "nps", SPEC).status_code == 409
    assert shop.browser.request("DELETE", "/api/surveys/nps").status_code == 409


def test_everything_wrong_is_told_at_its_field(shop: Served) -> None:
    wrong = {
        "title": "Wrong",
        "again_after": "0d",
        "questions": [
            {"key": "a", "type": "nps", "ask": "A?", "when": {"b": 1}},
            {"key": "c", "type": "choice", "ask": "C?", "options": [{"key": "x", "label": "X"}]},
            {"key": "d", "type": "rain", "ask": "D?"},
        ],
    }
    answer = _put(shop, "wrong", wrong)
    assert answer.status_code == 422
    told = [one["path"] for one in answer.json()["problems"]]
    assert ["questions", 1, "options"] in told
    assert ["questions", 2, "type"] in told
    look = shop.browser.post("/api/surveys/look", json={"key": "wrong", "spec": wrong}).json()
    assert look["html_url"] is None
    assert [one["path"] for one in look["problems"]] == told
    mended = {**wrong, "questions": wrong["questions"][:1]}
    paths = [one["path"] for one in shop.browser.post("/api/surveys/look", json={"spec": mended}).json()["problems"]]
    assert ["again_after"] in paths
    assert ["questions", 0, "when", "b"] in paths
    for odd in ({"title": "T", "questions": "none"}, {"title": 7, "questions": []}, {"rain": 1}, {}):
        assert _put(shop, "odd", odd).status_code == 422
    assert shop.browser.request("PUT", "/api/surveys/odd", json={"spec": []}).status_code == 422


def test_a_draft_is_looked_at_page_by_page_and_lets_nothing_run(shop: Served) -> None:
    spec = shop.get("surveys/nps")["spec"]
    spec = {**spec, "title": "<script>alert(1)</script>", "questions": [*spec["questions"]]}
    look = shop.browser.post("/api/surveys/look", json={"key": "nps", "spec": spec}).json()
    assert look["screens"] == ["recommend", "why", "liked, parts"]
    page = shop.browser.get(look["html_url"])
    assert page.status_code == 200
    assert page.headers["content-security-policy"].startswith("sandbox;")
    assert "<script" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text
    assert "How likely?" in page.text
    assert "Wie wahrscheinlich?" in shop.browser.get(look["html_url"], params={"language": "de"}).text
    assert "Warum?" in shop.browser.get(look["html_url"], params={"language": "de", "screen": 2}).text
    end = shop.browser.get(look["html_url"], params={"screen": 4})
    assert end.status_code == 200
    assert "<form" not in end.text
    assert shop.browser.get("/api/surveys/looks/l_none/html").status_code == 404
    assert [row["key"] for row in shop.get("surveys")["rows"]] == ["nps"]


def test_results_count_the_last_word_of_each_response(shop: Served) -> None:
    told = shop.get("surveys/nps/results")
    by_key = {one["key"]: one for one in told["questions"]}
    (score,) = by_key["recommend"]["parts"]
    assert {one["value"]: one["count"] for one in score["counts"]}["0"] == 2
    assert score["mean"]["score"] == pytest.approx(sum(range(11)) / 12)
    (liked,) = by_key["liked"]["parts"]
    # r0 said price first, and speed in its second part, which counts
    assert {one["label"]: one["count"] for one in liked["counts"]} == {"The price": 7, "The speed": 5}
    assert (liked["holds"], liked["n"]) == ("choices", 8)
    assert by_key["parts"]["shape"] == "matrix"
    parcel = by_key["parts"]["parts"][1]
    assert {one["value"]: one["count"] for one in parcel["counts"]} == {"bad": 3, "good": 3}
    assert parcel["counts"][0]["share"]["score"] == pytest.approx(0.5)
    assert (by_key["why"]["n"], by_key["why"]["parts"][0]["counts"]) == (8, [])


def test_the_funnel_counts_an_asking_once(shop: Served) -> None:
    told = shop.get("surveys/nps/results")
    counts = {one["stage"]: one["count"] for one in told["funnel"]}
    assert counts == {"sent": 20, "opened": 9, "clicked": 9, "answered": 9, "complete": 8}
    assert told["funnel"][0]["share"] is None
    assert {one["value"]: one["answered"] for one in told["by_channel"]} == {"email": 9, "qr": 3}
    assert {one["value"]: one["answered"] for one in told["by_language"]} == {"en": 8, "de": 4}


def test_results_are_narrowed(shop: Served) -> None:
    assert shop.get("surveys/nps/results", channel="qr")["answered"] == 3
    german = shop.get("surveys/nps/results", language="de")
    assert (german["answered"], german["funnel"], german["score"]) == (4, [], None)
    assert shop.get("surveys/nps/results", days=13)["answered"] == 2
    nobody = shop.get("surveys/nps/results", channel="fax")
    assert (nobody["answered"], nobody["last_answer_at"], nobody["response"]) == (0, None, None)
    shop.get("surveys/nps/results", 422, days=0)


def test_words_are_paged_as_they_were_written(shop: Served) -> None:
    told = shop.get("surveys/nps/texts", of="why")
    assert told["total"] == 8
    assert told["rows"][0]["text"] == f"{WRITTEN} 11"
    assert told["rows"][0]["person"] == "u11"
    assert shop.get("surveys/nps/texts", of="why", page=2)["rows"] == []
    assert shop.get("surveys/nps/texts", 404, of="liked")["error"]["code"] == "UNKNOWN_QUESTION"


def test_responses_are_listed_filtered_and_shown(shop: Served) -> None:
    told = shop.get("surveys/nps/responses")
    assert (told["total"], told["rows"][0]["response_id"]) == (12, "r11")
    assert shop.get("surveys/nps/responses", complete=False)["total"] == 1
    assert shop.get("surveys/nps/responses", question="liked", answer="speed")["total"] == 5
    assert shop.get("surveys/nps/responses", question="recommend", answer="0")["total"] == 2
    assert shop.get("surveys/nps/responses", question="parts.parcel", answer="bad")["total"] == 3
    assert shop.get("surveys/nps/responses", question="rain", answer="'; DROP TABLE x")["total"] == 0
    one = shop.get("surveys/nps/responses/r0")
    assert one["answered_at"] < one["changed_at"]
    assert {row["key"]: row["answers"] for row in one["answers"]} == {
        "recommend": ["0"], "why": [f"{WRITTEN} 0"], "liked": ["The speed"], "parts": ["Shop: Good", "Parcel: Bad"],
    }  # fmt: skip
    assert shop.get("surveys/nps/responses/none", 404)["error"]["code"] == "UNKNOWN_RESPONSE"


def test_responses_as_a_file_leave_out_whose_data_may_not_go_out(shop: Served) -> None:
    engine = shop.site.workspace.engine
    with engine.ops.write() as tx:
        restrict(tx, find(engine, "user_id:u3").profile_key, "restriction", reason="asked", made_by="test", at=NOW)
    answer = shop.browser.get("/api/surveys/nps/responses.csv")
    assert answer.headers["foretell-left-out"] == "restricted=1"
    rows = {row["response_id"]: row for row in csv.DictReader(io.StringIO(answer.text))}
    assert set(rows) == {f"r{number}" for number in range(12)} - {"r3"}
    assert (rows["r1"]["answers.liked"], rows["r1"]["answers.parts.parcel"]) == ("price, speed", "bad")
    assert rows["r1"]["answers.why"] == f"{WRITTEN} 1"


def test_the_ways_to_a_survey(shop: Served) -> None:
    told = shop.get("surveys/nps/sharing")
    public = told["public"]
    assert public["link"].endswith("/s/survey/nps")
    assert public["page"] == "http://127.0.0.1/s/survey/nps"
    assert public["qr_svg"].startswith("<svg")
    assert 'widget.js" data-survey="nps"' in public["snippet"]
    assert [(one["key"], one["step"], one["asked"]) for one in told["journeys"]] == [("after_order", "ask", 20)]
    assert "purchase_survey" in {one["key"] for one in told["ready"]}
