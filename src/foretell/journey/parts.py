"""What the room keeps in the stores: journeys' states, a row a run, what happened at each step."""

from __future__ import annotations

from foretell.engine import AnalyticsTable, RoomParts, View

_MIGRATION = """
CREATE TABLE journey_states (
    journey TEXT PRIMARY KEY, state TEXT NOT NULL, changed_at BIGINT NOT NULL, checked_batch BIGINT NOT NULL,
    checked_at BIGINT NOT NULL);
CREATE TABLE journey_runs (
    run TEXT PRIMARY KEY, journey TEXT NOT NULL, revision BIGINT NOT NULL, profile_key BIGINT NOT NULL,
    node_key BIGINT NOT NULL, profile_id TEXT NOT NULL, arm TEXT NOT NULL, entered_at BIGINT NOT NULL,
    state TEXT NOT NULL, step TEXT NOT NULL, arrived_at BIGINT NOT NULL, waiting BIGINT NOT NULL, due_at BIGINT,
    variables TEXT NOT NULL, entry_message_id TEXT NOT NULL, ended_at BIGINT, goal_at BIGINT, goal_until BIGINT,
    contaminated BIGINT NOT NULL, merged_state TEXT, merged_due_at BIGINT, unsettled BIGINT NOT NULL);
CREATE INDEX journey_runs_due ON journey_runs (journey, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX journey_runs_waiting ON journey_runs (journey, revision, step) WHERE due_at IS NOT NULL;
CREATE INDEX journey_runs_open_goal ON journey_runs (journey, goal_until) WHERE goal_until IS NOT NULL;
CREATE INDEX journey_runs_by_profile ON journey_runs (profile_key, journey, revision);
CREATE INDEX journey_runs_by_node ON journey_runs (node_key);
CREATE INDEX journey_runs_unsettled ON journey_runs (run) WHERE unsettled = 1;
CREATE TABLE journey_sends (
    run TEXT NOT NULL, step TEXT NOT NULL, visit BIGINT NOT NULL, at BIGINT NOT NULL, message_id TEXT NOT NULL,
    decision TEXT NOT NULL, reason TEXT, PRIMARY KEY (run, step)) /*clustered*/;
"""
"""``due_at`` is null for runs that are over. ``goal_until`` is null where the goal is reached or can no
longer be. ``unsettled`` marks runs that a merge or a split changed and the same batch still has to tell."""

_DUE_IN_ORDER = """
DROP INDEX journey_runs_due;
CREATE INDEX journey_runs_due ON journey_runs (journey, due_at, profile_key) WHERE due_at IS NOT NULL;
"""
"""Whole waves are due at one instant: the next few of them are read without sorting all the others, and in the order
in which people lie in every table, so that a part of a wave touches few pages."""

_ENTRIES = """
CREATE TABLE journey_entries (
    entry TEXT PRIMARY KEY, journey TEXT NOT NULL, profile_key BIGINT NOT NULL, node_key BIGINT NOT NULL,
    asked_at BIGINT NOT NULL, entry_message_id TEXT NOT NULL, variables TEXT NOT NULL, kept BIGINT NOT NULL,
    taken_at BIGINT, outcome TEXT);
CREATE INDEX journey_entries_waiting ON journey_entries (journey, asked_at, entry) WHERE taken_at IS NULL;
CREATE INDEX journey_entries_by_profile ON journey_entries (profile_key);
CREATE INDEX journey_entries_by_node ON journey_entries (node_key);
CREATE TABLE journey_cursors (
    journey TEXT PRIMARY KEY, batch BIGINT NOT NULL, looked_at BIGINT NOT NULL, mark TEXT NOT NULL,
    kept_back BIGINT NOT NULL);
CREATE TABLE journey_admissions (
    journey TEXT NOT NULL, at BIGINT NOT NULL, batch BIGINT NOT NULL, people BIGINT NOT NULL,
    PRIMARY KEY (journey, at, batch));
ALTER TABLE journey_runs ADD COLUMN entry_key TEXT NOT NULL DEFAULT '';
CREATE TABLE journey_drafts (journey TEXT PRIMARY KEY, spec TEXT NOT NULL, changed_at BIGINT NOT NULL);
"""
"""Who was let in and waits for the tick (what an API asked for is ``kept`` with what became of it, so that it is known
when it comes again); up to where each journey has looked for what lets people in, and whom its cap keeps back without
a place in the queue; how many entered a capped journey, and when; journeys in the making. ``entry_key`` tells runs of
one person apart that may go on side by side."""

_RESTED = "CREATE TABLE journey_rested (run TEXT PRIMARY KEY, journey TEXT NOT NULL);"
"""Runs that a process without the analytics store brought to a wait: whoever has it looks whether it is over."""

_BACKTESTS = """
CREATE TABLE journey_backtests (
    journey TEXT NOT NULL, meaning TEXT NOT NULL, made_at BIGINT NOT NULL, report TEXT NOT NULL,
    PRIMARY KEY (journey, meaning)) /*clustered*/;
"""
"""The last back-test of each journey: ``meaning`` is of the document; a report holds counts, and nobody's name."""

RUN_ROWS = AnalyticsTable(
    "journey_run_rows",
    {
        "run": "VARCHAR",
        "journey": "VARCHAR",
        "revision": "BIGINT",
        "node_key": "BIGINT",
        "arm": "VARCHAR",
        "entered_at": "TIMESTAMP",
        "state": "VARCHAR",
        "step": "VARCHAR",
        "ended_at": "TIMESTAMP",
        "goal_at": "TIMESTAMP",
        "contaminated": "BOOLEAN",
    },
    profile_column="node_key",
    key=("run",),
    order=("journey", "entered_at", "run"),
    derived="log_journey_runs",
)

STEP_ROWS = AnalyticsTable(
    "journey_step_rows",
    {
        "run": "VARCHAR",
        "journey": "VARCHAR",
        "revision": "BIGINT",
        "node_key": "BIGINT",
        "step": "VARCHAR",
        "happened_at": "TIMESTAMP",
        "outcome": "VARCHAR",
        "next": "VARCHAR",
    },
    profile_column="node_key",
    order=("journey", "step", "happened_at"),
    derived="log_journey_steps",
)

_RUNS_VIEW = View(
    "journey_runs",
    "SELECT r.run, r.journey, r.revision, coalesce(n.profile_id, '') AS profile_id, r.arm, r.entered_at, r.state, "
    "r.step, r.ended_at, r.goal_at, r.contaminated "
    "FROM log_journey_runs r LEFT JOIN nodes n ON n.node_key = r.profile_key",
    {
        "run": "Id of the run: one person, one passage through a journey.",
        "journey": "Key of the journey.",
        "revision": "Revision of the journey's document that the run follows.",
        "profile_id": "The person, after all merges known today.",
        "arm": "treated, or held_out: gets nothing, to measure against.",
        "entered_at": "When the person entered, UTC.",
        "state": "active, done, left, goal, stopped (the journey was), held_out or merged (another run goes on).",
        "step": "Where the run is, or was when it ended.",
        "ended_at": "When it ended, UTC.",
        "goal_at": "When the goal was reached, within the time in which it counts; UTC.",
        "contaminated": "True where the person has runs of both arms; left out of analyses.",
    },
)

_STEPS_VIEW = View(
    "journey_steps",
    "SELECT s.run, s.journey, s.revision, coalesce(n.profile_id, '') AS profile_id, s.step, s.happened_at, s.outcome, "
    "s.next FROM log_journey_steps s LEFT JOIN nodes n ON n.node_key = s.profile_key",
    {
        "run": "Id of the run.",
        "journey": "Key of the journey.",
        "revision": "Revision of the journey's document that the run follows.",
        "profile_id": "The person, after all merges known today.",
        "step": "Key of the step.",
        "happened_at": "The instant of the step, by the run's own time, UTC.",
        "outcome": "What happened: entered, held_out, sent, refused: REASON, deferred: REASON, left and the like.",
        "next": "Step that followed; the same one where the run waits there.",
    },
)

PARTS = RoomParts(
    "journey",
    (_MIGRATION, _DUE_IN_ORDER, _ENTRIES, _RESTED, _BACKTESTS),
    (RUN_ROWS, STEP_ROWS),
    (_RUNS_VIEW, _STEPS_VIEW),
    people={"journey_runs": ("profile_key", "node_key"), "journey_entries": ("profile_key", "node_key")},
)
