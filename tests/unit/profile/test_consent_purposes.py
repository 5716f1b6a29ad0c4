"""Purposes as a document, the one door, lapsing grants, words of several identities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from foretell import profile
from foretell.condition import Reader, parse
from foretell.definitions import Catalog, Positions, WorkspaceSettings, catalog_of
from foretell.deliver import TEMPLATE
from foretell.engine import Engine
from foretell.identify import find
from foretell.profile import Purposes, allowed, only_allowed, purposes_of
from foretell.profile.consents import words
from foretell.profile.privacy import restrict
from tests.support.small_events import NOW, event, frame, open_small

HOUR = timedelta(hours=1)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_small(tmp_path) as opened:
        yield opened


def catalog(*specs: Mapping[str, Any], templates: Mapping[str, str] | None = None, **settings: Any) -> Catalog:
    read, problems = read_all(*specs, templates=templates, **settings)
    assert not problems, problems
    return read


def read_all(
    *specs: Mapping[str, Any], templates: Mapping[str, str] | None = None, **settings: Any
) -> tuple[Catalog, list[str]]:
    raws = [{"kind": "consent", "key": f"c{place}", "spec": spec} for place, spec in enumerate(specs)]
    raws += [
        {"kind": "template", "key": key, "spec": {"subject": "Hi", "html": html}}
        for key, html in (templates or {}).items()
    ]
    kinds = (profile.KIND, TEMPLATE)
    settled = WorkspaceSettings.model_validate(settings)
    read, problems = catalog_of([(raw, Positions("c.yaml")) for raw in raws], kinds, root=Path(), settings=settled)
    return read, [problem.code for problem in problems]


def arrive(engine: Engine, *events: Mapping[str, Any]) -> None:
    engine.spool_append([frame(events)])
    engine.apply_pending()


def said(who: str, name: str, state: str, at: float = 0, **more: Any) -> dict[str, Any]:
    told = {"purpose": name, "state": state, **more}
    return event("Consent Updated", f"{who}-{name}-{state}-{at}", at, ids={"user_id": who}, properties=told)


def door(
    engine: Engine, who: str, name: str, hours: float = 10, purposes: Purposes = profile.USUAL
) -> tuple[bool, str, str]:
    key = find(engine, f"user_id:{who}").profile_key
    told = allowed(engine.ops, pa.array([key], pa.int64()), name, NOW + hours * HOUR, purposes)
    assert told["profile_key"].to_pylist() == [key]
    row = told.to_pylist()[0]
    return row["allowed"], row["reason"], row["basis"]


def test_what_a_required_purpose_requires_is_required_too_and_a_ring_has_an_end(engine: Engine) -> None:
    asks = {"basis": "consent"}
    lawful = {"basis": "legitimate_interest"}
    ring = {
        "email.a": {**asks, "requires": ["email.b"]},
        "email.b": {**lawful, "requires": ["email.c"]},
        "email.c": {**asks, "requires": ["email.a"]},
    }
    purposes = purposes_of(catalog({"purposes": ring}))
    arrive(engine, said("ann", "email.a", "granted"), said("bob", "email.a", "granted"))
    arrive(engine, said("bob", "email.c", "granted", 1))
    assert door(engine, "ann", "email.a", purposes=purposes) == (False, "no_consent", "consent")
    assert door(engine, "bob", "email.a", purposes=purposes) == (True, "granted", "consent")


def test_without_a_document_it_is_as_usual(engine: Engine) -> None:
    arrive(engine, event("Seen", "s", ids={"user_id": "ann"}))
    assert door(engine, "ann", "email.marketing") == (False, "no_consent", "consent")
    assert door(engine, "ann", "ads") == (False, "no_consent", "consent")
    for name in ("email.service", "sms.transactional"):
        assert door(engine, "ann", name) == (True, "not_needed", "contract")
    for name in ("profiling", "training", "export", "assistant"):
        assert door(engine, "ann", name) == (True, "not_needed", "legitimate_interest")
    arrive(engine, said("ann", "email.marketing", "granted"), said("ann", "email.service", "denied"))
    assert door(engine, "ann", "email.marketing") == (True, "granted", "consent")
    assert door(engine, "ann", "email.service") == (False, "objected", "contract")


def test_an_objection_to_profiling_ends_training_and_advertising_too(engine: Engine) -> None:
    arrive(engine, said("ann", "ads", "granted"), said("ann", "export", "granted"))
    assert door(engine, "ann", "ads")[:2] == (True, "granted")
    arrive(engine, said("ann", "profiling", "denied", 1))
    for name in ("profiling", "training", "ads", "ads.marketing"):
        assert door(engine, "ann", name)[:2] == (False, "objected"), name
    assert door(engine, "ann", "export")[:2] == (True, "granted")
    arrive(engine, said("ann", "profiling", "granted", 2))
    assert door(engine, "ann", "training")[0]


def test_leaving_a_channel_stops_what_rests_on_no_grant_but_not_service(engine: Engine) -> None:
    purposes = purposes_of(catalog({"purposes": {"email.tips": {"basis": "legitimate_interest"}}}))
    arrive(engine, event("Unsubscribed", "u", 1, ids={"user_id": "ann"}))
    assert door(engine, "ann", "email.tips", purposes=purposes)[:2] == (False, "objected")
    assert door(engine, "ann", "email.marketing", purposes=purposes)[:2] == (False, "withdrawn")
    for name in ("email.service", "email.transactional"):
        assert door(engine, "ann", name, purposes=purposes)[0], name


def test_a_grant_lapses_by_the_document_and_by_its_own_word(engine: Engine) -> None:
    purposes = purposes_of(catalog({"purposes": {"sms.marketing": {"basis": "consent", "expires_after": "3d"}}}))
    arrive(
        engine,
        said("ann", "sms.marketing", "granted"),
        said("ann", "email.marketing", "granted", expires_at=(NOW + 5 * HOUR).isoformat()),
    )
    assert door(engine, "ann", "sms.marketing", 71.99, purposes) == (True, "granted", "consent")
    assert door(engine, "ann", "sms.marketing", 72, purposes) == (False, "expired", "consent")
    assert door(engine, "ann", "email.marketing", 4.99)[1] == "granted"
    assert door(engine, "ann", "email.marketing", 5)[1] == "expired"
    arrive(engine, said("ann", "sms.marketing", "granted", 60))
    assert door(engine, "ann", "sms.marketing", 100, purposes)[1] == "granted"
    shown = profile.consents(engine.ops, pa.array([1]), at=NOW + 9 * HOUR, purposes=purposes).to_pylist()
    assert {row["channel"]: row["state"] for row in shown} == {"sms": "granted", "email": "expired"}


def test_conditions_read_consent_as_of_an_instant_and_let_it_lapse(engine: Engine) -> None:
    read = catalog({"purposes": {"email.marketing": {"basis": "consent", "expires_after": "3d"}}})
    arrive(engine, said("ann", "email.marketing", "granted"), said("bob", "email.marketing", "granted", 48))
    tree = parse({"consent": "email.marketing"})

    def holds(hours: float) -> int:
        return Reader(engine, read).count(tree, as_of=NOW + hours * HOUR)

    assert [holds(hours) for hours in (-1, 0, 48, 71.9, 72, 119.9, 120)] == [0, 1, 2, 2, 1, 1, 0]
    key = find(engine, "user_id:ann").profile_key
    why = Reader(engine, read).why(tree, key, as_of=NOW + 80 * HOUR)
    assert (why.holds, why.parts[-1].found) == (False, "expired at 2026-01-01T00:00:00+00:00 (test)")


def test_restriction_suppression_and_age_stand_before_any_word(engine: Engine) -> None:
    names = ("restriction", "suppression", "guardian", "nobody")
    arrive(engine, *(said(who, "email.marketing", "granted") for who in names))
    young = {"birth_date": "2015-05-01"}
    arrive(engine, event("Seen", "k", ids={"user_id": "kid"}, traits=young), said("kid", "email.marketing", "granted"))
    with engine.ops.write() as tx:
        for kind in ("restriction", "suppression"):
            key = find(engine, f"user_id:{kind}").profile_key
            restrict(tx, key, kind, reason="asked for", made_by="test", at=NOW + HOUR)
    assert door(engine, "restriction", "email.marketing", 0.5)[0], "not before it began"
    assert door(engine, "restriction", "email.marketing")[:2] == (False, "restricted")
    assert door(engine, "suppression", "email.marketing")[:2] == (False, "suppressed")
    assert door(engine, "nobody", "email.marketing")[:2] == (True, "granted")
    assert door(engine, "kid", "email.marketing")[:2] == (False, "minor")
    assert door(engine, "kid", "profiling")[:2] == (False, "minor")
    assert door(engine, "kid", "email.service")[0], "a contract can be fulfilled"
    by_law = purposes_of(catalog({"purposes": {"email.recall": {"basis": "legal_obligation"}}}))
    assert door(engine, "restriction", "email.recall", purposes=by_law)[0]
    assert not door(engine, "suppression", "email.recall", purposes=by_law)[0]


def test_many_are_asked_as_each_alone(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    states = ("granted", "denied", None, "granted")
    people = [f"u{number}" for number in range(40)]
    arrive(engine, *(event("Seen", who, ids={"user_id": who}) for who in people))
    arrive(
        engine,
        *(said(who, "email.marketing", state, n % 3) for n, who in enumerate(people) if (state := states[n % 4])),
        *(event("Unsubscribed", f"x{n}", 1.5, ids={"user_id": who}) for n, who in enumerate(people) if n % 7 == 0),
    )
    keys = pa.array([find(engine, f"user_id:{who}").profile_key for who in reversed(people)], pa.int64())
    few = allowed(engine.ops, keys, "email.marketing", NOW + 9 * HOUR)
    assert few["profile_key"].to_pylist() == keys.to_pylist(), "in the order asked"
    assert [(row["allowed"], row["reason"]) for row in few.to_pylist()] == [
        door(engine, who, "email.marketing")[:2] for who in reversed(people)
    ]
    monkeypatch.setattr(words, "_MANY", 0)
    assert allowed(engine.ops, keys, "email.marketing", NOW + 9 * HOUR) == few
    arrive(engine, *(said(who, "profiling", "denied") for who in people[::9]))
    few = allowed(engine.ops, keys, "ads", NOW)
    assert set(few["reason"].to_pylist()) == {"objected", "no_consent"}
    monkeypatch.setattr(words, "_FEW", 0)
    assert allowed(engine.ops, keys, "ads", NOW) == few
    told = only_allowed(engine.ops, keys, "email.marketing", NOW + 9 * HOUR)
    assert len(told.kept) + sum(told.left_out.values()) == len(people)
    assert set(told.left_out) == {"no_consent", "withdrawn"}


def test_a_split_gives_back_every_word(engine: Engine) -> None:
    one, two = {"anonymous_id": "d1"}, {"anonymous_id": "d2"}
    arrive(engine, _device("denied", "a", 1, one), _device("granted", "b", 2, two))
    apart = {key: states(engine, key) for key in ("d1", "d2")}
    mail = {"email": "a@x.example"}
    arrive(engine, event("Seen", "x", 3, ids=one | mail), event("Seen", "y", 4, ids=two | mail))
    assert states(engine, "d1") == states(engine, "d2") == {"email.marketing": "denied"}
    arrive(engine, _device("granted", "c", 5, two))
    assert states(engine, "d1") == {"email.marketing": "granted"}, "said later by one who is both"
    nodes = engine.ops.query("SELECT node_key, profile_key FROM merged")
    with engine.ops.write() as tx:
        tx.execute("DELETE FROM merged")
    assert states(engine, "d1") == apart["d1"] == {"email.marketing": "denied"}
    assert states(engine, "d2") == {"email.marketing": "granted"}
    with engine.ops.write() as tx:
        tx.executemany("INSERT INTO merged VALUES (?, ?)", nodes)
    assert states(engine, "d1") == {"email.marketing": "granted"}


def _device(state: str, message_id: str, at: float, ids: Mapping[str, str]) -> dict[str, Any]:
    told = {"purpose": "email.marketing", "state": state}
    return event("Consent Updated", message_id, at, ids=ids, properties=told)


def states(engine: Engine, device: str) -> dict[str, str]:
    key = find(engine, f"anonymous_id:{device}").profile_key
    rows = profile.consents(engine.ops, pa.array([key], pa.int64())).to_pylist()
    return {profile.name_of(row["channel"], row["purpose"]): row["state"] for row in rows}


def test_wording_and_proof_are_kept_as_far_as_the_document_says(tmp_path: Path) -> None:
    purposes = purposes_of(catalog({"purposes": {"email.marketing": {"basis": "consent"}}, "proof": ["ip"]}))
    with open_small(tmp_path) as engine:
        engine.apply_pending()
        word = said("ann", "email.marketing", "granted", wording="v2", ip="192.0.2.7", url="https://shop.example/")
        arrive(engine, word)
        key = find(engine, "user_id:ann").profile_key
        (row,) = profile.consents(engine.ops, pa.array([key])).to_pylist()
        assert (row["wording"], row["proof"]) == ("v2", '{"url":"https://shop.example/"}'), "the usual: no address"
        (told,) = profile.consent_history(engine.analytics, key)
        assert (told.wording, told.proof, told.message_id) == ("v2", {"url": "https://shop.example/"}, word["id"])
        assert profile.consent_counts(engine, NOW, purposes) == {"email.marketing": {"granted": 1}}


def test_texts_by_language_and_wordings_by_day() -> None:
    wording = [
        {"version": "v1", "text": "May we?"},
        {"version": "v2", "from": "2026-05-01", "text": {"en": "May we write?", "de": "Dürfen wir schreiben?"}},
    ]
    news = {"basis": "consent", "title": {"de": "Neues", "en": "News"}, "wording": wording}
    purpose = purposes_of(catalog({"purposes": {"email.news": news}})).of("email.news")
    days = (date(2026, 4, 30), date(2026, 5, 1))
    assert [one.version for day in days if (one := purpose.wording(day))] == ["v1", "v2"]
    assert [purpose.called(language) for language in ("de-AT", "fr", None)] == ["Neues", "News", "News"]


@pytest.mark.parametrize(
    ("purpose", "code"),
    [
        ({"basis": "contract", "expires_after": "1y"}, "BAD_VALUE"),
        ({"basis": "consent", "requires": ["profilling"]}, "UNKNOWN_PURPOSE"),
        ({"basis": "consent", "requires": ["email.news"]}, "PURPOSE_LOOP"),
        ({"basis": "consent", "double_opt_in": {"template": "plain"}}, "NO_CONFIRM_LINK"),
        ({"basis": "consent", "double_opt_in": {"template": "none"}}, "UNKNOWN_REFERENCE"),
        ({"basis": "consent", "wording": [{"version": "a", "text": "x"}, {"version": "a", "text": "y"}]}, "BAD_VALUE"),
    ],
)
def test_what_is_wrong_with_a_document(purpose: Mapping[str, Any], code: str) -> None:
    _, problems = read_all({"purposes": {"email.news": purpose}}, templates={"plain": "<p>Hello</p>"})
    assert len(problems) == 1
    assert problems == [code] or code == "BAD_VALUE"


def test_there_is_one_document() -> None:
    spec = {"purposes": {"email.news": {"basis": "consent"}}}
    assert read_all(spec, spec)[1] == ["CONSENT_TWICE"]
    assert read_all({"purposes": {"Email News": {"basis": "consent"}}})[1] != []
