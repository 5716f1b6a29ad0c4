"""Double opt-in: nothing counts before the button, which counts once; links expire; machines confirm nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from foretell import collect, deliver, identify, profile
from foretell.clock import FixedClock
from foretell.definitions import Catalog, Positions, WorkspaceSettings, catalog_of, raise_errors
from foretell.engine import Engine, EngineSettings, open_engine
from foretell.errors import UsageError
from foretell.identify import find
from tests.support.small_events import NOW, decode, event, frame

ASKED = {"basis": "consent", "title": "News", "double_opt_in": {"template": "confirm", "valid_for": "2d"},
         "wording": [{"version": "v3", "text": {"en": "May we write?", "de": "Dürfen wir?"}}]}  # fmt: skip
HTML = '<p>{{ purpose_title }}: {{ purpose_wording }} <a href="{{ confirm_url }}">Yes</a></p>'
PROOF = {"ip": "192.0.2.7", "user_agent": "Browser 1"}


def read(root: Path, proof: tuple[str, ...] = ("ip",), **settings: Any) -> Catalog:
    raws: list[dict[str, Any]] = [
        {"kind": "template", "key": "confirm", "spec": {"subject": "Confirm", "html": HTML}},
        {"kind": "consent", "key": "c", "spec": {"purposes": {"email.news": ASKED}, "proof": list(proof)}},
    ]
    kinds = (deliver.TEMPLATE, deliver.CHANNEL, profile.KIND)
    settled = WorkspaceSettings.model_validate(settings)
    found, problems = catalog_of([(raw, Positions("t.yaml")) for raw in raws], kinds, root=root, settings=settled)
    raise_errors(problems)
    return found


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return read(tmp_path)


@pytest.fixture
def engine(tmp_path: Path, catalog: Catalog) -> Iterator[Engine]:
    stage = profile.ProfileStage()
    stage.purposes = profile.purposes_of(catalog)
    with open_engine(
        EngineSettings(tmp_path / "data"),
        [collect.PARTS, identify.PARTS, profile.PARTS, profile.PRIVACY_PARTS, deliver.PARTS],
        [identify.IdentifyStage(), collect.CollectStage("EUR"), stage, deliver.DeliverStage()],
        {"small": decode},
        FixedClock(NOW),
    ) as opened:
        yield opened


def said(state: str, at: float = -1, who: str = "ann", **more: Any) -> dict[str, Any]:
    ids = {"user_id": who, "email": f"{who}@customers.example"}
    told = {"channel": "email", "purpose": "news", "state": state, **more}
    traits = {"language": "de"} if who == "ann" else {}
    return event("Consent Updated", f"{who}-{state}-{at}", at, ids=ids, properties=told, traits=traits)


def arrive(engine: Engine, *events: Mapping[str, Any]) -> None:
    engine.spool_append([frame(events)])
    engine.apply_pending()


def allowed(engine: Engine, who: str = "ann") -> bool:
    keys = pa.array([find(engine, f"user_id:{who}").profile_key], pa.int64())
    return bool(profile.allowed(engine.ops, keys, "email.news", NOW)["allowed"][0].as_py())


def token(engine: Engine, who: str = "ann") -> str:
    """Of the link in the only mail of somebody."""
    (mail,) = [one for one in deliver.inbox(engine, "email").rows if one.address.startswith(who)]
    found = re.search(r"/s/d/([\w-]+)", deliver.inbox_message(engine, mail.message_id).html)
    assert found
    return found[1]


@pytest.mark.parametrize("state", ["requested", "granted"])
def test_it_counts_when_the_button_is_pressed_and_once(engine: Engine, catalog: Catalog, state: str) -> None:
    arrive(engine, said(state, source="checkout", wording="v3"))
    assert deliver.dispatch(engine, catalog, now=NOW).sent == {"email": 1}
    assert not allowed(engine)
    link = token(engine)
    for _ in range(3):  # looking, as mail scanners do
        shown = deliver.confirmation(engine, catalog, link, now=NOW)
        assert (shown.state, shown.title, shown.wording) == ("waits", "News", "Dürfen wir?")
    assert not allowed(engine)
    for _ in range(2):
        assert deliver.confirm(engine, catalog, link, proof=PROOF, now=NOW).state == "confirmed"
    assert allowed(engine)
    words = profile.consent_history(engine.analytics, find(engine, "user_id:ann").profile_key)
    assert [word.state for word in words] == ["granted", "requested"]
    granted = words[0]
    assert (granted.source, granted.basis, granted.wording) == ("confirmation page", "double opt-in", "v3")
    (message,) = engine.ops.query("SELECT message_id FROM messages")
    assert granted.proof == {"ip": "192.0.2.7", "message": message[0]}, "the document keeps no browser"


def test_the_mail_is_in_the_persons_language_and_its_link_is_no_click(engine: Engine, catalog: Catalog) -> None:
    arrive(engine, said("requested"))
    deliver.dispatch(engine, catalog, now=NOW)
    (mail,) = deliver.inbox(engine, "email").rows
    html = deliver.inbox_message(engine, mail.message_id).html
    assert "News: Dürfen wir?" in html
    assert "/s/c/" not in html
    assert (mail.address, mail.subject) == ("ann@customers.example", "Confirm")


def test_a_link_expires_and_nobody_is_asked_too_late(engine: Engine, catalog: Catalog) -> None:
    arrive(engine, said("requested", -1), said("requested", -24 * 3, who="bob"))
    assert deliver.dispatch(engine, catalog, now=NOW).sent == {"email": 1}, "bob's history is imported"
    link = token(engine)
    late = NOW + timedelta(hours=47)
    assert deliver.confirmation(engine, catalog, link, now=late - timedelta(seconds=1)).state == "waits"
    assert deliver.confirm(engine, catalog, link, proof={}, now=late).state == "expired"
    assert not allowed(engine)


def test_a_confirmed_link_stays_so_and_confirms_no_second_time(engine: Engine, catalog: Catalog) -> None:
    arrive(engine, said("requested"))
    deliver.dispatch(engine, catalog, now=NOW)
    link = token(engine)
    deliver.confirm(engine, catalog, link, proof={}, now=NOW)
    arrive(engine, said("denied", 1))
    assert deliver.confirm(engine, catalog, link, proof={}, now=NOW + timedelta(days=9)).state == "confirmed"
    assert not allowed(engine), "an old link cannot take back a withdrawal"


def test_what_is_confirmed_elsewhere_asks_nobody(engine: Engine, catalog: Catalog) -> None:
    arrive(engine, said("granted", basis="double opt-in"), said("granted", who="bob", confirmed="true"))
    assert deliver.dispatch(engine, catalog, now=NOW).sent == {}
    assert allowed(engine)
    assert allowed(engine, "bob")


def test_a_form_sent_over_and_over_sends_one_mail(engine: Engine, catalog: Catalog) -> None:
    arrive(engine, *(said("requested", -1 + place / 100) for place in range(5)))
    arrive(engine, said("requested", -0.5))
    assert deliver.dispatch(engine, catalog, now=NOW).sent == {"email": 1}
    arrive(engine, said("requested", 1))
    assert deliver.dispatch(engine, catalog, now=NOW + timedelta(hours=1)).sent == {"email": 1}
    assert deliver.dispatch(engine, catalog, now=NOW + timedelta(hours=2)).sent == {}


def test_who_asks_at_night_is_answered_at_night_and_a_suppressed_address_gets_none(
    engine: Engine, tmp_path: Path
) -> None:
    quiet = read(tmp_path, sending={"quiet_hours": {"from": "23:00", "to": "06:00"}})
    deliver.suppress(engine, "email", "bob@customers.example", reason="bounced", now=NOW)
    arrive(engine, said("requested"), said("requested", who="bob"))
    assert deliver.dispatch(engine, quiet, now=NOW).sent == {"email": 1}, "NOW is midnight; they have just asked"
    told = engine.analytics.query("SELECT decision FROM decision_rows ORDER BY decision")
    assert told["decision"].to_pylist() == ["refuse", "send"]
    states = engine.ops.query("SELECT state FROM consent_requests ORDER BY state")
    assert states == [("asked",), ("refused",)]


def test_a_wrong_link_and_one_for_something_else(engine: Engine, catalog: Catalog) -> None:
    signer = deliver.signer_of(engine, catalog.settings)
    unknown = deliver.confirm_url(signer, "r_nobody").rpartition("/")[2]
    other = deliver.preferences_url(signer, "m1").rpartition("/")[2]
    for bad in (unknown, other, "x", unknown[:-1]):
        with pytest.raises(UsageError):
            deliver.confirm(engine, catalog, bad, proof={}, now=NOW)
