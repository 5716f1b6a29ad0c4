"""Tracking plans: what is expected of events, what becomes of those that are otherwise, and the report of it."""

from __future__ import annotations

from foretell.collect.tracking.checks import TRACKING
from foretell.collect.tracking.compiling import CompiledPlan, Rule, SourceRules
from foretell.collect.tracking.document import EventPlan, FieldPlan, Owner, TrackingSpec
from foretell.collect.tracking.enforcing import CODE, Enforced, enforced
from foretell.collect.tracking.inferring import infer_plan
from foretell.collect.tracking.listing import PlannedField, planned_fields
from foretell.collect.tracking.report import Breach, ViolationReport, shown_violations, violation_report
from foretell.collect.tracking.violations import VIOLATION_ROWS, VIOLATIONS_VIEW, note_violations

__all__ = [
    "CODE",
    "TRACKING",
    "VIOLATIONS_VIEW",
    "VIOLATION_ROWS",
    "Breach",
    "CompiledPlan",
    "Enforced",
    "EventPlan",
    "FieldPlan",
    "Owner",
    "PlannedField",
    "Rule",
    "SourceRules",
    "TrackingSpec",
    "ViolationReport",
    "enforced",
    "infer_plan",
    "note_violations",
    "planned_fields",
    "shown_violations",
    "violation_report",
]
