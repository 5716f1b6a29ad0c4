"""Plan and apply on the operational store: revisions, owners, doing it twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from foretell.definitions import (
    Positions,
    WorkspaceSettings,
    applied_catalog,
    apply,
    catalog_of,
    current,
    plan,
    revision_of,
)
from foretell.errors import DefinitionErrors, UsageError

A = "kind: segment\nkey: a\nspec:\n  condition: {did: X, within: 30d}\n"
B = "kind: segment\nkey: b\nspec:\n  condition: {segment: a}\n"


def actions(made):
    return [(change.action, change.name) for change in made]


@pytest.fixture
def applied(workspace, store, now):
    """Write files (None deletes), plan and apply; returns what was made."""

    def go(files, **options):
        for name, text in files.items():
            if text is None:
                (workspace.root / name).unlink()
            else:
                workspace.write(name, text)
        catalog, problems = workspace.load()
        planned = plan(catalog, store, problems=problems, **options)
        with store.write() as tx:
            return apply(planned, tx, now)

    return go


def test_added_changed_removed_and_back(applied, store):
    assert actions(applied({"segments/a.yaml": A, "segments/b.yaml": B})) == [
        ("added", "segment a"),
        ("added", "segment b"),
    ]
    assert actions(applied({"segments/a.yaml": A.replace("30d", "60d")})) == [("changed", "segment a")]
    assert actions(applied({"segments/b.yaml": None})) == [("removed", "segment b")]
    assert [(d.name, d.revision) for d in current(store)] == [("segment a", 2)]
    assert actions(applied({"segments/b.yaml": B})) == [("added", "segment b")]
    assert [(d.name, d.revision, d.owner, d.file) for d in current(store)] == [
        ("segment a", 2, "git", "segments/a.yaml"),
        ("segment b", 2, "git", "segments/b.yaml"),
    ]


def test_revisions_are_kept_as_they_were(applied, store):
    applied({"segments/a.yaml": A})
    applied({"segments/a.yaml": A.replace("30d", "60d")})
    first, second = (revision_of(store, "segment", "a", number) for number in (1, 2))
    assert (first["spec"]["condition"]["within"], second["spec"]["condition"]["within"]) == ("30d", "60d")
    assert revision_of(store, "segment", "a", 3) is None


def test_the_same_plan_twice_changes_nothing(workspace, store, now):
    workspace.write("segments/a.yaml", A)
    planned = plan(workspace.load()[0], store)
    for expected in ([("added", "segment a")], []):
        with store.write() as tx:
            assert actions(apply(planned, tx, now)) == expected
    (stored,) = current(store)
    assert (stored.revision, stored.applied_at) == (1, now)
    assert plan(workspace.load()[0], store).empty


def test_a_removal_applied_twice_changes_nothing(applied, workspace, store, now):
    applied({"segments/a.yaml": A})
    (workspace.root / "segments/a.yaml").unlink()
    planned = plan(workspace.load()[0], store)
    for moment, expected in ((now, [("removed", "segment a")]), (now + timedelta(days=1), [])):
        with store.write() as tx:
            assert actions(apply(planned, tx, moment)) == expected


def test_order_layout_and_comments_make_no_revision(applied, store):
    applied({"segments/a.yaml": A})
    same = "# note\nui: {x: 3}\nspec: {condition: {within: 30d, did: X}}\nkey: a\nkind: segment\n"
    assert applied({"segments/a.yaml": None, "segments/moved.yaml": same}) == []
    (stored,) = current(store)
    assert (stored.revision, stored.file, stored.raw["ui"]) == (1, "segments/moved.yaml", {"x": 3})


def test_a_plan_shows_fields_and_the_people_affected(applied, workspace, store):
    applied({"segments/a.yaml": A})
    workspace.write("segments/a.yaml", A.replace("30d", "60d"))
    workspace.write("segments/b.yaml", B)
    planned = plan(workspace.load()[0], store, impact=lambda document: f"people of {document.key}")
    assert [str(field) for change in planned.of("changed") for field in change.fields] == [
        'spec.condition.within: "30d" → "60d"'
    ]
    shown = planned.as_dict()
    assert [change["impact"] for change in shown["added"] + shown["changed"]] == ["people of b", "people of a"]
    assert shown["changed"][0]["where"] == "segments/a.yaml:1"


def test_errors_keep_everything_from_being_applied(applied, store):
    with pytest.raises(DefinitionErrors) as raised:
        applied({"segments/a.yaml": A, "segments/b.yaml": B.replace("segment: a", "segment: c")})
    assert raised.value.code == "UNKNOWN_REFERENCE"
    assert current(store) == []


def test_a_broken_document_is_not_taken_for_a_removed_one(applied, workspace, store):
    applied({"segments/a.yaml": A})
    workspace.write("segments/a.yaml", A.replace("condition", "conditoin"))
    assert plan(workspace.load()[0], store).changes == ()


def test_somebody_else_was_faster(applied, workspace, store, now):
    applied({"segments/a.yaml": A})
    workspace.write("segments/a.yaml", A.replace("30d", "60d"))
    late = plan(workspace.load()[0], store)
    applied({"segments/a.yaml": A.replace("30d", "90d")})
    with pytest.raises(UsageError) as raised, store.write() as tx:
        apply(late, tx, now)
    assert raised.value.code == "PLAN_OUTDATED"
    assert current(store)[0].raw["spec"]["condition"]["within"] == "90d"


def drawn(kinds, workspace, within="30d", key="a"):
    raw = {"kind": "segment", "key": key, "spec": {"condition": {"did": "X", "within": within}}}
    pairs = [(raw, Positions(f"ui: segment {key}"))]
    return catalog_of(pairs, kinds, root=workspace.root, settings=WorkspaceSettings())[0]


def test_git_may_not_change_what_the_ui_owns(applied, kinds, workspace, store, now):
    with store.write() as tx:
        apply(plan(drawn(kinds, workspace), store, owner="ui", remove=False), tx, now)
    with pytest.raises(DefinitionErrors) as raised:
        applied({"segments/a.yaml": A.replace("30d", "60d")})
    assert str(raised.value) == (
        "segments/a.yaml:1: segment a belongs to the UI (segment a). Change it in the UI, or delete this file."
    )
    assert applied({"segments/a.yaml": None}) == []
    assert [(d.name, d.owner) for d in current(store)] == [("segment a", "ui")]


def test_the_ui_may_not_change_what_git_owns(applied, kinds, workspace, store):
    applied({"segments/a.yaml": A})
    planned = plan(drawn(kinds, workspace, "60d"), store, owner="ui", remove=False)
    assert [problem.as_error().headline for problem in planned.problems] == [
        "ui: segment a: segment a belongs to the file segments/a.yaml (segment a)"
    ]
    assert planned.changes == ()


def test_what_one_owner_took_out_the_other_may_put_in(applied, kinds, workspace, store, now):
    applied({"segments/a.yaml": A})
    applied({"segments/a.yaml": None})
    with store.write() as tx:
        made = apply(plan(drawn(kinds, workspace), store, owner="ui", remove=False), tx, now)
    assert actions(made) == [("added", "segment a")]
    assert [(d.owner, d.revision) for d in current(store)] == [("ui", 2)]


def test_the_store_gives_the_catalog_of_both_owners(applied, kinds, workspace, store, now):
    applied({"segments/b.yaml": B, "segments/a.yaml": A})
    with store.write() as tx:
        apply(plan(drawn(kinds, workspace, key="c"), store, owner="ui", remove=False), tx, now)
    catalog, problems = applied_catalog(store, kinds, root=workspace.root, settings=WorkspaceSettings())
    assert problems == []
    assert [document.key for document in catalog.all("segment")] == ["a", "b", "c"]
    assert catalog.get("segment", "c").where == "applied segment c"
