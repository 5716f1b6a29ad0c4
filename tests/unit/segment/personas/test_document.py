"""The document of personas: what it refuses, with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from foretell import app
from foretell.definitions import Problem, load
from foretell.segment.personas import spec_of
from tests.support.small_workspace import write

HEAD = "name: Shop\ncurrency: EUR\nzone: UTC\n"


def problems_of(root: Path, *documents: str) -> list[Problem]:
    files = {f"personas/p{number}.yaml": text for number, text in enumerate(documents)}
    write(root, {"foretell.yaml": HEAD, **files})
    return load(root, app.KINDS)[1]


def document(spec: str, key: str = "customers") -> str:
    return f"kind: persona\nkey: {key}\nspec: {spec}\n"


def test_the_usual_holds_without_a_document_and_with_an_empty_one(tmp_path: Path) -> None:
    write(tmp_path, {"foretell.yaml": HEAD})
    usual = spec_of(load(tmp_path, app.KINDS)[0])
    assert (usual.people_needed, usual.history, usual.window) == (1_000, "90d", "1y")
    assert problems_of(tmp_path, document("{}")) == []
    assert spec_of(load(tmp_path, app.KINDS)[0]) == usual


def test_one_document_a_workspace(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path, document("{}", "b"), document("{}", "a"))
    assert (problem.code, problem.thing) == ("SECOND_PERSONA_DOCUMENT", "persona b")
    assert problem.where.startswith("personas/p0.yaml:")


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("{population: {didd: Order Completed}}", "didd"),
        ("{pains: [{title: late, condition: {did: X, wherre: {a: 1}}}]}", "wherre"),
        ("{behaviours: [{key: a, title: a, of: {did: X}}, {key: a, title: b, of: {did: Y}}]}", "same key"),
        ("{behaviours: [{key: a, title: a, of: {did: X, sum: r, avg: r}}, {key: b, title: b, of: {did: Y}}]}",
         "at most"),
        ("{behaviours: [{key: a, title: a, of: {did: X, sum: r}, per: {did: Y}}, {key: b, title: b, of: {did: Y}}]}",
         "both sides"),
        ("{behaviours: [{key: a, title: a, of: {did: X, within: 3d}}, {key: b, title: b, of: {did: Y}}]}", "at most"),
        ("{window: 0d}", "longer than nothing"),
        ("{interviews: {loyal: 40}}", "15"),
        ("{interviews: {gone_after: 1y, gone_within: 90d}}", "gone_within"),
        ("{population: {segment: nobody}}", "nobody"),
    ],
)  # fmt: skip
def test_mistakes_are_told_in_their_place(tmp_path: Path, spec: str, said: str) -> None:
    found = problems_of(tmp_path, document(spec))
    assert found
    assert any(said in f"{one.message} {one.next_step}" for one in found), found
    assert all(one.where.startswith("personas/p0.yaml:") for one in found)
