"""Deliver: did the message go out?

Enters: candidates for messages with their instant, template and channel; templates, channels, audiences and
exports as documents; what people do with messages. Leaves: a decision row for every candidate, messages through
their channels, files and requests of exports, own events (``Email Sent``, ``SMS Link Clicked``, ``Audience
Joined``), suppressions, the views ``messages``, ``decisions`` and ``audiences``. Called by journey, measure,
web, cli and app.

:func:`gate` decides and knows no store; :func:`decide` asks it and queues; :func:`dispatch` hands over.
"""

from __future__ import annotations

from foretell.deliver import exports
from foretell.deliver.audience_document import KIND as AUDIENCE
from foretell.deliver.audiences import join_audience, leave_audience
from foretell.deliver.channel_document import KIND as CHANNEL
from foretell.deliver.channels import channel_kinds
from foretell.deliver.channels.base import (
    MEDIA,
    Capabilities,
    Channel,
    ChannelKind,
    ChannelPlace,
    Outgoing,
    Receipt,
)
from foretell.deliver.confirming import Confirmation, ask_to_confirm, confirm, confirmation
from foretell.deliver.deciding import Sending, decide, obstacle, record_decisions, rules_of
from foretell.deliver.dispatching import DispatchReport, dispatch
from foretell.deliver.engaging import engaged
from foretell.deliver.explaining import Check, Decision, Happening, Why, why
from foretell.deliver.gate import CANDIDATES, CONSENTS, HISTORY, REASONS, SUPPRESSED, Cap, GateRules, gate
from foretell.deliver.inbox import InboxPage, Received, ReceivedMessage, inbox, inbox_message
from foretell.deliver.ledger import LedgerPage, ledger, ledger_row, seen_in_ledger
from foretell.deliver.machines import is_machine
from foretell.deliver.outbox import STATES, cancel, queue_again
from foretell.deliver.parts import PARTS
from foretell.deliver.preferences import Preference, Preferences, preferences, set_preferences
from foretell.deliver.quiet import QuietHours
from foretell.deliver.sent import sent_to
from foretell.deliver.settling import settle
from foretell.deliver.stage import DeliverStage
from foretell.deliver.suppressions import release, suppress, suppression
from foretell.deliver.template_document import KIND as TEMPLATE
from foretell.deliver.tokens import (
    Signer,
    Token,
    click_url,
    confirm_url,
    open_url,
    preferences_url,
    signer_of,
    unsubscribe_url,
    verify_token,
)
from foretell.deliver.waiting import OutboxStanding, outbox_standing

__all__ = [
    "AUDIENCE",
    "CANDIDATES",
    "CHANNEL",
    "CONSENTS",
    "HISTORY",
    "MEDIA",
    "PARTS",
    "REASONS",
    "STATES",
    "SUPPRESSED",
    "TEMPLATE",
    "Cap",
    "Capabilities",
    "Channel",
    "ChannelKind",
    "ChannelPlace",
    "Check",
    "Confirmation",
    "Decision",
    "DeliverStage",
    "DispatchReport",
    "GateRules",
    "Happening",
    "InboxPage",
    "LedgerPage",
    "OutboxStanding",
    "Outgoing",
    "Preference",
    "Preferences",
    "QuietHours",
    "Receipt",
    "Received",
    "ReceivedMessage",
    "Sending",
    "Signer",
    "Token",
    "Why",
    "ask_to_confirm",
    "cancel",
    "channel_kinds",
    "click_url",
    "confirm",
    "confirm_url",
    "confirmation",
    "decide",
    "dispatch",
    "engaged",
    "exports",
    "gate",
    "inbox",
    "inbox_message",
    "is_machine",
    "join_audience",
    "leave_audience",
    "ledger",
    "ledger_row",
    "obstacle",
    "open_url",
    "outbox_standing",
    "preferences",
    "preferences_url",
    "queue_again",
    "record_decisions",
    "release",
    "rules_of",
    "seen_in_ledger",
    "sent_to",
    "set_preferences",
    "settle",
    "signer_of",
    "suppress",
    "suppression",
    "unsubscribe_url",
    "verify_token",
    "why",
]
