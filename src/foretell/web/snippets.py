"""Text to copy: how a page or a program sends its events to this server with a write key."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args
from urllib.parse import urlsplit

SnippetKind = Literal["browser", "python", "node", "curl", "rudder"]
KINDS: tuple[SnippetKind, ...] = get_args(SnippetKind)
LANGUAGES: Mapping[SnippetKind, str] = {
    "browser": "javascript",
    "python": "python",
    "node": "javascript",
    "curl": "shell",
    "rudder": "python",
}
_ORDER = {"order_id": "o1", "revenue": 49.9, "currency": "EUR"}


@dataclass(frozen=True)
class Sending:
    """What a snippet is made for.

    Args:
        address: of this server, without a slash at its end.
        write_key: with which events come.
        consent: categories that people must have agreed to; empty where the source asks for no consent.
    """

    address: str
    write_key: str
    consent: Sequence[str] = ()

    @property
    def granted(self) -> dict[str, dict[str, dict[str, bool]]]:
        """The context of an event of somebody who agreed; empty where nobody is asked."""
        given = {"consent": {"categoryPreferences": dict.fromkeys(self.consent, True)}}
        return given if self.consent else {}


def snippet(kind: SnippetKind, sending: Sending) -> str:
    """The text for one kind of sender."""
    return _TEXTS[kind](sending)


def hook_snippet(address: str, source: str, header: str, prefix: str, scheme: str, encoding: str) -> str:
    """A webhook that is sent by hand, as its sender should: the secret stands in ``$SECRET``."""
    if scheme == "timestamped":
        return f"""\
BODY='{{"id": "1"}}'
T=$(date +%s)
V1=$(printf '%s.%s' "$T" "$BODY" | openssl dgst -sha256 -hmac "$SECRET" -binary | od -An -tx1 | tr -d ' \\n')
curl {address}/hooks/{source} -H 'content-type: application/json' \\
  -H "{header}: t=$T,v1=$V1" --data "$BODY"
"""
    digest = scheme.removeprefix("hmac-")
    signed = f'printf \'%s\' "$BODY" | openssl dgst -{digest} -hmac "$SECRET" -binary | '
    tool = "base64 | tr -d '\\n'" if encoding == "base64" else "od -An -tx1 | tr -d ' \\n'"
    value = "$SECRET" if scheme == "token" else f"$({signed}{tool})"
    return f"""\
BODY='{{"id": "1"}}'
curl {address}/hooks/{source} -H 'content-type: application/json' \\
  -H "{header}: {prefix}{value}" --data "$BODY"
"""


def _browser(sending: Sending) -> str:
    parts = urlsplit(sending.address)
    host, scheme = json.dumps(f"{parts.netloc}/v1"), json.dumps(parts.scheme)
    load = f"""\
AnalyticsBrowser.load(
  {{ writeKey: {json.dumps(sending.write_key)}, cdnURL: {json.dumps(sending.address)} }},
  {{ integrations: {{ 'Segment.io': {{ apiHost: {host}, protocol: {scheme} }} }} }}
)"""
    head = "// npm install @segment/analytics-next\nimport { AnalyticsBrowser } from '@segment/analytics-next'\n"
    if not sending.consent:
        return f"{head}\nexport const analytics = {load}\nanalytics.page()\n"
    return f"""{head}
const needed = {json.dumps(list(sending.consent))}
export let analytics
let agreed = {{}}
const granted = () => needed.every((category) => agreed[category] === true)

// Call it when the visitor has chosen, and at each later visit; before that nothing is loaded, stored or sent.
// categories: what your banner says, e.g. {json.dumps(dict.fromkeys(sending.consent, True))}
export function consentGiven(categories) {{
  agreed = categories
  if (!granted()) return consentWithdrawn()
  if (analytics) return
  analytics = {_indented(load)}
  analytics.addSourceMiddleware(({{ payload, next }}) => {{
    if (!granted()) return
    payload.obj.context = {{ ...payload.obj.context, consent: {{ categoryPreferences: agreed }} }}
    next(payload)
  }})
  analytics.page()
}}

// Call it when the visitor takes it back: nothing more is sent, and what was stored is gone.
export function consentWithdrawn() {{
  agreed = {{}}
  if (analytics) analytics.reset()
}}
"""


def _indented(text: str) -> str:
    return text.replace("\n", "\n  ")


def _python(sending: Sending) -> str:
    context = f", context={sending.granted!r}" if sending.consent else ""
    return f"""\
# pip install segment-analytics-python
import segment.analytics as analytics

analytics.write_key = {json.dumps(sending.write_key)}
analytics.host = {json.dumps(sending.address)}
analytics.track("user-1", "Order Completed", {_ORDER!r}{context})
analytics.shutdown()
"""


def _rudder(sending: Sending) -> str:
    context = f", context={sending.granted!r}" if sending.consent else ""
    return f"""\
# pip install rudder-sdk-python
import rudderstack.analytics as rudder

rudder.write_key = {json.dumps(sending.write_key)}
rudder.dataPlaneUrl = {json.dumps(sending.address)}
rudder.track("user-1", "Order Completed", {_ORDER!r}{context})
rudder.shutdown()
"""


def _node(sending: Sending) -> str:
    context = f",\n  context: {json.dumps(sending.granted)}" if sending.consent else ""
    return f"""\
// npm install @segment/analytics-node
import {{ Analytics }} from '@segment/analytics-node'

const analytics = new Analytics({{
  writeKey: {json.dumps(sending.write_key)},
  host: {json.dumps(sending.address)},
}})
analytics.track({{
  userId: 'user-1',
  event: 'Order Completed',
  properties: {json.dumps(_ORDER)}{context}
}})
await analytics.closeAndFlush()
"""


def _curl(sending: Sending) -> str:
    context = {"context": sending.granted} if sending.consent else {}
    event = {"userId": "user-1", "event": "Order Completed", "properties": _ORDER, **context}
    return f"""\
curl {sending.address}/v1/track -u {sending.write_key}: -H 'content-type: application/json' \\
  -d '{json.dumps(event)}'
"""


_TEXTS: Mapping[SnippetKind, Callable[[Sending], str]] = {
    "browser": _browser, "python": _python, "node": _node, "curl": _curl, "rudder": _rudder,
}  # fmt: skip
