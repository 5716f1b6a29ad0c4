"""Documents that the app keeps: whose a file is, what is refused, and what a crash leaves."""

from __future__ import annotations

import pytest

from foretell.definitions import apply, current, plan, pointed, remove, save
from foretell.errors import DefinitionErrors, ForetellError, UsageError
from tests.unit.definitions.test_revisions import A, actions

MARKED = A.replace("spec:", "ui: {kept_by: app}\nspec:")
SPEC = {"condition": {"did": "X", "within": "30d"}}


@pytest.fixture
def applied(workspace, store, now):
    """Plan and apply the files as they stand."""

    def go():
        catalog, problems = workspace.load()
        with store.write() as tx:
            return apply(plan(catalog, store, problems=problems), tx, now)

    return go


def owners(store):
    return [(one.name, one.owner, one.revision) for one in current(store)]


def test_saved_then_found_as_it_is(workspace, store, now, applied):
    saved = save(workspace.load()[0], store, "segment", "a", SPEC, now=now)
    assert (saved.revision, saved.file) == (1, "segments/a.yaml")
    assert owners(store) == [("segment a", "ui", 1)]
    assert applied() == []
    assert workspace.load()[0].get("segment", "a").raw["spec"] == SPEC
    (workspace.root / "segments/a.yaml").unlink()
    assert actions(applied()) == [("removed", "segment a")]


def test_a_file_changes_hands_by_its_mark(workspace, store, now, applied):
    workspace.write("segments/a.yaml", A)
    assert actions(applied()) == [("added", "segment a")]
    with pytest.raises(UsageError) as refused:
        save(workspace.load()[0], store, "segment", "a", SPEC, now=now)
    assert refused.value.code == "KEPT_IN_FILES"
    workspace.write("segments/a.yaml", MARKED)
    assert actions(applied()) == [("changed", "segment a")]
    assert owners(store) == [("segment a", "ui", 2)]
    save(workspace.load()[0], store, "segment", "a", {**SPEC, "of": "all"}, now=now)
    workspace.write("segments/a.yaml", A)
    assert actions(applied()) == [("changed", "segment a")]
    assert owners(store) == [("segment a", "git", 4)]


def test_what_the_canvas_drew_stays(workspace, store, now):
    workspace.write("segments/a.yaml", MARKED.replace("{kept_by: app}", "{kept_by: app, x: 12}"))
    save(workspace.load()[0], store, "segment", "a", {"condition": {"did": "Y"}}, now=now)
    assert (workspace.root / "segments/a.yaml").read_text() == (
        "# The app keeps this file: change it there.\n"
        "kind: segment\nkey: a\nui: {kept_by: app, x: 12}\nspec:\n  condition: {did: Y}\n"
    )


def test_errors_have_the_place_of_the_value(workspace, store, now):
    catalog = workspace.load()[0]
    with pytest.raises(DefinitionErrors) as told:
        save(catalog, store, "segment", "a", {"condition": {"all": [{"segment": "b/c"}]}, "off": 1}, now=now)
    assert [(error.code, error.where) for error in told.value.errors] == [("UNKNOWN_KEY", "#/spec/off")]
    with pytest.raises(DefinitionErrors) as told:
        save(catalog, store, "segment", "a", {"condition": {"all": [{"segment": "b"}]}}, now=now)
    assert [(error.code, error.where) for error in told.value.errors] == [
        ("UNKNOWN_REFERENCE", "#/spec/condition/all/0/segment")
    ]
    assert current(store) == []
    assert not (workspace.root / "segments").exists()


def test_pointers():
    raw = {"all": [{"where": {"a/b~c": {"0": 1}}}]}
    assert pointed("#/all/0/where/a~1b~0c/0", raw) == ("all", 0, "where", "a/b~c", "0")
    assert pointed("#", raw) == ()
    assert pointed("#/nothing/7", raw) == ("nothing", "7")


def test_one_document_a_file(workspace, store, now):
    workspace.write("segments/x.yaml", f"{MARKED}---\n{A.replace('key: a', 'key: b')}")
    with pytest.raises(UsageError) as refused:
        save(workspace.load()[0], store, "segment", "a", SPEC, now=now)
    assert (refused.value.code, refused.value.where) == ("FILE_TAKEN", "segments/x.yaml")


def test_where_the_file_cannot_be_written_nothing_is_in_force(workspace, store, now):
    (workspace.root / "segments").write_text("a file, no folder")
    with pytest.raises(ForetellError):
        save(workspace.load()[0], store, "segment", "a", SPEC, now=now)
    assert current(store) == []


def test_somebody_was_faster(workspace, store, now):
    save(workspace.load()[0], store, "segment", "a", SPEC, now=now, base_revision=0)
    for late in (save, remove):
        more = [SPEC] if late is save else []
        with pytest.raises(UsageError) as refused:
            late(workspace.load()[0], store, "segment", "a", *more, now=now, base_revision=0)
        assert refused.value.code == "CHANGED_MEANWHILE"
    remove(workspace.load()[0], store, "segment", "a", now=now, base_revision=1)
    assert (current(store), workspace.load()[0].documents) == ([], {})
