"""SQL for doubles at six places: rounded once, half to even, by their shortest decimal form."""

from __future__ import annotations

_NEAR_TIE = "abs(v) < 1e13 AND abs(abs(v) * 1e6 - floor(abs(v) * 1e6) - 0.5) < 0.001 + abs(v) * 4e-10"
_FINE = "CAST(CAST(v AS VARCHAR) AS DECIMAL(38, 24))"
_UP = f"CAST({_FINE} AS DECIMAL(20, 6))"
_TIE = (
    f"CAST(CASE WHEN abs(CAST({_UP} AS DECIMAL(38, 24)) - {_FINE}) = 0.0000005 AND {_UP} % 0.000002 <> 0 "
    f"THEN {_UP} - sign(v) * CAST(0.000001 AS DECIMAL(20, 6)) ELSE {_UP} END AS DOUBLE)"
)
_TEXT = (
    "CASE WHEN v = trunc(v) AND abs(v) < 1e18 THEN CAST(TRY_CAST(v AS BIGINT) AS VARCHAR) ELSE CAST(v AS VARCHAR) END"
)


def finite(number: str) -> str:
    """SQL text: ``number``, missing where it is infinite or not a number."""
    return f"CASE WHEN isfinite({number}) THEN {number} END"


def rounded(number: str) -> str:
    """SQL text: ``number`` (a double) at six places, half to even.

    Scaling a double hides which way a tie goes, so what is near one is rounded as a decimal.
    """
    return f"list_transform([{number}], lambda v: CASE WHEN {_NEAR_TIE} THEN {_TIE} ELSE round_even(v, 6) END)[1]"


def number_text(number: str) -> str:
    """SQL text: ``number`` (a double) as text at six places; whole numbers lose their ``.0``."""
    return (
        f"CASE WHEN {number} = trunc({number}) AND abs({number}) < 1e18 "
        f"THEN CAST(TRY_CAST({number} AS BIGINT) AS VARCHAR) "
        f"ELSE list_transform([{rounded(number)}], lambda v: {_TEXT})[1] END"
    )
