"""``foretell.yaml``: values, origins, mistakes."""

from __future__ import annotations

import pytest

from foretell.definitions import WorkspaceSettings, doctor, engine_settings, read_settings
from foretell.engine import LakePlace, PostgresPlace


def test_defaults_and_origins(workspace):
    workspace.write("foretell.yaml", "name: shop\nzone: Europe/London\nengine:\n  memory_mb: ${MEMORY}\n")
    read = read_settings(workspace.root, {"MEMORY": "512"})
    assert read.problems == ()
    assert (read.settings.currency, read.settings.zone, read.settings.engine.memory_mb) == (
        "EUR", "Europe/London", 512,
    )  # fmt: skip
    assert read.settings.zone_info.key == "Europe/London"
    assert {
        name: origin for name, origin in read.origins.items() if not name.startswith(("sending.", "privacy.", "care."))
    } == {
        "name": "foretell.yaml:1",
        "currency": "default",
        "zone": "foretell.yaml:2",
        **dict.fromkeys(("stores.data", "stores.operational", "stores.url", "stores.schema"), "default"),
        **dict.fromkeys(("engine.kind", "engine.lake", "engine.lake_format", "engine.spark_master"), "default"),
        "engine.memory_mb": "environment variable MEMORY (foretell.yaml:4)",
        "engine.threads": "default",
        "collect.spool_max_mb": "default",
        "collect.free_disk_mb": "default",
        "locale": "default",
        "country": "default",
    }


def test_an_empty_file_means_all_defaults(workspace):
    workspace.write("foretell.yaml", "# all defaults\n")
    read = read_settings(workspace.root, {})
    assert (read.settings, read.problems) == (WorkspaceSettings(), ())


def test_stores_beyond_one_machine_have_their_places_by_the_settings(workspace):
    text = "stores:\n  operational: postgresql\n  url: ${DB}\n  schema: shop\nengine:\n  kind: spark\n  lake: s3://b/lake\n"
    workspace.write("foretell.yaml", text)
    read = read_settings(workspace.root, {"DB": "postgresql://u:hidden@db/x"})
    assert read.problems == ()
    assert "hidden" not in repr(read.settings)
    where = engine_settings(workspace.root, read.settings)
    assert where.postgres == PostgresPlace("postgresql://u:hidden@db/x", "shop")
    assert "hidden" not in repr(where)
    assert where.lake == LakePlace("s3://b/lake")
    assert where.data == workspace.root / "data"
    assert engine_settings(workspace.root, WorkspaceSettings()).postgres is None


@pytest.mark.parametrize(
    ("text", "line", "next_step"),
    [
        ("name: a\ncurency: GBP\n", "foretell.yaml:2: unknown key 'curency' (settings)",
         "Did you mean 'currency'?"),
        ("stores:\n  dat: x\n", "foretell.yaml:2: unknown key 'dat' (settings)", "Did you mean 'data'?"),
        ("zone: London\n", "foretell.yaml:1: zone: there is no time zone called 'London' (settings)",
         "Use an IANA name such as Europe/London or UTC."),
        ("currency: gbp\n", "foretell.yaml:1: currency: there is no currency called 'gbp' (settings)",
         "Write it in capitals: GBP."),
        ("currency: EURO\n", "foretell.yaml:1: currency: there is no currency called 'EURO' (settings)",
         "Did you mean 'EUR'?"),
        ("stores:\n  operational: postgresql\n",
         "foretell.yaml:1: stores: operational: postgresql needs url (settings)",
         "Write url: ${FORETELL_DATABASE_URL}, and set that variable."),
        ("engine:\n  threads: 0\n",
         "foretell.yaml:2: engine.threads: input should be greater than or equal to 1 (settings)",
         "Found the number 0."),
        ("name: ${SHOP}\n", "foretell.yaml:1: the environment variable SHOP is not set (settings)",
         "Set it: export SHOP=…"),
        ("secrets:\n  token: abc\n",
         "foretell.yaml:2: the secret 'token' must be read from the environment (settings)",
         "Put it into an environment variable and write token: ${TOKEN}."),
        ("secrets:\n  token: 123\n",
         "foretell.yaml:2: the secret 'token' must be read from the environment (settings)",
         "Put it into an environment variable and write token: ${TOKEN}."),
        ("- a\n", "foretell.yaml:1: the settings must be a mapping (settings)", "Write 'name: my-company'."),
        ("name: a\n---\nkind: segment\n",
         "foretell.yaml:3: the settings are one document, and here begins another (settings)",
         "Move it into the folder of its kind."),
        ("name: a\nname: b\n", "foretell.yaml:2: the key 'name' stands here a second time, first on line 1",
         "Keep one of the two."),
    ],
)  # fmt: skip
def test_mistakes(workspace, text, line, next_step):
    workspace.write("foretell.yaml", text)
    problems = read_settings(workspace.root, {}).problems
    assert [(problem.headline, problem.next_step) for problem in problems if problem.code != "BAD_VALUE" or
            "at least" not in problem.message] == [(line, next_step)]  # fmt: skip


def test_what_is_wrong_falls_back_and_the_rest_holds(workspace):
    workspace.write("foretell.yaml", "name: shop\nzone: London\nengine: {threads: none, memory_mb: 512}\n")
    read = read_settings(workspace.root, {})
    assert (read.settings.name, read.settings.zone, read.settings.engine.memory_mb) == ("shop", "UTC", 1024)
    assert (read.origins["zone"], read.origins["engine.memory_mb"]) == ("default", "default")


def test_no_workspace(tmp_path):
    (problem,) = read_settings(tmp_path, {}).problems
    assert (problem.code, problem.headline) == (
        "NO_WORKSPACE", f"{tmp_path}: there is no foretell.yaml here (workspace)",
    )  # fmt: skip


def test_secrets_are_never_shown(workspace):
    workspace.write("foretell.yaml", "secrets:\n  token: ${TOKEN}\n")
    read = read_settings(workspace.root, {"TOKEN": "hush-hush"})
    assert read.settings.secrets["token"].get_secret_value() == "hush-hush"
    shown = repr(read.settings) + repr(doctor(workspace.root, environ={"TOKEN": "hush-hush"}))
    assert "hush-hush" not in shown
    assert "set (environment variable TOKEN (foretell.yaml:2))" in shown


def test_how_messages_go_out(workspace):
    workspace.write(
        "foretell.yaml",
        'sending:\n  base_url: https://mail.example.com/\n  quiet_hours: {from: "21:00", to: "08:00"}\n'
        "  caps:\n    - {messages: 3, per: 7d}\n",
    )
    read = read_settings(workspace.root, {})
    assert read.problems == ()
    sending = read.settings.sending
    assert (sending.base_url, sending.quiet_hours.begin, sending.caps[0].messages) == (
        "https://mail.example.com", "21:00", 3,
    )  # fmt: skip
    assert read.origins["sending.quiet_hours.from"] == "foretell.yaml:3"
    assert read.origins["sending.from_email"] == "default"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("base_url: mail.example.com", "'mail.example.com' is no address of a site"),
        ("from_email: shop", "'shop' is no e-mail address"),
        ("quiet_hours: {from: 9pm, to: '08:00'}", "'9pm' is no time of day"),
        ("quiet_hours: {from: '08:00', to: '08:00'}", "the same time"),
        ("caps: [{messages: 3, per: 1mo}]", "'1mo' has no fixed length"),
        ("caps: [{messages: 0, per: 7d}]", "greater than or equal to 1"),
        ("from_nam: Shop", "unknown key 'from_nam'"),
    ],
)
def test_mistakes_in_how_messages_go_out(workspace, line, told):
    workspace.write("foretell.yaml", f"name: a\nsending:\n  {line}\n")
    (problem,) = read_settings(workspace.root, {}).problems
    assert told in problem.headline
    assert problem.where.startswith("foretell.yaml:3")
