"""A made-up shop's events in the Segment specification, as one JSON line each.

Half are pages, three in ten product views, one in ten an order with two products, one in ten an
identify call. The same numbers give the same file.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

_LINES = """
WITH r AS (
  SELECT i, md5(i::VARCHAR) AS id, hash(i * 7919 + 13) AS h, hash(i * 104729 + 7) AS g,
    hash(i * 15485863 + 3) % {people} AS person,
    strftime(TIMESTAMP '2025-01-01' + to_seconds((i * 31536000.0 / {events})::BIGINT), '%Y-%m-%dT%H:%M:%S')
      || '.' || lpad((i % 1000)::VARCHAR, 3, '0') || 'Z' AS happened
  FROM range({events}) t(i)),
common AS (
  SELECT *, (h % 10)::INT AS kind, '"messageId":"' || id || '","anonymousId":"a' || person || '-' || (g % 2)
    || '","timestamp":"' || happened || '","context":{{"ip":"192.0.2.' || (g % 250)
    || '","userAgent":"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36","page":{{"path":"/p/'
    || (h % 500) || '","referrer":"https://search.example"}},"library":{{"name":"analytics.js","version":"2.1"}}}}'
    AS head, '"currency":"EUR"' AS eur FROM r)
SELECT CASE
  WHEN kind < 5 THEN '{{"type":"page","name":"Product",' || head || ',"properties":{{"path":"/p/' || (h % 500)
    || '","url":"https://shop.example/p/' || (h % 500) || '","title":"Shoes","category":"c' || (g % 30) || '"}}}}'
  WHEN kind < 8 THEN '{{"type":"track","event":"Product Viewed",' || head || ',"properties":{{"product_id":"P'
    || (h % 2000) || '","category":"c' || (g % 30) || '","price":' || (h % 10000) / 100 || ',' || eur || '}}}}'
  WHEN kind < 9 THEN '{{"type":"track","event":"Order Completed","userId":"u' || person || '",' || head
    || ',"properties":{{"order_id":"O' || i || '","revenue":' || (h % 100000) / 100 || ',' || eur
    || ',"products":[{{"product_id":"P' || (h % 2000) || '","price":' || (g % 10000) / 100
    || ',"quantity":2,"category":"c1"}},{{"product_id":"P' || (g % 2000) || '","price":' || (h % 10000) / 100
    || ',"quantity":1,"category":"c2"}}]}}}}'
  ELSE '{{"type":"identify","userId":"u' || person || '",' || head || ',"traits":{{"email":"u' || person
    || '@people.example","first_name":"Ann","plan":"pro","age":' || (h % 80) || '}}}}'
END AS line FROM common
"""


def write(path: Path, *, events: int, people: int) -> None:
    """Write ``events`` events of ``people`` people to ``path``."""
    select = _LINES.format(events=int(events), people=int(people))
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY ({select}) TO '{path}' (FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\x01')"
        )
