"""What the links of surveys lead to: the invitation that a message was, and whether a program follows the link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from foretell.clock import from_micros, micros, naive_utc
from foretell.definitions import Catalog
from foretell.deliver import outbox, surveys
from foretell.deliver.engaging import engaged
from foretell.deliver.machines import is_machine
from foretell.deliver.scanners import with_scanners
from foretell.deliver.survey_scanners import scored_by_machines
from foretell.deliver.tokens import Signer, Token, verify_token
from foretell.engine import TIMESTAMP, Engine, with_column
from foretell.errors import UsageError


@dataclass(frozen=True)
class Invitation:
    """A message that asked somebody by a survey.

    Args:
        profile_key: whose it is today, after all merges.
        medium: email, sms, push or alert.
        thread: id of the invitation; its reminders share it, so that whoever answers either answers once.
        about: what the sender told of it: ``touchpoint product_id order_id agent reminder``, where they apply.
    """

    message_id: str
    profile_key: int
    node_key: int
    medium: str
    at: datetime
    journey: str | None
    run: str | None
    step: str | None
    campaign: str | None
    topic: str | None
    survey: str
    thread: str
    about: Mapping[str, Any]


def open_survey_link(signer: Signer, token: str, *, now: datetime) -> Token:
    """What the token of a survey's link says (``survey`` or ``answer``).

    Raises:
        UsageError: ``BAD_TOKEN``; ``LINK_EXPIRED`` where it is not good any more.
    """
    found = verify_token(signer, token)
    if found.kind not in ("survey", "answer"):
        raise UsageError("BAD_TOKEN", "this link is no link of a survey")
    if found.until is not None and micros(now) >= found.until * 1_000_000:
        raise UsageError(
            "LINK_EXPIRED", "this link is over", thing=f"survey {found.survey}",
            next_step="Ask whoever sent it for another one.",
        )  # fmt: skip
    return found


def invitation(engine: Engine, told: Token) -> Invitation | None:
    """The message of a survey's link; None for a link that is shared with many.

    Raises:
        UsageError: ``INVITATION_GONE`` where the message is not there (any more): its person was forgotten.
    """
    if not told.message_id:
        return None
    row = outbox.of_id(engine.ops, told.message_id)
    found = [] if row is None else surveys.carried(row["variables"])
    about = next((one for one in found if one["survey"] == told.survey), None)
    if row is None or about is None:
        raise UsageError(
            "INVITATION_GONE", "this link belongs to nobody any more", thing=f"survey {told.survey}",
            next_step="Ask whoever sent it for another one.",
        )  # fmt: skip
    return Invitation(
        message_id=told.message_id,
        profile_key=row["profile_key"],
        node_key=row["node_key"] if row["address_node"] is None else row["address_node"],
        medium=row["medium"],
        at=from_micros(row["at"]),
        journey=row["journey"],
        run=row["run"],
        step=row["step"],
        campaign=row["campaign"],
        topic=row["topic"],
        survey=told.survey,
        thread=str(about.get("thread") or told.message_id),
        about=about,
    )


def score_url(catalog: Catalog, told: Token) -> str:
    """By what the log knows a survey's link: without its signature; of a score with question and value."""
    url = f"{catalog.settings.sending.base_url}/s/survey/{told.survey}"
    return f"{url}?{told.question}={told.value}" if told.question else url


def answered_by_machine(
    engine: Engine, catalog: Catalog, told: Token, headers: Mapping[str, str], *, now: datetime
) -> bool:
    """Take in the click by which somebody answers a survey, and say whether a program made it: then it answers nothing.

    The rules are those of every click – what it calls itself, whether it followed the trap within a minute – and those
    of scores, see :mod:`.survey_scanners`.

    Args:
        told: the token whose page was sent off; its value is the score that was sent.
        headers: of the request, their names in lower case.
    """
    machine = is_machine(headers.get("user-agent"), headers)
    if not told.message_id:
        return machine
    url = score_url(catalog, told)
    rows = pa.table(
        {
            "message_id": [told.message_id],
            "kind": ["click"],
            "at": pa.array([naive_utc(now)], TIMESTAMP),
            "url": [url],
            "machine": [machine],
        }
    )
    if not machine and told.question:
        scores = pa.table({"message_id": [told.message_id], "url": [url], "at": pa.array([micros(now)], pa.int64())})
        machine = bool(scored_by_machines(engine, scores)[0].as_py())
        rows = with_column(rows, "machine", pa.array([machine]))
    judged = machine or bool(with_scanners(engine, rows)["machine"][0].as_py())
    engaged(engine, catalog, rows, now=now)
    return judged
