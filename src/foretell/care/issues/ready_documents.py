"""Issues that many shops have, ready to be put into a workspace and changed there."""

from __future__ import annotations

from pathlib import Path

from foretell.care.issues.document import KIND, IssueSpec
from foretell.definitions import ReadyDocument, ReadyFolder

READY = ReadyFolder(Path(__file__).with_name("ready"), KIND, IssueSpec)
ReadyIssue = ReadyDocument[IssueSpec]
ready, ready_issue, write_ready = READY.all, READY.one, READY.write
