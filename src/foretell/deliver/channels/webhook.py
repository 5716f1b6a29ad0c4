"""Anything over a signed webhook: audiences here; ``webhook_email``, ``webhook_sms``, ``webhook_push`` and
``webhook_alert`` are the same for other media.

Delivery is at least once: ``Idempotency-Key`` is the message's id, by which a receiver knows a request that comes
again. See :mod:`foretell.deliver.webhook_channel`.
"""

from __future__ import annotations

from foretell.deliver.webhook_channel import webhook_channel

CHANNEL = webhook_channel("ads")
