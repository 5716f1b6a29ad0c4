"""What rows say of consent: once a person, with its basis, and without counting as rows."""

from __future__ import annotations

import json
from pathlib import Path

from tests.unit.collect.workspace import shop

TILL = """
format: csv
group_by: invoice
mappings:
  - name: orders
    track: Order Completed
    timestamp: at
    message_id: invoice
    identifiers:
      user_id: customer
      email: if(not empty(customer), concat(customer, '@customers.example'))
      anonymous_id: if(empty(customer), invoice)
    consents: {email.marketing: "if(not empty(customer), 'existing customer')", sms.service: "'contract'"}
    properties: {order_id: invoice}
"""
ROWS = """invoice,customer,at
i1,a,2024-01-05 10:00
i1,a,2024-01-05 10:01
i2,a,2024-01-04 10:00
i3,,2024-01-06 10:00
i4,b,2024-01-07 10:00
"""


def test_a_basis_is_one_event_a_person(tmp_path: Path) -> None:
    with shop(tmp_path, till=TILL) as here:
        report = here.load("rows.csv", ROWS, "till")
        assert (report.rows, report.mappings, report.quarantined) == (5, {"orders": 5}, 0)
        rows = here.query("SELECT timestamp, properties FROM events WHERE event = 'Consent Updated' ORDER BY timestamp")
        told = [(row["timestamp"].day, json.loads(row["properties"])) for row in rows]
        mail = [(day, one["basis"], one["state"]) for day, one in told if one["channel"] == "email"]
        assert mail == [(5, "existing customer", "granted"), (7, "existing customer", "granted")]
        assert [(day, one["purpose"]) for day, one in told if one["channel"] == "sms"] == [
            (5, "service"), (6, "service"), (7, "service"),
        ]  # fmt: skip
        assert here.load("rows.csv", None, "till").events == 0


def test_without_the_line_nobody_has_agreed(tmp_path: Path) -> None:
    silent = "\n".join(line for line in TILL.splitlines() if "consents:" not in line)
    with shop(tmp_path, till=silent) as here:
        here.load("rows.csv", ROWS, "till")
        assert here.query("SELECT count(*) AS n FROM events WHERE event = 'Consent Updated'") == [{"n": 0}]
