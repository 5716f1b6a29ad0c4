"""Development channel: what would go out as email lands in the inbox."""

from __future__ import annotations

from foretell.deliver.inbox_channel import development_channel

CHANNEL = development_channel("email")
