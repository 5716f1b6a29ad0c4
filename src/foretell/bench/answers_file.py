"""Made-up answers to a survey as an export would have them: a CSV file, and the people who gave them.

The same numbers give the same files. Scores lean to the right as those of shops do, and people answer more than once.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

SOURCE = """\
kind: source
key: answers
spec:
  format: csv
  zone: UTC
  history: true
  mappings:
    - name: answers
      track: Survey Answered
      timestamp: answered_at
      message_id: response_id
      identifiers: {user_id: customer}
      properties:
        survey: survey
        response_id: response_id
        measure: "'nps'"
        score: number(score)
        channel: channel
        touchpoint: touchpoint
        product_id: product_id
        language: language
"""
"""The document that reads the file; with texts it has one line more."""
WITH_TEXT = SOURCE + "        text: comment\n"

_ANSWERS = """
WITH r AS (
  SELECT i, hash(i * 7919 + 13) AS h, hash(i * 104729 + 7) AS g, hash(i * 15485863 + 3) % {people} AS person,
    (hash(i * 32452843 + 11) % 1000) / 1000 AS u
  FROM range({answers}) t(i))
SELECT 'R_' || lpad(i::VARCHAR, 9, '0') || substring(md5(i::VARCHAR), 1, 6) AS response_id,
  'u' || person AS customer,
  strftime(TIMESTAMP '2025-01-01' + to_seconds((i * 31536000.0 / {answers})::BIGINT), '%Y-%m-%d %H:%M:%S')
    AS answered_at,
  'nps' AS survey,
  CASE WHEN u < 0.52 THEN 9 + (h % 2) WHEN u < 0.77 THEN 7 + (h % 2) ELSE h % 7 END AS score,
  CASE g % 3 WHEN 0 THEN 'email' WHEN 1 THEN 'sms' ELSE 'web' END AS channel,
  CASE h % 4 WHEN 0 THEN 'delivery' WHEN 1 THEN 'support' WHEN 2 THEN 'purchase' ELSE 'return' END AS touchpoint,
  'P' || (g % 300) AS product_id, CASE WHEN h % 10 < 7 THEN 'en' ELSE 'de' END AS language{text}
FROM r ORDER BY i
"""
_TEXT = """,
  CASE WHEN u < 0.52 THEN 'Fast delivery, friendly service, '
         || ['I like it', 'great quality', 'will order again'][CAST(1 + g % 3 AS INTEGER)]
       WHEN u < 0.77 THEN 'It is fine, but '
         || ['shipping costs a bit much', 'the search is hard to use'][CAST(1 + g % 2 AS INTEGER)]
       ELSE ['The parcel came a week late', 'Nobody answered my mails', 'It arrived broken',
             'Too expensive'][CAST(1 + g % 4 AS INTEGER)] || ', order ' || i END AS comment"""
_PEOPLE = """
SELECT '{{"type":"identify","messageId":"p' || i || '","userId":"u' || i || '","timestamp":"2024-12-01T00:00:00Z",'
  || '"traits":{{"email":"u' || i || '@people.example"}}}}' FROM range({people}) t(i)
"""


def write(path: Path, *, answers: int, people: int, text: bool = False) -> None:
    """Write ``answers`` answers of ``people`` people to ``path``, with or without words."""
    select = _ANSWERS.format(answers=int(answers), people=int(people), text=_TEXT if text else "")
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({select}) TO '{path}' (FORMAT csv, HEADER true)")


def write_people(path: Path, *, people: int) -> None:
    """Write who they are, in the Segment specification."""
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY ({_PEOPLE.format(people=int(people))}) TO '{path}' "
            "(FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\x01')"
        )
