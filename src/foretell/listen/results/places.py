"""Where what people answered stands in the log: properties by name, and the last word of each response."""

from __future__ import annotations

from foretell.engine import Column, Engine, PropertyColumns

SENT = "Survey Sent"
"""The event of a message that asks."""
_MICROS = 1_000_000
_SEVERAL = (
    "SELECT response_key FROM survey_answer_rows WHERE survey = $survey GROUP BY response_key HAVING count(*) > 1"
)
"""Responses with more than one part: only theirs have to be ranked."""


class Places:
    """Where the properties of ``Survey Answered`` and ``Survey Sent`` stand; reads the list of them once."""

    def __init__(self, engine: Engine) -> None:
        self._columns: PropertyColumns = engine.log.properties()

    def below(self, begin: str) -> list[str]:
        """All properties whose names begin so, without it."""
        return [path.removeprefix(begin) for path in self._columns.paths() if path.startswith(begin)]

    def has(self, path: str) -> bool:
        """Whether the property was ever seen outside of arrays."""
        column = self._columns.of(path)
        return column is not None and column.array is None

    def text(self, path: str) -> str:
        """SQL over ``e`` of a property as text; of a number its whole part. Null where it was never seen."""
        column = self._columns.of(path)
        return "CAST(NULL AS VARCHAR)" if column is None or column.array is not None else _text("e", column)

    def said(self, path: str) -> str | None:
        """SQL with ``response_id value``: the last word of every response to ``$survey`` on ``answers.PATH``.

        One row a response, of an array one row an element. None where nobody ever said anything of it.
        """
        column = self._columns.of(f"answers.{path}")
        if column is None:
            return None
        if column.array is None:
            value = _text("e", column)
            return f"SELECT response_id, value FROM ({_last(value, f'{value} IS NOT NULL')}) o"
        elements = f"x.\"array\" = '{_quoted(column.array)}'"
        last = _last("e.event", f"e.seq IN (SELECT x.seq FROM event_elements x WHERE {elements})")
        value = _text("x", column)
        return (
            f"SELECT DISTINCT l.response_id, {value} AS value FROM ({last}) l "
            f"JOIN event_elements x ON x.seq = l.seq AND {elements} WHERE {value} IS NOT NULL"
        )


def _last(value: str, where: str) -> str:
    """SQL: ``response_id seq value`` of the last part of each response to ``$survey`` that keeps ``where``."""
    rows = (
        "FROM survey_answer_rows a JOIN event_log e ON e.seq = a.seq "
        f"{{join}} JOIN ({_SEVERAL}) s ON s.response_key = a.response_key "
        f"WHERE a.survey = $survey AND e.event = 'Survey Answered' AND {where}"
    )
    alone = f"SELECT a.response_id, a.seq, {value} AS value {rows.format(join='LEFT')} AND s.response_key IS NULL"
    ranked = (
        f"SELECT a.response_id, a.seq, {value} AS value, row_number() OVER (PARTITION BY a.response_id "
        f"ORDER BY a.part DESC, a.ts DESC, a.seq DESC) AS place {rows.format(join='')}"
    )
    return f"{alone} UNION ALL SELECT response_id, seq, value FROM ({ranked}) r WHERE r.place = 1"


def _text(alias: str, column: Column) -> str:
    return f"coalesce({alias}.{column.text}, CAST({alias}.{column.number} // {_MICROS} AS VARCHAR))"


def _quoted(text: str) -> str:
    return text.replace("'", "''")
