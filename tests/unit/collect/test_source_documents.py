from __future__ import annotations

from pathlib import Path

import pytest

from foretell import collect, definitions
from foretell.collect.expressions import AGGREGATES, FUNCTIONS

GOOD = """kind: source
key: s
spec:
  format: csv
  mappings:
    - name: a
      track: A
      timestamp: at
      identifiers: {user_id: id}
"""


def problems(root: Path, text: str) -> list[tuple[str, str, str]]:
    (root / "sources").mkdir(exist_ok=True)
    (root / "foretell.yaml").write_text("name: t\n")
    (root / "sources" / "s.yaml").write_text(text)
    _, found = definitions.load(root, [collect.KIND])
    return [(problem.where, problem.code, problem.message) for problem in found]


def test_a_good_document(tmp_path: Path) -> None:
    assert problems(tmp_path, GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("timestamp: at", "timestamp: at +", 8, "it ends too early"),
        ("timestamp: at", "when: " + "not " * 3_000 + "empty(at)", 8, "nested too deep"),
        ("timestamp: at", "timestamp: at" + " + at" * 3_000, 8, "too long"),
        ("timestamp: at", "when: matches(at, '(')", 8, "no regular expression"),
        ("timestamp: at", "timestamp: at\n      timestamp_format: unix_s", 9, "holds 'unix_s'"),
        ("timestamp: at", "when: at", 8, "a value stands where a condition is wanted"),
        ("timestamp: at", "properties: {x: sum(at)}", 8, "sum() has no meaning"),
        ("timestamp: at", "properties: {x: {y: {z: uper(at)}}}", 8, "there is no function uper()"),
        ("timestamp: at", "properties: {x: [1, 2]}", 8, "is no expression"),
        ("timestamp: at", 'timestamp: at\n      timestamp_format: "%d.%m.%Q"', 9, "holds '%Q'"),
        ("format: csv", "format: csv\n  encoding: latin-99", 5, "there is no encoding called 'latin-99'"),
        ("format: csv", "format: csv\n  skip: [{name: b, when: 'not'}]", 5, "it ends too early"),
        ("format: csv", "format: csv\n  zone: Mars/Base", 5, "Mars/Base"),
        ("format: csv", "format: cvs", 4, "cvs"),
        ("key: s", "key: foretell", 2, "'foretell' is the source of what Foretell itself writes"),
        ("key: s", "key: tables", 2, "'tables' is the source of the rows of own tables"),
        ("key: s", "key: erased", 2, "'erased' is the source of what is left of people who were erased"),
        ("format: csv", "format: jsonl", 4, "need no mappings"),
        ("format: csv", "format: csv\n  lag: 1h", 4, "lag needs history: true"),
        ("format: csv", "format: csv\n  history: true\n  lag: 1mo", 4, "lag must be an exact length"),
        ("format: csv", "format: csv\n  histroy: true", 5, "histroy"),
        ("track: A", "track: A\n      identify: true", 6, "exactly one of track, identify, product, account"),
        ("track: A", "identify: true", 6, "identify needs identifiers and traits"),
        ("track: A", "product: true", 6, "product needs the property product_id"),
        ("timestamp: at", "items: {properties: {x: at}}", 4, "items needs group_by"),
        ("timestamp: at", "timestamp_format: '%Y'", 6, "timestamp_format needs timestamp"),
    ],
)
def test_mistakes_have_file_and_line(tmp_path: Path, old: str, new: str, line: int, words: str) -> None:
    found = problems(tmp_path, GOOD.replace(old, new))
    assert len(found) == 1, found
    where, _, message = found[0]
    file, _, number = where.partition(":")
    assert file == "sources/s.yaml"
    assert words in message
    assert abs(int(number) - line) <= 1, where


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("timestamp: at", "timestamp: '('").replace("{user_id: id}", "{user_id: 'uper(id)', email: '+'}")
    assert [code for _, code, _ in problems(tmp_path, text)] == [
        "BAD_EXPRESSION",
        "BAD_EXPRESSION",
        "UNKNOWN_FUNCTION",
    ]


def test_the_documented_example_is_valid(tmp_path: Path, repository: Path) -> None:
    page = (repository / "docs" / "rooms" / "collect.md").read_text()
    blocks = [block.partition("```")[0] for block in page.split("```yaml\n")[1:]]
    (example,) = [block for block in blocks if "kind: source" in block and "mappings:" in block]
    assert problems(tmp_path, example.replace("key: orders", "key: s")) == []


def test_every_function_is_documented(repository: Path) -> None:
    page = (repository / "docs" / "rooms" / "collect.md").read_text()
    named = set(" ".join(page.split("| groups |")[0].split("**Expressions.**")[1:]).replace("`", " ").split())
    groups = set(page.split("| groups |")[1].split("|")[0].replace("`", " ").split())
    assert set(FUNCTIONS) - {"if"} <= named
    assert groups == set(AGGREGATES)
