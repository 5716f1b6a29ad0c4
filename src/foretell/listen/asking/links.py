"""Links to a survey that are given to many: on a page, a poster, a receipt; some of them end."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime

import segno

from foretell import deliver
from foretell.definitions import Catalog
from foretell.deliver import Signer
from foretell.errors import UsageError
from foretell.listen import surveys

CHANNELS = ("link", "qr", "sms", "email", "web")
"""How a link may be spread; answers say so."""
_BORDER = 4
"""Modules of white around a code, as ISO/IEC 18004 asks for."""


@dataclass(frozen=True)
class SharedLink:
    """A link to a survey.

    Args:
        until: since when it is over; None: never.
    """

    survey: str
    channel: str
    url: str
    until: datetime | None


def share(
    catalog: Catalog,
    signer: Signer,
    survey: str,
    *,
    channel: str = "link",
    until: datetime | None = None,
    now: datetime,
) -> SharedLink:
    """A link for anybody; with ``until`` it is signed, and over then.

    Raises:
        UsageError: ``UNKNOWN_DEFINITION``; ``NOT_PUBLIC`` where only who was invited may answer; ``UNKNOWN_CHANNEL``;
            ``LINK_EXPIRED`` where it would be over already.
    """
    surveys.require_public(catalog.get("survey", survey))
    if channel not in CHANNELS:
        raise UsageError(
            "UNKNOWN_CHANNEL", f"{channel!r} is no way to share a link", thing=f"survey {survey}",
            next_step=f"Ways: {', '.join(CHANNELS)}.",
        )  # fmt: skip
    if until is None:
        mark = "" if channel == "link" else f"?via={channel}"
        return SharedLink(survey, channel, f"{signer.base_url}/s/survey/{survey}{mark}", None)
    if until <= now:
        raise UsageError(
            "LINK_EXPIRED", "this link would be over before anybody has it", thing=f"survey {survey}",
            next_step="Give it an end that is still to come.",
        )  # fmt: skip
    return SharedLink(survey, channel, deliver.survey_url(signer, "", survey, until=until, channel=channel), until)


def qr_code(url: str, *, scale: int = 8) -> str:
    """The QR code of an address as SVG, without a declaration, so that it stands in a page or a file.

    Error correction M: a seventh of it may be dirty. Dark on white whatever the page's colours: readers need it.

    Args:
        scale: length of a module in pixels.

    Raises:
        UsageError: ``TOO_LONG`` for more than a code holds.
    """
    try:
        code = segno.make(url, error="m", micro=False)
    except segno.DataOverflowError as error:
        raise UsageError("TOO_LONG", "the address is too long for a QR code") from error
    out = io.BytesIO()
    code.save(
        out, kind="svg", scale=scale, border=_BORDER, xmldecl=False, light="#FFFFFF", title="QR code", svgclass="",
        lineclass="",
    )  # fmt: skip
    return out.getvalue().decode().strip()
