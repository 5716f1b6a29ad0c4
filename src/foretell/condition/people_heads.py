"""``persona``, ``near``, ``bucket`` and ``context``: people by what they are, where they live, and by a draw."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from math import pi, radians, sin

from foretell.condition import sql
from foretell.condition.nodes import Bucket, Check, Context, Near, Persona
from foretell.condition.people import People
from foretell.condition.picking import not_objecting
from foretell.condition.scope import CONTEXT, Scope
from foretell.condition.traits import trait_values
from foretell.condition.values import Value, holds
from foretell.errors import UsageError

EARTH_KM = 6371.0088
"""Mean radius of the Earth (IUGG)."""
LATITUDES, LONGITUDES = ("latitude", "lat"), ("longitude", "lon", "lng")
DRAW_DIGITS = 13
"""Hexadecimal digits of a draw: 52 bits."""
_DRAWS = 16**DRAW_DIGITS
_PERSON = "coalesce(m.profile_key, r.node_key)"


def persona(part: Persona, scope: Scope) -> People:
    """Whose latest persona is this one; who objects to profiling has none."""
    kept = f"p.place = 1 AND p.persona = {sql.text(part.key)}"
    return People(f"SELECT p.profile_key FROM ({personas(scope)}) AS p WHERE {kept}")


def personas(scope: Scope) -> str:
    """SQL: ``profile_key persona as_of place``; what counts at the instant has place 1."""
    rows = [f"r.as_of <= {sql.instant(scope.frame.as_of)}", *scope.ones(_PERSON), not_objecting(_PERSON, scope)]
    if scope.known_at is not None:
        rows.append(f"r.known_at <= {sql.instant(scope.known_at)}")
    return (
        f"SELECT {_PERSON} AS profile_key, r.persona, r.as_of, row_number() OVER (PARTITION BY {_PERSON} "
        "ORDER BY r.as_of DESC, CASE WHEN m.profile_key IS NULL THEN 0 ELSE 1 END, r.node_key) AS place "
        f"FROM persona_rows AS r LEFT JOIN merged AS m ON m.node_key = r.node_key WHERE {sql.both(rows)}"
    )


def near(part: Near, scope: Scope) -> People:
    """Whose coordinates lie within the circle."""
    if float(part.km) >= pi * EARTH_KM:
        inside = "TRUE"
    else:
        # The haversine of the angle, held against that of the radius: no root, no inverse function.
        half = "CAST('{!r}' AS DOUBLE)".format
        rad, to_radians = radians, half(radians(1) * 1e-6)
        north = f"sin((q.latitude * {to_radians} - {half(rad(float(part.latitude)))}) * 0.5)"
        east = f"sin((q.longitude * {to_radians} - {half(rad(float(part.longitude)))}) * 0.5)"
        round_ = f"cos(q.latitude * {to_radians}) * cos({half(rad(float(part.latitude)))})"
        most = half(sin(float(part.km) / (2 * EARTH_KM)) ** 2)
        inside = f"{north} * {north} + {round_} * {east} * {east} <= {most}"
    known = "abs(q.latitude) <= 90000000 AND abs(q.longitude) <= 180000000"
    return People(f"SELECT q.profile_key FROM ({coordinates(part.trait, scope)}) AS q WHERE {known} AND {inside}")


def coordinates(trait: str, scope: Scope) -> str:
    """SQL: ``profile_key latitude longitude`` in micro degrees; null where no number is told."""
    told = " UNION ALL ".join(
        f"SELECT {sql.text(name)} AS name, v.profile_key, v.n FROM ({trait_values(f'{trait}.{name}', scope)}) AS v "
        "WHERE v.place = 1 AND v.n IS NOT NULL"
        for name in (*LATITUDES, *LONGITUDES)
    )
    sides = (
        "coalesce(" + ", ".join(f"max(CASE WHEN c.name = {sql.text(name)} THEN c.n END)" for name in names) + ")"
        for names in (LATITUDES, LONGITUDES)
    )
    latitude, longitude = sides
    return (
        f"SELECT c.profile_key, {latitude} AS latitude, {longitude} AS longitude FROM ({told}) AS c "
        "GROUP BY c.profile_key"
    )


def bucket(part: Bucket, scope: Scope) -> People:
    """Whose place in the draw keeps the test."""
    tests = sql.both(_drawn(check) for check in part.test)
    return People(f"SELECT b.profile_key FROM ({draws(part.key, scope)}) AS b WHERE {tests}")


def draws(key: str, scope: Scope) -> str:
    """SQL: ``profile_key draw`` of everybody: hexadecimal digits, which sort as the number does."""
    rows = sql.both(scope.rows("s"))
    return (
        f"SELECT d.node_key AS profile_key, substring(md5({sql.text(key + ':')} || d.profile_id), 1, {DRAW_DIGITS}) "
        f"AS draw FROM nodes AS d WHERE EXISTS (SELECT 1 FROM {scope.log('log_sightings')} AS s "
        f"WHERE s.profile_key = d.node_key AND {rows})"
    )


def _drawn(check: Check) -> str:
    shares = [operand for operand in check.operands if isinstance(operand, Decimal)]
    if check.name == "between":
        return sql.both([_side(">=", shares[0]), _side("<", shares[1])])
    return _side({"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}[check.name], shares[0])


def _side(symbol: str, share: Decimal) -> str:
    """``draw SYMBOL share × 16^13``, where the draw is a whole number."""
    exact = share * _DRAWS
    up = int(exact.to_integral_value(ROUND_CEILING))
    if up != exact:  # no draw lies between the share and the next whole number
        symbol = {">": ">=", "<=": "<"}.get(symbol, symbol)
    if up >= _DRAWS:
        return "TRUE" if symbol in ("<", "<=") else "FALSE"
    return f"b.draw {symbol} '{up:0{DRAW_DIGITS}x}'"


def context(part: Context, scope: Scope) -> People:
    """About whom this is known at the moment."""
    at_nothing = all(check.negated for check in part.test)
    test = holds(part.test, Value("x.s", "x.n", "x.profile_key", part.name), scope.frame)
    kept = sql.negation(f"({test})") if at_nothing else f"({test})"
    query = f"SELECT DISTINCT x.profile_key {context_values(part, scope)} AND {kept}"
    return People(query, inverted=at_nothing)


def context_values(part: Context, scope: Scope) -> str:
    """SQL from ``FROM``: the rows ``x`` of what is known under that name."""
    if not scope.context:
        raise UsageError(
            "ONLY_IN_DECISIONS",
            "'context' speaks of the moment of a decision, and here there is none",
            next_step="Ask about people with the context of the decision.",
        )
    tests = sql.both([f"x.name = {sql.text(part.name)}", *scope.ones("x.profile_key")])
    return f"FROM {CONTEXT} AS x WHERE {tests}"
