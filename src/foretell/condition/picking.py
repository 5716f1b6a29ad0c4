"""``trait``, ``last``, ``first`` and ``prediction``: one row a person is picked, then tested."""

from __future__ import annotations

from foretell.condition import moments, sql
from foretell.condition.nodes import Check, Consent, Pick, Prediction, Test, Trait
from foretell.condition.people import People
from foretell.condition.scope import Scope
from foretell.condition.values import Value, holds, number_holds
from foretell.condition.where import properties, selected


def trait(part: Trait, scope: Scope) -> People:
    """Who has a latest trait value that keeps the test."""
    test = holds(part.test, Value("t.s", "t.n"), scope.frame)
    return _tested(trait_values(part, scope), "t", test, at_nothing=_on_missing(part.test), seen=True)


def trait_values(part: Trait, scope: Scope) -> str:
    """SQL: ``profile_key s n place``; the latest value has place 1 (ties in time go by sequence)."""
    rows = sql.both([f"t.trait = {sql.text(part.name)}", *scope.rows("t")])
    return (
        "SELECT t.profile_key, t.s, t.n, row_number() OVER (PARTITION BY t.profile_key "
        f"ORDER BY t.ts DESC, t.seq DESC) AS place FROM log_traits AS t WHERE {rows}"
    )


def pick(part: Pick, scope: Scope) -> People:
    """Who has a last (first) selected event that keeps the tests (ties in time go by message id)."""
    matches = selected(part.selection, scope).all()
    if not part.properties:
        edge = "max(e.ts)" if part.which == "last" else "min(e.ts)"
        having = _since(edge, part.ago, scope)
        source = f"FROM log_events AS e WHERE {matches}"
        return People(f"SELECT e.profile_key {source} GROUP BY e.profile_key HAVING {having}")
    order = "DESC" if part.which == "last" else "ASC"
    ranked = (
        "SELECT e.*, row_number() OVER (PARTITION BY e.profile_key "
        f"ORDER BY e.ts {order}, e.message_id {order}) AS place FROM log_events AS e WHERE {matches}"
    )
    tests = [properties(part.properties, scope).all()]
    if part.ago:
        tests.append(_since("e.ts", part.ago, scope))
    at_nothing = not part.ago and all(_on_missing(test.test) for test in part.properties)
    return _tested(ranked, "e", sql.both(tests), at_nothing=at_nothing, seen=True)


def prediction(part: Prediction, scope: Scope) -> People:
    """Who has a latest stored score, not too old, that keeps the test."""
    test = number_holds(
        part.test,
        lambda symbol, number: f"p.score {symbol} CAST('{float(number)!r}' AS DOUBLE)",
        known="p.score IS NOT NULL",
    )
    return _tested(scores(part, scope), "p", test, at_nothing=_on_missing(part.test), seen=False)


def scores(part: Prediction, scope: Scope) -> str:
    """SQL: ``profile_key score place``; the latest score that is not too old has place 1."""
    horizon, max_age = scope.references.prediction(part.key, part.horizon)
    frame = scope.frame
    rows = [
        f"r.prediction = {sql.text(part.key)}",
        f"r.horizon = {sql.text(horizon)}",
        f"r.as_of <= {sql.instant(frame.as_of)}",
        *scope.ones("coalesce(m.profile_key, r.node_key)"),
    ]
    if max_age is not None:
        rows.append(f"r.as_of >= {sql.instant(max_age.before(frame.as_of, frame.zone))}")
    return (
        "SELECT coalesce(m.profile_key, r.node_key) AS profile_key, r.score, row_number() OVER ("
        "PARTITION BY coalesce(m.profile_key, r.node_key) ORDER BY r.as_of DESC, "
        "CASE WHEN m.profile_key IS NULL THEN 0 ELSE 1 END, r.node_key, r.model DESC) AS place "
        f"FROM score_rows AS r LEFT JOIN merged AS m ON m.node_key = r.node_key WHERE {sql.both(rows)}"
    )


def consent(part: Consent, scope: Scope) -> People:
    """For whom the latest word is that it is granted."""
    return _tested(consent_states(part, scope), "c", "c.state = 'granted'", at_nothing=False, seen=False)


def consent_states(part: Consent, scope: Scope) -> str:
    """SQL: ``profile_key state ts source place``; the latest word has place 1, of one instant the stricter."""
    rows = [f"c.channel = {sql.text(part.channel)}", f"c.purpose = {sql.text(part.purpose)}", *scope.rows("c")]
    return (
        "SELECT c.profile_key, c.state, c.ts, c.source, row_number() OVER (PARTITION BY c.profile_key "
        "ORDER BY c.ts DESC, CASE WHEN c.state = 'granted' THEN 1 ELSE 0 END, c.seq DESC) AS place "
        f"FROM log_consents AS c WHERE c.state IN ('granted', 'denied') AND {sql.both(rows)}"
    )


def _tested(ranked: str, alias: str, test: str, *, at_nothing: bool, seen: bool) -> People:
    kept = sql.negation(f"({test})") if at_nothing else f"({test})"
    query = f"SELECT {alias}.profile_key FROM ({ranked}) AS {alias} WHERE {alias}.place = 1 AND {kept}"
    return People(query, inverted=at_nothing, seen=seen)


def _on_missing(test: Test) -> bool:
    return all(check.negated for check in test)


def _since(instant: str, ago: tuple[Check, ...], scope: Scope) -> str:
    frame = scope.frame
    return sql.both(moments.instant_test(instant, moments.bounds(check, frame.as_of, frame.zone)) for check in ago)
