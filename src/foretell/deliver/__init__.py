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
from foretell.deliver.asking import answer_asked, asked
from foretell.deliver.attempts import Attempt
from foretell.deliver.audience_document import KIND as AUDIENCE
from foretell.deliver.audience_keeping import AudienceReport, Found, check_audience, keep_audiences
from foretell.deliver.audience_reading import (
    MEMBER_STATES,
    AudienceStanding,
    Looked,
    Member,
    MemberPage,
    audience_channels,
    audience_days,
    audience_looks,
    audience_members,
    audience_standing,
    list_audiences,
)
from foretell.deliver.audience_removals import RemovalCounts
from foretell.deliver.audiences import join_audience, leave_audience
from foretell.deliver.block_document import KIND as BLOCK
from foretell.deliver.capping import Cap
from foretell.deliver.channel_cards import ChannelCard, channel_cards
from foretell.deliver.channel_document import KIND as CHANNEL
from foretell.deliver.channels import channel_kinds
from foretell.deliver.channels.base import (
    MEDIA,
    Asked,
    Capabilities,
    Channel,
    ChannelKind,
    ChannelPlace,
    HookRequest,
    Outgoing,
    Receipt,
    Told,
)
from foretell.deliver.confirming import Confirmation, ask_to_confirm, confirm, confirmation
from foretell.deliver.dead_letters import DeadPage, Failure, ReplayReport, dead_by_channel, dead_letters, replay
from foretell.deliver.deciding import Sending, decide, obstacle, record_decisions, rules_of
from foretell.deliver.dispatching import DispatchReport, dispatch
from foretell.deliver.engaging import engaged
from foretell.deliver.explaining import Check, Decision, Happening, Why, why
from foretell.deliver.gaps import Need, lacking, needs, traits_without_default
from foretell.deliver.gate import CANDIDATES, CHECKS, CONSENTS, HISTORY, REASONS, SUPPRESSED, GateRules, gate
from foretell.deliver.inbox import InboxPage, Received, ReceivedMessage, inbox, inbox_message
from foretell.deliver.languages import chosen as chosen_language
from foretell.deliver.languages import language_of
from foretell.deliver.ledger import LANES, LedgerPage, ledger, ledger_row, seen_in_ledger
from foretell.deliver.lint import lint
from foretell.deliver.liquid_text import Facts, Mistake, mistakes, render
from foretell.deliver.listing import TemplateLook, TemplateUse, templates
from foretell.deliver.live_links import DeadLink, dead_links
from foretell.deliver.machines import is_machine
from foretell.deliver.outbox import STATES, cancel, queue_again
from foretell.deliver.parts import PARTS
from foretell.deliver.past import (
    Reachable,
    answers_then,
    messages_then,
    reachable_then,
    suppressed_since,
    surveys_then,
)
from foretell.deliver.phrases import phrase_languages, phrases
from foretell.deliver.preferences import Preference, Preferences, preferences, set_preferences
from foretell.deliver.previewing import Previewed, preview, price_of, trial_message
from foretell.deliver.quiet import QuietHours
from foretell.deliver.reaching import secret_of
from foretell.deliver.receiving import ReceiptReport, receive
from foretell.deliver.requests import carries_requests, request
from foretell.deliver.sandboxes import sandboxes_in_force
from foretell.deliver.scanners import TRAPPED_SECONDS
from foretell.deliver.senders import Sender, senders
from foretell.deliver.sent import sent_to
from foretell.deliver.settling import settle
from foretell.deliver.sms_size import SmsSize, sms_size
from foretell.deliver.stage import DeliverStage
from foretell.deliver.standings import ChannelStanding, standings
from foretell.deliver.suppressions import release, suppress, suppression
from foretell.deliver.survey_asking import asked_of, surveys_of
from foretell.deliver.survey_fatigue import SURVEYED, SURVEYS
from foretell.deliver.survey_links import (
    Invitation,
    answered_by_machine,
    invitation,
    open_survey_link,
    score_url,
)
from foretell.deliver.survey_scanners import scored_by_machines
from foretell.deliver.surveys import CARRIED, ScoreQuestion, SurveyText, read_surveys_with
from foretell.deliver.template_document import KIND as TEMPLATE
from foretell.deliver.text_fields import LanguageText
from foretell.deliver.tokens import (
    Signer,
    Token,
    answer_url,
    click_url,
    confirm_url,
    open_url,
    preferences_url,
    signer_of,
    survey_url,
    trap_url,
    unsubscribe_url,
    verify_token,
)
from foretell.deliver.trying import ChannelCheck, check_channel, message_of_test, send_test
from foretell.deliver.vendors import Unanswered, Unreached, Vendor, VendorAnswer, VendorSettings
from foretell.deliver.waiting import OpenQuestions, OutboxStanding, open_questions, outbox_standing

__all__ = [
    "AUDIENCE",
    "BLOCK",
    "CANDIDATES",
    "CARRIED",
    "CHANNEL",
    "CHECKS",
    "CONSENTS",
    "HISTORY",
    "LANES",
    "MEDIA",
    "MEMBER_STATES",
    "PARTS",
    "REASONS",
    "STATES",
    "SUPPRESSED",
    "SURVEYED",
    "SURVEYS",
    "TEMPLATE",
    "TRAPPED_SECONDS",
    "Asked",
    "Attempt",
    "AudienceReport",
    "AudienceStanding",
    "Cap",
    "Capabilities",
    "Channel",
    "ChannelCard",
    "ChannelCheck",
    "ChannelKind",
    "ChannelPlace",
    "ChannelStanding",
    "Check",
    "Confirmation",
    "DeadLink",
    "DeadPage",
    "Decision",
    "DeliverStage",
    "DispatchReport",
    "Facts",
    "Failure",
    "Found",
    "GateRules",
    "Happening",
    "HookRequest",
    "InboxPage",
    "Invitation",
    "LanguageText",
    "LedgerPage",
    "Looked",
    "Member",
    "MemberPage",
    "Mistake",
    "Need",
    "OpenQuestions",
    "OutboxStanding",
    "Outgoing",
    "Preference",
    "Preferences",
    "Previewed",
    "QuietHours",
    "Reachable",
    "Receipt",
    "ReceiptReport",
    "Received",
    "ReceivedMessage",
    "RemovalCounts",
    "ReplayReport",
    "ScoreQuestion",
    "Sender",
    "Sending",
    "Signer",
    "SmsSize",
    "SurveyText",
    "TemplateLook",
    "TemplateUse",
    "Token",
    "Told",
    "Unanswered",
    "Unreached",
    "Vendor",
    "VendorAnswer",
    "VendorSettings",
    "Why",
    "answer_asked",
    "answer_url",
    "answered_by_machine",
    "answers_then",
    "ask_to_confirm",
    "asked",
    "asked_of",
    "audience_channels",
    "audience_days",
    "audience_looks",
    "audience_members",
    "audience_standing",
    "cancel",
    "carries_requests",
    "channel_cards",
    "channel_kinds",
    "check_audience",
    "check_channel",
    "chosen_language",
    "click_url",
    "confirm",
    "confirm_url",
    "confirmation",
    "dead_by_channel",
    "dead_letters",
    "dead_links",
    "decide",
    "dispatch",
    "engaged",
    "exports",
    "gate",
    "inbox",
    "inbox_message",
    "invitation",
    "is_machine",
    "join_audience",
    "keep_audiences",
    "lacking",
    "language_of",
    "leave_audience",
    "ledger",
    "ledger_row",
    "lint",
    "list_audiences",
    "message_of_test",
    "messages_then",
    "mistakes",
    "needs",
    "obstacle",
    "open_questions",
    "open_survey_link",
    "open_url",
    "outbox_standing",
    "phrase_languages",
    "phrases",
    "preferences",
    "preferences_url",
    "preview",
    "price_of",
    "queue_again",
    "reachable_then",
    "read_surveys_with",
    "receive",
    "record_decisions",
    "release",
    "render",
    "replay",
    "request",
    "rules_of",
    "sandboxes_in_force",
    "score_url",
    "scored_by_machines",
    "secret_of",
    "seen_in_ledger",
    "send_test",
    "senders",
    "sent_to",
    "set_preferences",
    "settle",
    "signer_of",
    "sms_size",
    "standings",
    "suppress",
    "suppressed_since",
    "suppression",
    "survey_url",
    "surveys_of",
    "surveys_then",
    "templates",
    "traits_without_default",
    "trap_url",
    "trial_message",
    "unsubscribe_url",
    "verify_token",
    "why",
]
