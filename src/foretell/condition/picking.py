"""``trait``, ``last``, ``first`` and ``prediction``: one row a person is picked, then tested."""

from __future__ import annotations

from foretell.condition import moments, sql
from foretell.condition.nodes import Check, Consent, Pick, Prediction, Test, Trait
from foretell.condition.people import People
from foretell.condition.scope import EACH_EVENT, Scope
from foretell.condition.traits import trait_values
from foretell.condition.values import Value, holds, number_holds
from foretell.condition.where import properties, selected
from foretell.profile import EVERYTHING, EXEMPT

_PROFILING = Consent("", "profiling")


def trait(part: Trait, scope: Scope) -> People:
    """Who has a latest trait value that keeps the test."""
    test = holds(part.test, Value("t.s", "t.n", "t.profile_key", part.name), scope.frame)
    return _tested(trait_values(part.name, scope), "t", test, at_nothing=_on_missing(part.test))


def pick(part: Pick, scope: Scope) -> People:
    """Who has a last (first) selected event that keeps the tests (ties in time go by message id)."""
    matches = selected(part.selection, scope).all()
    if not part.properties:
        edge = "max(e.ts)" if part.which == "last" else "min(e.ts)"
        having = _since(edge, part.ago, scope)
        source = f"FROM {scope.log('log_events')} AS e WHERE {matches}"
        return People(f"SELECT e.profile_key {source} GROUP BY e.profile_key HAVING {having}")
    order = "DESC" if part.which == "last" else "ASC"
    ranked = (
        f"{EACH_EVENT}ORDER BY e.ts {order}, e.message_id {order}) AS place "
        f"FROM {scope.log('log_events')} AS e WHERE {matches}"
    )
    tests = [properties(part.properties, scope).all()]
    if part.ago:
        tests.append(_since("e.ts", part.ago, scope))
    at_nothing = not part.ago and all(_on_missing(test.test) for test in part.properties)
    return _tested(ranked, "e", sql.both(tests), at_nothing=at_nothing)


def prediction(part: Prediction, scope: Scope) -> People:
    """Who has a latest stored score, not too old, that keeps the test; who objects to profiling has none."""
    test = number_holds(
        part.test,
        lambda symbol, number: f"p.score {symbol} CAST('{float(number)!r}' AS DOUBLE)",
        known="p.score IS NOT NULL",
    )
    return _tested(scores(part, scope), "p", test, at_nothing=_on_missing(part.test))


def scores(part: Prediction, scope: Scope) -> str:
    """SQL: ``profile_key score place``; the latest score that is not too old has place 1."""
    horizon, max_age = scope.references.prediction(part.key, part.horizon)
    frame = scope.frame
    rows = [
        f"r.prediction = {sql.text(part.key)}",
        f"r.horizon = {sql.text(horizon)}",
        f"r.as_of <= {sql.instant(frame.as_of)}",
        *scope.ones("coalesce(m.profile_key, r.node_key)"),
        not_objecting("coalesce(m.profile_key, r.node_key)", scope),
    ]
    if max_age is not None:
        rows.append(f"r.as_of >= {sql.instant(max_age.before(frame.as_of, frame.zone))}")
    return (
        "SELECT coalesce(m.profile_key, r.node_key) AS profile_key, r.score, row_number() OVER ("
        "PARTITION BY coalesce(m.profile_key, r.node_key) ORDER BY r.as_of DESC, "
        "CASE WHEN m.profile_key IS NULL THEN 0 ELSE 1 END, r.node_key, r.model DESC) AS place "
        f"FROM score_rows AS r LEFT JOIN merged AS m ON m.node_key = r.node_key WHERE {sql.both(rows)}"
    )


def not_objecting(person: str, scope: Scope) -> str:
    """SQL: the person whose key is the SQL ``person`` does not object to profiling."""
    words = consent_states(_PROFILING, scope)
    return (
        f"NOT EXISTS (SELECT 1 FROM ({words}) AS o WHERE o.place = 1 AND o.state = 'denied' "
        f"AND o.profile_key = {person})"
    )


def consent(part: Consent, scope: Scope) -> People:
    """For whom the word that counts is that it is granted, and has not lapsed."""
    return _tested(consent_states(part, scope), "c", "c.state = 'granted'", at_nothing=False)


def consent_states(part: Consent, scope: Scope) -> str:
    """SQL: ``profile_key state ts source place``; the word that counts has place 1, see ``docs/rooms/profile.md``.

    Of each of a person's identities the latest word, of one instant the stricter; of these the strictest.
    """
    spoken = [part.purpose] if part.purpose in EXEMPT else [part.purpose, EVERYTHING]
    rows = sql.both(
        [
            f"c.channel = {sql.text(part.channel)}",
            f"c.purpose IN ({', '.join(map(sql.text, spoken))})",
            "coalesce(s.profile_key, c.spoken_by, c.profile_key) = c.profile_key",
            *scope.rows("c"),
        ]
    )
    latest = (
        f"SELECT c.profile_key, {_lapsing(part, scope)} AS state, c.ts, c.source, c.seq, "
        "row_number() OVER (PARTITION BY c.profile_key, c.node_key "
        "ORDER BY c.ts DESC, CASE WHEN c.state = 'granted' THEN 1 ELSE 0 END, c.seq DESC) AS place "
        "FROM log_consents AS c LEFT JOIN merged AS s ON s.node_key = c.spoken_by "
        f"WHERE c.state IN ('granted', 'denied') AND {rows}"
    )
    return (
        "SELECT w.profile_key, w.state, w.ts, w.source, row_number() OVER (PARTITION BY w.profile_key ORDER BY "
        "CASE w.state WHEN 'denied' THEN 0 WHEN 'granted' THEN 1 ELSE 2 END, w.ts DESC, w.seq DESC) AS place "
        f"FROM ({latest}) AS w WHERE w.place = 1"
    )


def _lapsing(part: Consent, scope: Scope) -> str:
    """SQL: the state of a word at the instant; a grant that has lapsed by then is ``expired``."""
    frame = scope.frame
    ends = [f"c.expires_at <= {sql.instant(frame.as_of)}"]
    holds = scope.references.consent(part.channel, part.purpose)
    if holds is not None:
        ends.append(f"c.ts <= {sql.instant(holds.before(frame.as_of, frame.zone))}")
    return f"CASE WHEN c.state = 'granted' AND ({' OR '.join(ends)}) THEN 'expired' ELSE c.state END"


def _tested(ranked: str, alias: str, test: str, *, at_nothing: bool) -> People:
    kept = sql.negation(f"({test})") if at_nothing else f"({test})"
    query = f"SELECT {alias}.profile_key FROM ({ranked}) AS {alias} WHERE {alias}.place = 1 AND {kept}"
    return People(query, inverted=at_nothing)


def _on_missing(test: Test) -> bool:
    return all(check.negated for check in test)


def _since(instant: str, ago: tuple[Check, ...], scope: Scope) -> str:
    frame = scope.frame
    return sql.both(moments.instant_test(instant, moments.bounds(check, frame.as_of, frame.zone)) for check in ago)
