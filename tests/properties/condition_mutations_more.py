"""Mistakes in what speaks of order, change, rank, the person's clock and place: file, text, other text."""

from __future__ import annotations

ANY_TRUE = "TRUE OR "

MUTATIONS = {
    # sequence
    "step_ends_exclusive": ("sequences.py", "u.ts <= u.end{number}", "u.ts < u.end{number}"),
    "closing_need_not_elapse": ("sequences.py", "if not part.open:", "if False:"),
    "closing_ends_exclusive": ("sequences.py", "{row}.next{number} > {row}.until", "{row}.next{number} >= {row}.until"),
    "nothing_lies_between": ("sequences.py", "if one not in clean]", "if False]"),
    "latest_is_best": ("sequences.py", "enumerate(_subsets(limited))", "enumerate([()])"),
    "sequence_ties_by_sequence": ("sequences.py", "ORDER BY t.ts, t.message_id", "ORDER BY t.ts, t.seq"),
    "first_step_ever": ("sequences.py", "within=part.within or part.steps[0].selection.within", "within=None"),
    # same
    "elements_are_never_same": ("keys.py", "if one.elements is None:", "if True:"),
    "missing_is_same": ("keys.py", 'sql.both(f"{one} IS NOT NULL" for one in self.keys)', '"TRUE"'),
    # in_any
    "window_holds_its_begin": (
        "windows.py",
        "e.ts + {sql.length(length)} AS t, -(",
        "e.ts + {sql.length(length)} + INTERVAL 1 MICROSECOND AS t, -(",
    ),
    "in_any_counts_values_twice": ("windows.py", "WHERE p.before IS NULL OR", f"WHERE {ANY_TRUE}"),
    # change, ratio
    "nothing_before": ("changes.py", "cls(within.before(middle, frame.zone)", "cls(middle"),
    "before_begins_inclusive": (
        "changes.py", 'f"e.ts > {sql.instant(windows.begin', 'f"e.ts >= {sql.instant(windows.begin',
    ),
    "base_of_now": ("changes.py", "AND e.ts <= {sql.instant(windows.mid", "AND e.ts > {sql.instant(windows.mid"),
    "change_is_no_share": ("changes.py", " * abs(f.b) * f.nd", " * f.nd"),
    "ratio_of_nothing": ("changes.py", 'known="f.nd > 0"', 'known="TRUE"'),
    "ratio_upside_down": ("changes.py", '("b", "bd"))', '("bd", "b"))'),
    # since
    "since_the_first": ("where.py", '"max(k.ts)" if since.which == "last"', '"min(k.ts)" if since.which == "last"'),
    "since_inclusive_of_anchor": ("where.py", 'f"e.ts > (SELECT', 'f"e.ts >= (SELECT'),
    "since_an_hour_of_the_day": ("where.py", "datetime.combine(since, time())", "datetime.combine(since, time(13))"),
    # per, as
    "per_adds_up_all_elements": ("without.py", "found.alike[array] = ", 'found.alike[array + "?"] = '),
    "some_part_speaks_of_the_value": ("binding.py", "kept = intersection([_Pairs", "kept = union([_Pairs"),
    "bound_to_the_person": ("doing.py", "|| ':' || {bound}", ""),
    # top
    "top_without_ties": ("ranking.py", "rank() OVER", "row_number() OVER"),
    "last_for_first": ("ranking.py", "ORDER BY f.value DESC", "ORDER BY f.value"),
    "top_of_everybody": ("ranking.py", "scope.ranked_in or of", '"all"'),
    "top_share_inclusive": ("ranking.py", "(r.place - 1) * ", "(r.place - 2) * "),
    # without
    "anything_undoes": ("without.py", "f.place = 1 AND ({_LATER})", "f.place = 1"),
    "undone_by_ties": ("without.py", "f.message_id > m.message_id", "f.message_id <> m.message_id"),
    # the person's clock
    "workspace_clock": ("clocks.py", 'zone = f"coalesce(p.zone, ', 'zone = f"coalesce(NULL, '),
    "hours_of_utc": ("clocks.py", '"c.ts + z.ahead * INTERVAL 1 SECOND"', '"c.ts"'),
    "weeks_begin_on_sunday": ("clocks.py", "extract(isodow FROM", "extract(dow FROM"),
    "born_on_no_day": ("clocks.py", "(day.month, day.day) == (2, 28)", "(day.month, day.day) == (2, 27)"),
    "birth_is_a_return": ("clocks.py", "< '{year:04}'", "<= '{year:04}'"),
    # lists, people, draws, decisions
    "list_of_the_future": ("listed.py", "AND w.valid_from <= {sql.instant(_read_at(scope))}", ""),
    "listed_numbers_ignored": ("listed.py", "({value.text} IS NULL AND ", "(FALSE AND "),
    "persona_of_the_future": ("people_heads.py", 'f"r.as_of <= {sql.instant(scope.frame.as_of)}"', '"TRUE"'),
    "first_persona": ("people_heads.py", '"ORDER BY r.as_of DESC, CASE', '"ORDER BY r.as_of, CASE'),
    "persona_before_it_was_known": ("people_heads.py", "r.known_at <=", "r.as_of <="),
    "degrees_are_square": ("people_heads.py", "+ {round_} * {east}", "+ {east}"),
    "one_name_of_coordinates": ("people_heads.py", '("latitude", "lat"), ("longitude", ', '("lat",), ('),
    "one_draw_for_all": ("people_heads.py", "md5({sql.text(key + ':')} || d.profile_id)", "md5(d.profile_id)"),
    "bucket_turned": ("people_heads.py", '"gte": ">=", "lt": "<"', '"gte": "<", "lt": ">="'),
    "any_context": ("people_heads.py", 'f"x.name = {sql.text(part.name)}", ', ""),
    "context_missing_is_known": (
        "people_heads.py", "at_nothing = all(check.negated for check in part.test)", "at_nothing = False",
    ),
    # accounts
    "left_accounts": ("scope.py", "WHERE l.place = 1 AND NOT l.ended", "WHERE l.place = 1"),
    "account_of_anybody": ("accounts.py", "b.profile_key = g.account_id", "TRUE"),
    # calendar steps
    "months_of_thirty_days": ("deadlines.py", "'{_months(length)}' MONTH", "'{30 * _months(length)}' DAY"),
    "months_on_the_clock_of_utc": ("deadlines.py", "t.ts + {_ahead(clock)} {_SECONDS} AS wall", "t.ts AS wall"),
}  # fmt: skip
