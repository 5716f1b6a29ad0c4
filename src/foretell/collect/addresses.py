"""Addresses that a message can go to: set-wise, each distinct value looked at once."""

from __future__ import annotations

import pyarrow as pa

from foretell.collect.standards.base import StandardContext
from foretell.collect.standards.tables.usual_addresses import usual
from foretell.definitions import WorkspaceSettings


def email_addresses(values: pa.Array) -> pa.Array:
    """Each value as an e-mail address in normal form (RFC 5321, 5322, 6531), null where it is none."""
    if usual(values).true_count == len(values):
        return values
    # Its library takes longer to load than a command to start; hardly any address needs it.
    from foretell.collect.standards.email import STANDARD

    return STANDARD.apply(values, StandardContext()).text


def phone_numbers(values: pa.Array, settings: WorkspaceSettings) -> pa.Array:
    """Each value as a telephone number in E.164, null where no number can be so; without a country code it is one of
    the workspace's country."""
    from foretell.collect.standards.phone import STANDARD, PhoneOptions

    return STANDARD.apply(values, StandardContext.of(settings), PhoneOptions(check="possible")).text
