"""Proactive issues: what goes wrong for a person is noticed before they complain, and told when it is over.

Enters: ``issue`` documents, conditions, an instant. Leaves: issues with severity, cases where a document asks for them,
the view ``issues``, the events ``Issue Detected`` and ``Issue Resolved``, by which journeys begin. Called by ``web``,
``cli`` and ``app``.
"""

from __future__ import annotations

from foretell.care.issues.detecting import IssuesReport, refresh
from foretell.care.issues.document import KIND, IssueSpec, spec_of, title_of
from foretell.care.issues.parts import PARTS, STATES
from foretell.care.issues.reading import Issue, IssueLine, IssuePage, issue, issues_of, list_issues, overview
from foretell.care.issues.ready_documents import ReadyIssue, ready, ready_issue, write_ready
from foretell.care.issues.stage import IssueStage

__all__ = [
    "KIND",
    "PARTS",
    "STATES",
    "Issue",
    "IssueLine",
    "IssuePage",
    "IssueSpec",
    "IssueStage",
    "IssuesReport",
    "ReadyIssue",
    "issue",
    "issues_of",
    "list_issues",
    "overview",
    "ready",
    "ready_issue",
    "refresh",
    "spec_of",
    "title_of",
    "write_ready",
]
