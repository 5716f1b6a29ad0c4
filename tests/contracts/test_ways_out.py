"""Consent is one gate that nothing passes: every way out of the house asks it, and a new one cannot forget to.

All walks go through one workspace with a consent document that asks for grants where usually none are needed, so
that a way which asks without the document is found out as well. ``u1`` to ``u60`` granted everything; ``u2`` took
it back, ``u3`` is restricted, ``u4`` suppressed, ``u5`` under age, ``u6`` objects to profiling; ``u61`` to ``u80`` were
never asked.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pydantic import SecretStr

from foretell import care, collect, deliver, predict, segment
from foretell import profile as profiles
from foretell.app import KINDS, Workspace, open_workspace
from foretell.clock import FixedClock, from_micros, naive_utc
from foretell.condition import Reader
from foretell.definitions import CareSection, Catalog, Positions, catalog_of
from foretell.engine import TIMESTAMP
from foretell.identify import find
from foretell.listen import results, surveys
from foretell.profile.privacy import restrict
from foretell.segment import personas
from foretell.testing.webhook_receiver import webhook_receiver
from foretell.testing.zendesk import zendesk
from foretell.web.application import create_app, openapi_document
from tests.support.commands import Foretell
from tests.support.prediction_shop import BOUGHT, START, buyers
from tests.support.served_workspace import Browser, site_for
from tools.cli_reference import commands, the_program

NOW = from_micros(int((START.timestamp() + 425 * 86_400) * 1_000_000))
ASKED = ("email.marketing", "sms.marketing", "ads.marketing", "profiling", "training", "export", "assistant")
EVERYBODY, GRANTED = range(1, 81), range(1, 61)
TAKEN_BACK, RESTRICTED, SUPPRESSED, MINOR, OBJECTS = 2, 3, 4, 5, 6
ALLOWED = frozenset(GRANTED) - {TAKEN_BACK, RESTRICTED, SUPPRESSED, MINOR}
"""By every purpose that does not rest on profiling."""
JUDGED = ALLOWED - {OBJECTS}
"""By those that do: scores, training, advertising."""

DOCUMENTS = {
    "foretell.yaml": "name: Shop\ncurrency: EUR\nzone: UTC\n",
    "consents/purposes.yaml": json.dumps(
        {"kind": "consent", "key": "purposes", "spec": {"purposes": {name: {"basis": "consent"} for name in ASKED}}}
    ),
    "segments/buyers.yaml": "kind: segment\nkey: buyers\nspec: {condition: {did: Order Completed}}\n",
    "personas/customers.yaml": "kind: persona\nkey: customers\nspec:\n  people_needed: 50\n"
    "  population: {did: Order Completed}\n",
    "predictions/clv.yaml": "kind: prediction\nkey: clv\nspec:\n  value: {did: Order Completed, sum: revenue}\n"
    "  horizon: 12w\n",
    "templates/hello.yaml": "kind: template\nkey: hello\nspec: {subject: Hello, html: <p>Hello</p>}\n",
    "surveys/nps.yaml": "kind: survey\nkey: nps\nspec:\n  title: Survey\n"
    "  questions: [{key: likely, type: nps, ask: How?}]\n",
    "audiences/winback.yaml": "kind: audience\nkey: winback\nspec: {title: Win back}\n",
}


@dataclass(frozen=True)
class Shop:
    """The workspace, opened, and the command in it; what was trained and scored when it was filled."""

    root: Path
    command: Path
    trained: predict.TrainingReport
    scored: predict.Scored

    def cli(self, *words: str) -> str:
        """What a command writes."""
        return str(Foretell(self.command, self.root)(*words).stdout)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, foretell_command: Path) -> Shop:
    root = tmp_path_factory.mktemp("ways") / "shop"
    for name, text in DOCUMENTS.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    lines = root.parent / "events.jsonl"
    lines.write_text("".join(json.dumps(line) + "\n" for line in _events()))
    with open_workspace(root, "write", FixedClock(NOW)) as opened:
        assert not opened.problems
        collect.import_files(opened.engine, opened.catalog, [lines], now=NOW, reader=opened.frames)
        with opened.engine.ops.write() as tx:
            asked: dict[str, Any] = {"reason": "asked for", "made_by": "test", "at": NOW}
            restrict(tx, _key(opened, RESTRICTED), "restriction", **asked)
            restrict(tx, _key(opened, SUPPRESSED), "suppression", **asked)
        rooms = (opened.engine, opened.catalog, opened.reader)
        trained = predict.train(*rooms, "clv", as_of=NOW, now=NOW)
        scored = predict.score(*rooms, "clv", as_of=NOW, now=NOW)
    return Shop(root, foretell_command, trained, scored)


def _events() -> Iterator[dict[str, Any]]:
    for number in EVERYBODY:
        traits = {"email": f"u{number}@shop.example"} | ({"birth_date": "2015-03-01"} if number == MINOR else {})
        yield _line("identify", f"i{number}", number, START.isoformat(), traits=traits)
    happened = buyers(len(EVERYBODY), 420, 1)
    for place, (number, ts, event, micro) in enumerate(
        zip(happened.people, happened.ts, happened.event, happened.micro, strict=True)
    ):
        if event == BOUGHT:
            told = {"order_id": f"o{place}", "revenue": int(micro) / 1_000_000, "currency": "EUR"}
            yield _track(f"o{place}", int(number), BOUGHT, from_micros(int(ts)).isoformat(), told)
    for number in EVERYBODY:
        yield _track(f"a{number}", number, "Survey Answered", START.isoformat(), {"survey": "nps", "score": 9})
    for number in GRANTED:
        for name in ASKED:
            yield _word(f"g{number}-{name}", number, name, "granted", 1)
    for name in ASKED:
        yield _word(f"d-{name}", TAKEN_BACK, name, "denied", 2)
    yield _word("objects", OBJECTS, "profiling", "denied", 2)


def _word(message_id: str, number: int, name: str, state: str, hour: int) -> dict[str, Any]:
    at = f"2025-01-01T{hour:02d}:00:00Z"
    return _track(message_id, number, "Consent Updated", at, {"purpose": name, "state": state})


def _track(message_id: str, number: int, event: str, at: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    return _line("track", message_id, number, at, event=event, properties=properties)


def _line(kind: str, message_id: str, number: int, at: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "messageId": message_id, "userId": f"u{number}", "timestamp": at, **more}


def _key(opened: Workspace, number: int) -> int:
    return find(opened.engine, f"user_id:u{number}").profile_key


def _of_keys(opened: Workspace, keys: list[int]) -> set[int]:
    names = {_key(opened, number): number for number in EVERYBODY}
    return {names[key] for key in keys}


def _rows(opened: Workspace) -> pa.Table:
    keys = pa.array([_key(opened, number) for number in EVERYBODY], pa.int64())
    at = pa.array([naive_utc(NOW)] * len(keys), TIMESTAMP)
    runs = pa.array([f"r{number}" for number in EVERYBODY])
    return pa.table({"profile_key": keys, "node_key": keys, "at": at, "run": runs})


def _opened(shop: Shop) -> Any:
    return open_workspace(shop.root, "write", FixedClock(NOW))


# ---- a walk a way out: who got through


def _messages(shop: Shop) -> set[int]:
    with _opened(shop) as opened:
        rows = _rows(opened)
        ids = pa.array([f"m{number}" for number in EVERYBODY])
        asked = rows.append_column("message_id", ids)
        for name, value in (("channel", "email"), ("template", "hello"), ("purpose", "marketing")):
            asked = asked.append_column(name, pa.repeat(value, len(EVERYBODY)))
        context = deliver.Sending(opened.catalog, NOW)
        opened.engine.act("test", lambda tx, batch: deliver.decide(tx, batch, context, asked), now=NOW)
        deliver.dispatch(opened.engine, opened.catalog, now=NOW)
        mails = opened.engine.ops.query("SELECT address FROM inbox WHERE medium = 'email'")
        return {int(address.removeprefix("u").partition("@")[0]) for (address,) in mails}


def _audiences(shop: Shop) -> set[int]:
    with _opened(shop) as opened:
        context, rows = deliver.Sending(opened.catalog, NOW), _rows(opened)
        opened.engine.act("test", lambda tx, batch: deliver.join_audience(tx, batch, "winback", rows, context), now=NOW)
        deliver.dispatch(opened.engine, opened.catalog, now=NOW)
        inside = opened.engine.ops.query("SELECT profile_key FROM audience_members WHERE left_at IS NULL")
        told = opened.engine.ops.query("SELECT count(*) FROM inbox WHERE medium = 'ads'")
        assert told == [(len(inside),)], "the platform is told of those who are in, and of nobody else"
        return _of_keys(opened, [key for (key,) in inside])


def _exports(shop: Shop) -> set[int]:
    """Whom a server is told of, and who is in the file."""
    with webhook_receiver("shared") as receiver, _opened(shop) as opened:
        hook = {"url": receiver.url, "secret": "hook", "allow_private": True}
        files: list[bytes] = []
        file = {"to": "exports/told.csv"}
        for condition, targets in (("Nothing", [{"webhook": hook}]), (BOUGHT, [{"webhook": hook}, file])):
            catalog = _exporting(opened, condition, *targets)  # they enter as the document changes
            rooms = (opened.engine, catalog, Reader(opened.engine, catalog))
            segment.live.refresh(*rooms, now=NOW)
            deliver.exports.refresh(*rooms, keep=lambda _, content: files.append(content), now=NOW)
        standings = deliver.exports.standings(opened.engine)
        deliver.exports.refresh(opened.engine, opened.catalog, opened.reader, keep=lambda *_: None, now=NOW)
    told = {int(one["fields"]["user_id"].removeprefix("u")) for one in receiver.taken.values()}
    assert sum(standings["told0"].left_out.values()) == len(EVERYBODY) - len(told)
    assert [_exported(content.decode()) for content in files] == [told]
    return told


def _exporting(opened: Workspace, did: str, *targets: Mapping[str, Any]) -> Catalog:
    """The workspace's consent, a segment, and an export of it to each target."""
    segments = {"kind": "segment", "key": "told", "spec": {"condition": {"did": did}}}
    raws: list[dict[str, Any]] = [json.loads(DOCUMENTS["consents/purposes.yaml"]), segments]
    for place, target in enumerate(targets):
        spec = {"segment": "told", "fields": ["user_id"], **target}
        raws.append({"kind": "export", "key": f"told{place}", "spec": spec})
    settings = opened.settings.model_copy(update={"secrets": {"hook": SecretStr("shared")}})
    written = [(raw, Positions("test.yaml")) for raw in raws]
    catalog, problems = catalog_of(written, KINDS, root=opened.root, settings=settings)
    assert not problems
    return catalog


def _training(shop: Shop) -> set[int]:
    out = {"expired": 0, "minor": 1, "no_consent": 20, "objected": 0, "restricted": 1, "suppressed": 1, "withdrawn": 2}
    assert shop.trained.left_out == {name: number for name, number in out.items() if number}
    assert shop.trained.n == len(JUDGED), "what was learnt from is what was let through"
    return set(JUDGED)


def _scoring(shop: Shop) -> set[int]:
    assert sum(shop.scored.left_out.values()) == len(EVERYBODY) - len(JUDGED)
    with _opened(shop) as opened:
        return _of_keys(opened, shop.scored.rows["node_key"].to_pylist())


def _exported(text: str) -> set[int]:
    return {int(row["user_id"].removeprefix("u")) for row in csv.DictReader(io.StringIO(text))}


def _members(shop: Shop) -> set[int]:
    return _exported(shop.cli("segment", "members", "buyers", "--format", "csv"))


def _responses(shop: Shop) -> set[int]:
    """Whose answers are in the file."""
    with _opened(shop) as opened:
        spec = surveys.spec_of(opened.catalog.get("survey", "nps"))
        told = results.response_rows(opened.engine, opened.catalog, "nps", spec, results.Narrowed(), now=NOW)
        ids = {find(opened.engine, f"user_id:u{number}").profile_id: number for number in EVERYBODY}
        assert sum(told.left_out.values()) == len(EVERYBODY) - told.rows.num_rows
        return {ids[profile] for profile in told.rows["profile_id"].to_pylist()}


def _scores(shop: Shop) -> set[int]:
    return _exported(shop.cli("predict", "scores", "clv", "--format", "csv"))


def _personas(shop: Shop) -> set[int]:
    """Who is counted when personas are looked for, and who is told to be of one."""
    with _opened(shop) as opened:
        rooms = (opened.engine, opened.catalog, opened.reader)
        built = personas.build(*rooms, as_of=NOW, now=NOW)
        assert (built.people, sum(built.left_out.values())) == (len(JUDGED), len(EVERYBODY) - len(JUDGED))
        every = _rows(opened)
        facts = pa.table(
            {
                "node_key": every["node_key"], "persona": pa.repeat("buyer", len(EVERYBODY)), "as_of": every["at"],
                "known_at": every["at"], "fit": pa.repeat(0.5, len(EVERYBODY)),
                "build": pa.repeat(pa.scalar(built.number, pa.int64()), len(EVERYBODY)),
            }
        )  # fmt: skip
        opened.engine.publish("segment_personas", {"persona_rows": facts}, now=NOW)
        told = personas.members(opened.engine, opened.catalog, as_of=NOW, now=NOW)
        return _of_keys(opened, told["profile_key"].to_pylist())


def _interviews(shop: Shop) -> set[int]:
    with _opened(shop) as opened:
        keys = [_key(opened, number) for number in EVERYBODY]
        with opened.engine.ops.write() as tx:
            tx.executemany(
                "INSERT INTO persona_interviews VALUES (?, ?, ?, 'buyer', 'loyal', 'picked', '[]', 0, 0, 'test')",
                [(f"walk-{key}", key, key) for key in keys],
            )
        told = personas.interviews(opened.engine, opened.catalog, now=NOW)
        return _of_keys(opened, [one.profile_key for one in told])


def _lookup(shop: Shop) -> set[int]:
    with _opened(shop) as opened:
        browser = Browser(create_app(site_for(opened, shop.root / "static")))
        asked = [f"user_id:u{number}" for number in EVERYBODY]
        answer = browser.post("/api/profiles/lookup", json={"ids": asked}).json()
        assert sum(answer["left_out"].values()) == len(EVERYBODY) - len(ALLOWED)
        return {int(row["id"].removeprefix("user_id:u")) for row in answer["rows"]}


def _tickets(shop: Shop) -> set[int]:
    """Whom the help desk is told of, as who asks."""
    with zendesk(lambda: NOW) as desk, _opened(shop) as opened:
        told = {"base_url": desk.url, "allow_private": True, "user": desk.account.user}
        care_section = {"help_desk": {"uses": "zendesk", "settings": told}}
        settings = opened.settings.model_copy(
            update={
                "secrets": {"zendesk_token": SecretStr(desk.account.token)},
                "care": CareSection.model_validate(care_section),
            }
        )
        catalog = replace(opened.catalog, settings=settings)
        rows = _rows(opened).rename_columns(["profile_key", "node_key", "opened_at", "run"])
        rows = rows.append_column("case_id", pa.array([f"c{number}" for number in EVERYBODY]))
        rows = rows.append_column("due_at", pa.nulls(len(EVERYBODY), TIMESTAMP))
        for name in ("title", "reason", "priority", "owner", "journey", "step"):
            rows = rows.append_column(name, pa.repeat("normal", len(EVERYBODY)))
        opened.engine.act("test", lambda tx, batch: void(care.open_cases(tx, batch, rows, catalog)), now=NOW)
        while care.desk_standing(opened.engine, catalog).waiting:
            assert not care.sync(opened.engine, catalog, now=NOW).later
        users = desk.account.users
        emails = [users[one["requester_id"]]["email"] for one in desk.account.tickets.values()]
        return {int(email.removeprefix("u").partition("@")[0]) for email in emails}


def void(_: object) -> None:
    """Nothing."""


WALKS: dict[str, tuple[Callable[[Shop], set[int]], frozenset[int]]] = {
    "care.tickets": (_tickets, frozenset(EVERYBODY) - {RESTRICTED, SUPPRESSED}),
    "deliver.messages": (_messages, ALLOWED),
    "deliver.exports": (_exports, ALLOWED),
    "deliver.audiences": (_audiences, JUDGED),
    "listen.responses": (_responses, ALLOWED),
    "predict.training": (_training, JUDGED),
    "predict.scoring": (_scoring, JUDGED),
    "predict.scores": (_scores, JUDGED),
    "segment.interviews": (_interviews, JUDGED),
    "segment.members": (_members, ALLOWED),
    "segment.personas": (_personas, JUDGED),
    "profiles.lookup": (_lookup, ALLOWED),
}
"""Way out → how to take it, and who may get through."""


@pytest.mark.parametrize("name", sorted(profiles.WAYS_OUT))
def test_a_way_out_lets_through_whom_it_may(shop: Shop, name: str) -> None:
    assert name in WALKS, f"nobody walks the way out {name}: add it to WALKS"
    walk, wanted = WALKS[name]
    assert walk(shop) == wanted


def test_every_walk_is_of_a_way_out() -> None:
    assert set(WALKS) == set(profiles.WAYS_OUT)


# ---- what hands out rows of people without being registered

EXPORTS = {
    "segment members": "segment.members",
    "predict scores": "predict.scores",
}
"""Commands that write rows of people to a file → their way out."""


def test_a_command_that_writes_files_of_people_is_registered() -> None:
    every = commands(the_program(), "")
    writing = {path.strip() for path, command in every if any("--format" in option.opts for option in command.params)}
    assert writing == set(EXPORTS), "a command with --format hands out rows: give it a way out, and name it here"
    assert set(EXPORTS.values()) <= set(profiles.WAYS_OUT)


def test_nothing_else_of_the_terminal_writes_rows_to_files(repository: Path) -> None:
    files = (repository / "src/foretell/cli").glob("*.py")
    writing = {path.name for path in files if re.search(r"(?<!def )write_(rows|export)\(", path.read_text())}
    assert writing == {"exporting.py", "predictions.py", "segments.py"}, "rows in a file are a way out: register it"


LISTS = {
    "GET /api/people": "app",
    "GET /api/people/{profile_id}": "app",
    "POST /api/profiles/lookup": "profiles.lookup",
    "GET /api/segments/{key}/members": "app",
    "POST /api/conditions/preview": "app",
    "GET /api/predictions/{key}/people": "app",
    "GET /api/personas/interviews": "app",
    "GET /api/personas/{key}": "app",
    "GET /api/personas/{key}/members": "app",
    "GET /api/identity/preview": "app",
    "GET /api/identity/explain": "app",
    "GET /api/identity/biggest": "app",
    "GET /api/inbox": "app",
    "GET /api/messages": "app",
    "GET /api/audiences/{key}/members": "app",
    "GET /api/cases": "app",
    "GET /api/issues": "app",
    "GET /api/maps/{key}/people": "app",
    "GET /api/feedback/quotes": "app",
    "POST /api/cases/several": "app",
    "GET /api/surveys/{key}/texts": "app",
    "GET /api/surveys/{key}/responses": "app",
    "GET /api/tables/of": "app",
    "GET /api/tables/{key}/rows": "app",
}
"""Answers of the API that list people, and may: what the team works with, a page at a time (``app``), or a way out."""


def test_an_answer_that_lists_people_is_known() -> None:
    document = openapi_document()
    listing = {
        f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if _lists_people(document, operation)
    }
    unknown = listing - set(LISTS)
    assert not unknown, f"{unknown} list people: page them for the app, or give them a way out, and name them in LISTS"
    assert set(LISTS) <= listing, "named, and lists nobody"
    assert {name for name in LISTS.values() if name != "app"} <= set(profiles.WAYS_OUT)


def _lists_people(document: Mapping[str, Any], operation: Mapping[str, Any]) -> bool:
    answers = [part for status, part in operation["responses"].items() if status.startswith("2")]
    schemas = [part["schema"] for answer in answers for part in answer.get("content", {}).values() if "schema" in part]
    return any(_people_within(document, schema, frozenset(), inside=False) for schema in schemas)


def _people_within(
    document: Mapping[str, Any], schema: Mapping[str, Any], seen: frozenset[str], *, inside: bool
) -> bool:
    """Whether rows of an array say who somebody is."""
    named = schema.get("$ref", "").rpartition("/")[2]
    if named:
        if named in seen:
            return False
        return _people_within(document, document["components"]["schemas"][named], seen | {named}, inside=inside)
    if inside and {"profile_id", "user_id"} & set(schema.get("properties", {})):
        return True
    parts = [*schema.get("properties", {}).values(), *schema.get("anyOf", [])]
    found = any(_people_within(document, part, seen, inside=inside) for part in parts)
    return found or ("items" in schema and _people_within(document, schema["items"], seen, inside=True))
