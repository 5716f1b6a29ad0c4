"""Messages of the medium push over a signed webhook, to a server that sends them or does something else with them."""

from __future__ import annotations

from foretell.deliver.webhook_channel import webhook_channel

CHANNEL = webhook_channel("push")
