"""What rows of a file say of consent: one event a person, channel and purpose."""

from __future__ import annotations

import pyarrow as pa

from foretell.collect.row_plan import MappingPlan
from foretell.engine import scratch

CONSENT = "Consent Updated"
GRANTED = -1
"""The mapping number of such events: they take no rows of their own."""


def consent_events(good: pa.Table, mapping: MappingPlan, place: int, consent: str, source: str) -> pa.Table:
    """The events that grant ``consent`` (``channel.purpose``) to the people of ``good``.

    Whoever is told of several times has agreed once, the first time the file says so: the message id
    names the person, so that a later row cannot take back what they have revoked meanwhile.

    Args:
        good: a mapping's rows or groups, as read by its plan; ``consent<place>`` holds the basis.
    """
    channel, _, purpose = consent.partition(".")
    names = [f"id{number}" for number in range(len(mapping.kinds))]
    kinds = zip(mapping.kinds, names, strict=True)
    who = "coalesce(" + ", ".join(f"'{kind}:' || {name}" for kind, name in kinds) + ")"
    return scratch(
        f"SELECT key, line, CAST(0 AS BIGINT) AS lines, ts, stamped, {', '.join(names)}, $base || {who} AS message_id, "
        "CAST(json_object('channel', $channel, 'purpose', $purpose, 'state', 'granted', 'source', $source, "
        f"'basis', consent{place}) AS VARCHAR) AS properties, CAST(NULL AS VARCHAR) AS traits "
        f"FROM good WHERE consent{place} IS NOT NULL ORDER BY line",
        {"good": good},
        {"base": f"{source}/{CONSENT}/{consent}/", "channel": channel, "purpose": purpose, "source": source},
    )
