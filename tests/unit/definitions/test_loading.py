"""From a workspace's files to a catalog."""

from __future__ import annotations

import os

import pytest
from pydantic import BaseModel

from foretell.definitions import Kind, Problem, load, raise_errors
from foretell.errors import DefinitionErrors, ForetellError, UsageError

A = "kind: segment\nkey: a\nspec:\n  condition:\n    all:\n      - did: X\n"


def segment(key: str, *named: str) -> str:
    inside = ", ".join(f"{{segment: {name}}}" for name in named)
    return f"kind: segment\nkey: {key}\nspec: {{condition: {{all: [{inside}]}}}}\n"


def test_a_document_has_its_place_down_to_the_leaf(loaded):
    catalog, problems = loaded(A)
    document = catalog.get("segment", "a")
    assert problems == []
    assert (document.name, document.file, document.where) == ("segment a", "segments/x.yaml", "segments/x.yaml:1")
    assert document.spec.of == "known"
    assert document.positions.at(("spec", "condition", "all", 0, "did")) == "segments/x.yaml:6"


def test_the_kind_decides_not_the_folder(workspace):
    workspace.write("sources/deep/down/x.yml", A)
    workspace.write("segments/.hidden.yaml", "broken: [")
    workspace.write("segments/notes.txt", "no definition")
    catalog, problems = workspace.load()
    assert problems == []
    assert [document.file for document in catalog.all("segment")] == ["sources/deep/down/x.yml"]
    assert catalog.all("source") == []


def test_all_errors_at_once_in_order_of_file_and_line(workspace):
    workspace.write("segments/b.yaml", "kind: segment\nkey: b\nspec: {conditon: {}, of: x}\n---\nkind: z\n")
    workspace.write("segments/a.yaml", "\n" * 9 + "kind: segment\nkey: a\nspec: 1\n---\nkind: [\n")
    workspace.write("foretell.yaml", "zone: Mars\n")
    _, problems = workspace.load()
    assert [(problem.where, problem.code) for problem in problems] == [
        ("foretell.yaml:1", "UNKNOWN_ZONE"),
        ("segments/a.yaml:12", "WRONG_TYPE"),
        ("segments/a.yaml:14", "BROKEN_YAML"),
        ("segments/b.yaml:3", "BAD_VALUE"),
        ("segments/b.yaml:3", "UNKNOWN_KEY"),
        ("segments/b.yaml:5", "MISSING_KEY"),
        ("segments/b.yaml:5", "MISSING_KEY"),
        ("segments/b.yaml:5", "UNKNOWN_KIND"),
    ]


def test_what_is_right_is_in_the_catalog_beside_what_is_wrong(loaded):
    catalog, _ = loaded(A + "---\nkind: segment\nkey: b\nspec: {}\n")
    assert catalog.get("segment", "a").key == "a"
    assert catalog.has("segment", "b")
    with pytest.raises(UsageError) as broken:
        catalog.get("segment", "b")
    assert broken.value.code == "BROKEN_DEFINITION"
    with pytest.raises(UsageError) as unknown:
        catalog.get("segment", "aa")
    assert str(unknown.value) == "there is no segment called 'aa'. Did you mean 'a'?"


def test_naming_a_broken_document_is_not_a_second_error(loaded):
    _, problems = loaded(
        segment("a", "b", "c", "d")
        + "---\nkind: segment\nkey: b\nspec: {}\n---\nkey: c\nspec: [\n---\nkind: sgment\nkey: d\nspec: {}\n"
    )
    assert [problem.code for problem in problems] == ["MISSING_KEY", "BROKEN_YAML", "UNKNOWN_KIND"]


def test_defined_twice_in_two_files_names_both(workspace):
    workspace.write("segments/a.yaml", A)
    workspace.write("segments/b.yaml", "# second\n" + A)
    _, problems = workspace.load()
    assert [problem.headline for problem in problems] == [
        "segments/b.yaml:3: segment a is defined a second time, first at segments/a.yaml:2 (segment a)"
    ]


def test_a_loop_is_printed_once_from_its_smallest_name(loaded):
    text = "---\n".join([segment("c", "a"), segment("b", "c"), segment("d", "a"), segment("a", "x", "b"),
                         segment("x", "x")])  # fmt: skip
    _, problems = loaded(text)
    assert [(problem.where, problem.message, problem.next_step) for problem in problems] == [
        (
            "segments/x.yaml:15",
            "definitions refer to each other in a loop: segment a → segment b → segment c → segment a",
            "Take out one of the references (segments/x.yaml:15, segments/x.yaml:7, segments/x.yaml:3).",
        ),
        (
            "segments/x.yaml:19",
            "definitions refer to each other in a loop: segment x → segment x",
            "Take out one of the references (segments/x.yaml:19).",
        ),
    ]


def test_shared_references_are_no_loop(loaded):
    parts = [segment("a", "b", "c"), segment("b", "d"), segment("c", "d"), segment("d")]
    _, problems = loaded("---\n".join(parts))
    assert problems == []


def test_a_long_chain_is_no_recursion(loaded):
    parts = [segment(f"s{n}", f"s{n + 1}") for n in range(1200)]
    _, problems = loaded("---\n".join([*parts, segment("s1200")]))
    assert problems == []


def test_errors_raised_by_a_check_are_reported_with_the_document(workspace, kinds):
    def check(document, catalog):
        raise ForetellError("ODD", "this is odd", next_step="Make it even.")

    def refers(document):
        raise DefinitionErrors([ForetellError("ONE", "first", where="f:1"), ForetellError("TWO", "second")])

    workspace.write("segments/x.yaml", "\n" + A)
    strict = Kind("segment", "segments", kinds[0].model, check=check, refers=refers)
    _, problems = load(workspace.root, [strict], environ={})
    assert [problem.headline for problem in problems] == [
        "f:1: first (segment a)",
        "segments/x.yaml:2: this is odd (segment a)",
        "segments/x.yaml:2: second (segment a)",
    ]


def test_a_check_that_follows_a_loop_for_ever_is_forgiven(workspace, kinds):
    def check(document, catalog):
        for _, key in kinds[0].refers(document):
            check(catalog.get("segment", key), catalog)
        return []

    workspace.write("segments/x.yaml", segment("a", "b") + "---\n" + segment("b", "b"))
    looping = Kind("segment", "segments", kinds[0].model, check=check, refers=kinds[0].refers)
    _, problems = load(workspace.root, [looping], environ={})
    assert [problem.code for problem in problems] == ["DEFINITION_LOOP"]
    blind = Kind("segment", "segments", kinds[0].model, check=check)
    with pytest.raises(RecursionError):
        load(workspace.root, [blind], environ={})


def test_an_error_that_a_model_raises_is_reported(workspace):
    class Refusing(BaseModel):
        def __init__(self, **values: object) -> None:
            super().__init__(**values)

        @classmethod
        def model_validate(cls, *_values, **_options):
            raise UsageError("NEVER", "this never fits")

    workspace.write("segments/x.yaml", A)
    _, problems = load(workspace.root, [Kind("segment", "segments", Refusing)], environ={})
    assert [problem.headline for problem in problems] == ["segments/x.yaml:3: this never fits (segment a)"]


def test_files_nobody_reads_are_pointed_out(workspace):
    workspace.write("segmets/x.yaml", A)
    workspace.write("more.yaml", "# hello\n" + A)
    workspace.write("compose.yaml", "kind: Deployment\n")
    workspace.write("data/x.yaml", A)
    workspace.write(".github/x.yaml", A)
    _, problems = workspace.load()
    assert [(problem.severity, problem.where, problem.next_step) for problem in problems] == [
        ("warning", "more.yaml:1", "Move it to segments/."),
        ("warning", "segmets/x.yaml:1", "Move it to segments/."),
    ]


def test_a_file_that_cannot_be_opened(workspace):
    (workspace.root / "segments").mkdir()
    os.symlink("nowhere", workspace.root / "segments" / "x.yaml")
    _, problems = workspace.load()
    assert [(problem.code, problem.severity) for problem in problems] == [("FILE_MISSING", "error")]


def test_raising_carries_every_error_and_no_warning():
    warning = Problem("W", "warned", severity="warning")
    raise_errors([warning])
    with pytest.raises(DefinitionErrors) as raised:
        raise_errors([warning, Problem("A", "first", next_step="Go."), Problem("B", "second")])
    assert [error.code for error in raised.value.errors] == ["A", "B"]
    assert str(raised.value) == "first. Go. (1 more below)"
    assert raised.value.exit_status == 2
