"""Every house rule finds what it forbids, and leaves the rest alone."""

from __future__ import annotations

import pytest

from tools import house_rules
from tools.files import SourceFile, repository_files

ROOM = "src/foretell/collect/mapping.py"
DOOR = "src/foretell/collect/__init__.py"
TEST = "tests/unit/collect/test_mapping.py"

# code, path, text, line of the finding
BREACHES = [
    ("FH101", ROOM, "from datetime import datetime\nx = datetime.now()\n", 2),
    ("FH101", ROOM, "import datetime as dt\nx = dt.datetime.utcnow()\n", 2),
    ("FH101", ROOM, "x = datetime.now(UTC)\n", 1),
    ("FH101", ROOM, "x = date.today()\n", 1),
    ("FH101", ROOM, "import time\n\nx = time.time()\n", 3),
    ("FH101", ROOM, "from time import time as wall\nx = wall()\n", 2),
    ("FH101", ROOM, "field(default_factory=datetime.now)\n", 1),
    ("FH102", ROOM, "def f():\n    print('x')\n", 2),
    ("FH102", ROOM, "import sys\nsys.stdout.write('x')\n", 2),
    ("FH103", ROOM, "import pickle\n", 1),
    ("FH103", ROOM, "from joblib import dump\n", 1),
    ("FH103", "tests/unit/x/test_y.py", "import cloudpickle\n", 1),
    ("FH103", ROOM, "x = 1\nnp.load(f, allow_pickle=True)\n", 2),
    ("FH104", DOOR, "from foretell.engine import Engine\n", 1),
    ("FH104", DOOR, '"""What enters: files. What leaves: events."""\n', 1),
    ("FH104", "src/foretell/predict/models/__init__.py", "x = 1\n", 1),
    ("FH105", ROOM, "class EventManager:\n    pass\n", 1),
    ("FH105", ROOM, "class Outer:\n    def date_utils(self):\n        pass\n", 2),
    ("FH105", "src/foretell/collect/helpers.py", "", 1),
    ("FH105", "src/foretell/collect/util/dates.py", "", 1),
    ("FH106", TEST, "import pytest\n@pytest.mark.skip\ndef test_x():\n    pass\n", 2),
    ("FH106", TEST, "def test_x():\n    pytest.skip('later')\n", 2),
    ("FH106", TEST, "@pytest.mark.xfail(reason='x')\ndef test_x():\n    pass\n", 1),
    ("FH201", "constraints.txt", "duckdb==2.0\n--index" + "-url https://example.com\n", 2),
    ("FH201", "docs/x.md", "see https://py" + "pi.org/project/x\n", 1),
    ("FH201", "ui/package-lock.json", "a\n" + '"resolved"' + ': "https://example.com/x"\n', 2),
    ("FH201", "docs/x.md", "open /home" + "/ada/notes.txt\n", 1),
    ("FH201", ROOM, "PATH = '/wor" + "k/main/data'\n", 1),
    ("FH202", ROOM, "import json\n# as Duck" + "DB does it\n", 2),
    ("FH202", "src/foretell/app.py", "import sqlite3\n", 1),
    ("FH203", ROOM, "x = 1  # TO" + "DO later\n", 1),
    ("FH203", ROOM, "def f():\n    raise NotImplemented" + "Error\n", 2),
]

ALLOWED = [
    ("src/foretell/clock.py", "from datetime import datetime\nx = datetime.now()\n"),
    (ROOM, "import time\nx = time.perf_counter()\ny = clock.now()\nz = event.time\n"),
    (TEST, "x = datetime.now()\nprint(x)\n"),
    ("src/foretell/cli/main.py", "print('x')\n"),
    ("src/foretell/definitions/settings.py", "kind: Literal['duck" + "db', 'spark']\n"),
    (ROOM, "console.print('x')\n"),
    (ROOM, "np.load(f, allow_pickle=False)\n"),
    (DOOR, '"""Files enter, events leave; cli and app call it."""\n'),
    ("src/foretell/predict/models/__init__.py", '"""One file a model."""\n'),
    (ROOM, "class Utilisation:\n    def managed(self):\n        pass\n"),
    (TEST, "list.skip(3)\n"),
    ("docs/x.md", "https://example.com/home/ada, a network/work/flow, ~/work/x, $HOME/work/x\n"),
    ("src/foretell/engine/embedded.py", "import duckdb, sqlite3\n"),
    ("src/foretell/bench/imports.py", "import duckdb\n"),
    ("docs/x.md", "TO" + "DO is a word\n"),
]


@pytest.mark.parametrize(("code", "path", "text", "line"), BREACHES)
def test_a_breach_is_found(code: str, path: str, text: str, line: int) -> None:
    found = house_rules.findings([SourceFile(path, text.encode())])
    assert [finding.split(" ")[:2] for finding in found] == [[f"{path}:{line}:", code]]


@pytest.mark.parametrize(("path", "text"), ALLOWED)
def test_what_is_allowed_is_left_alone(path: str, text: str) -> None:
    assert house_rules.findings([SourceFile(path, text.encode())]) == []


def test_every_rule_has_a_breach_above_and_a_reason() -> None:
    codes = [rule.code for rule in house_rules.RULES]
    assert len(codes) == len(set(codes))
    assert set(codes) == {code for code, *_ in BREACHES}
    assert [rule.code for rule in house_rules.RULES if len(rule.reason) < 40] == []


def test_pictures_and_data_are_not_read_as_text() -> None:
    assert house_rules.findings([SourceFile("docs/x.png", b"\x00/home" + b"/ada/x")]) == []


def test_the_files_of_the_repository_are_listed() -> None:
    paths = {file.path for file in repository_files()}
    assert {"pyproject.toml", "tools/files.py", "tests/unit/tools/test_house_rules.py"} <= paths
    assert not any(path.startswith(".venv/") for path in paths)


def test_exit_status_and_lines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(house_rules, "repository_files", lambda: [SourceFile(ROOM, b"import pickle\n")])
    assert house_rules.main([]) == 1
    assert capsys.readouterr().out.startswith(f"{ROOM}:1: FH103 pickle")
    monkeypatch.setattr(house_rules, "repository_files", lambda: [SourceFile(ROOM, b"import json\n")])
    assert house_rules.main([]) == 0
