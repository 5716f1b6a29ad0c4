"""Meta's Marketing API for Custom Audiences, as documented: v25.0 (*Customer File Custom Audiences*, *Custom Audience
Users*, *Custom Audience*, *Error codes*, *Rate limiting*; 2026).

It checks what Meta checks: version and token (as a header or a parameter, with ``appsecret_proof`` where the app has a
secret), the schema, at most 10,000 rows, rows as long as the schema, a session where there is more than one request,
and counts rows whose keys are no SHA-256 as invalid. An audience is a set. Of people it knows those whose hashes are in
``known``; sizes are told as two rounded numbers.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from foretell.testing.vendor_server import Answered, Asked, Moods, answered, vendor_server

ACCOUNT, TOKEN, APP_SECRET = "4455667788", "EAAB-token", "app-secret"
_HEX = re.compile(r"[0-9a-f]{64}")
_PATH = re.compile(r"/v\d\d\.\d/(?:act_(\d+)/customaudiences|(\d+)(/users)?)/?")
_KEYS = frozenset({"EMAIL", "PHONE", "GEN", "DOBY", "DOBM", "DOBD", "LN", "FN", "FI", "CT", "ST", "ZIP", "COUNTRY"})
_PLAIN = frozenset({"EXTERN_ID", "MADID", "DATA_PROCESSING_OPTIONS"})
_SINGLE = {"EMAIL_SHA256": "EMAIL", "PHONE_SHA256": "PHONE"}
_MOST_ROWS, _FLOOR, _SAMPLES = 10_000, 1_000, 2
MINUTES_TO_WAIT = 7


@dataclass
class Audience:
    """A Custom Audience: ``rows`` are those that were added and not removed, by their keys."""

    audience_id: str
    name: str
    subtype: str = "CUSTOM"
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    blocked: bool = False


class Meta:
    """The API.

    Args:
        known: hashes of people whom Meta knows.
        bad_hashes: hashes that count as invalid.
        names_samples: invalid rows are named among the samples, at most two of them.
        limited: so many requests from now on are too many for the ad account.
    """

    def __init__(self, app_secret: str = "") -> None:
        self.url = ""
        self.moods = Moods()
        self.limited = 0
        self.known: set[str] = set()
        self.bad_hashes: set[str] = set()
        self.names_samples = True
        self.audiences: dict[str, Audience] = {}
        self.sessions: list[Mapping[str, Any]] = []
        self._app_secret = app_secret

    def add_audience(self, audience_id: str, name: str) -> Audience:
        """Make an audience, as somebody does in the Ads Manager."""
        return self.audiences.setdefault(audience_id, Audience(audience_id, name))

    def named(self, name: str) -> Audience:
        """The audience called ``name``."""
        return next(one for one in self.audiences.values() if one.name == name)

    def emails_of(self, name: str) -> set[str]:
        """Hashed addresses on the audience called ``name``."""
        return {row["EMAIL"] for row in self.named(name).rows.values() if row.get("EMAIL")}

    def answer(self, request: Asked) -> Answered:
        """What Meta answers."""
        form = fields_of(request)
        refused = self._unauthorised(request, form)
        if refused is not None:
            return refused
        if self.limited:
            self.limited -= 1
            return self._too_many()
        found = _PATH.fullmatch(request.path)
        if found is None:
            return _error(400, "Unsupported request", 100, 33)
        if found[1] is not None:
            return self._of_account(request, form, found[1])
        audience = self.audiences.get(found[2])
        if audience is None:
            return _error(400, f"Unsupported get request. Object with ID '{found[2]}' does not exist", 100, 33)
        if found[3] is None:
            return answered(200, self._shown(audience, form.get("fields", "id").split(",")))
        return self._users(request.method, form, audience)

    def _too_many(self) -> Answered:
        """80003, with the minutes to wait (*Rate limiting*)."""
        usage = {"type": "custom_audience", "call_count": 100, "estimated_time_to_regain_access": MINUTES_TO_WAIT}
        headers = {"X-Business-Use-Case-Usage": json.dumps({ACCOUNT: [usage]})}
        return _error(400, "There have been too many calls to this ad-account.", 80003, headers=headers)

    def _unauthorised(self, request: Asked, form: Mapping[str, str]) -> Answered | None:
        token = request.headers.get("authorization", "").rpartition(" ")[2] or form.get("access_token", "")
        if token != TOKEN:
            return _error(401, "Invalid OAuth access token - Cannot parse access token", 190)
        if self._app_secret:
            proof = hmac.new(self._app_secret.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()
            if form.get("appsecret_proof") != proof:
                return _error(400, "Invalid appsecret_proof provided in the API argument", 100)
        return None

    def _of_account(self, request: Asked, form: Mapping[str, str], account: str) -> Answered:
        if account != ACCOUNT:
            return _error(403, "Ad account owner has NOT grant ads_management permission", 200)
        if request.method == "POST":
            if not form.get("name") or form.get("subtype") != "CUSTOM" or not form.get("customer_file_source"):
                return _error(400, "Invalid parameter", 100)
            made = self.add_audience(str(23_850_000_000 + len(self.audiences)), form["name"])
            return answered(200, {"id": made.audience_id})
        filters = json.loads(form.get("filtering", "[]"))
        names = {one["value"] for one in filters if one["field"] == "name" and one["operator"] == "EQUAL"}
        fields = form.get("fields", "id").split(",")
        found = [one for one in self.audiences.values() if not names or one.name in names]
        return answered(200, {"data": [self._shown(one, fields) for one in found], "paging": {}})

    def _users(self, method: str, form: Mapping[str, str], audience: Audience) -> Answered:
        if audience.blocked:
            return _error(400, "Invalid parameter", 100, 1713230)
        try:
            payload, session = json.loads(form["payload"]), json.loads(form.get("session", "{}"))
        except (KeyError, ValueError):
            return _error(400, "Invalid parameter", 100)
        schema, data = payload.get("schema"), payload.get("data")
        if isinstance(schema, str) and schema in _SINGLE:
            schema, data = [_SINGLE[schema]], [[one] for one in data]
        if not isinstance(schema, list) or not set(schema) <= _KEYS | _PLAIN or not isinstance(data, list):
            return _error(400, "Invalid parameter", 100)
        if len(data) > _MOST_ROWS or any(not isinstance(row, list) or len(row) != len(schema) for row in data):
            return _error(400, "Invalid parameter", 100)
        if session:
            self.sessions.append(session)
        invalid = []
        for row in data:
            told = dict(zip(schema, row, strict=True))
            key = json.dumps(
                {name: told[name] for name in sorted(told) if name in _KEYS | {"EXTERN_ID"} and told[name]}
            )
            if not self._valid(told):
                invalid.append(row)
            elif method == "POST":
                audience.rows[key] = told
            else:
                audience.rows.pop(key, None)
        samples = {str(at): row for at, row in enumerate(invalid[:_SAMPLES])} if self.names_samples else {}
        return answered(
            200,
            {
                "audience_id": audience.audience_id,
                "session_id": str(session.get("session_id", 0)),
                "num_received": len(data),
                "num_invalid_entries": len(invalid),
                "invalid_entry_samples": samples,
            },
            took=True,
        )

    def _valid(self, told: Mapping[str, Any]) -> bool:
        hashed = [value for name, value in told.items() if name in _KEYS and value]
        if not hashed and not told.get("EXTERN_ID"):
            return False
        return all(_HEX.fullmatch(str(value)) for value in hashed) and not self.bad_hashes & set(hashed)

    def _shown(self, audience: Audience, fields: Iterable[str]) -> dict[str, Any]:
        matched = sum(1 for row in audience.rows.values() if set(map(str, row.values())) & self.known)
        low = -1 if matched < _FLOOR else matched // 100 * 100
        high = _FLOOR if matched < _FLOOR else -(-matched // 100) * 100
        known = {
            "id": audience.audience_id,
            "name": audience.name,
            "subtype": audience.subtype,
            "approximate_count_lower_bound": low,
            "approximate_count_upper_bound": high,
            "operation_status": {"code": 471 if audience.blocked else 200, "description": "Normal"},
            "delivery_status": {
                "code": 200 if matched >= _FLOOR else 300,
                "description": "This audience is ready for use.",
            },
        }
        return {name: known[name] for name in fields if name in known}


def _error(
    status: int, message: str, code: int, subcode: int = 0, *, headers: Mapping[str, str] | None = None
) -> Answered:
    told: dict[str, Any] = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "A1b2C3"}
    told |= {"error_subcode": subcode} if subcode else {}
    return answered(status, {"error": {**told, "is_transient": headers is not None}}, headers)


def fields_of(asked: Asked) -> dict[str, str]:
    """Query and form body together, a value a name."""
    texts = [asked.query, asked.body.decode() if "form" in asked.headers.get("content-type", "") else ""]
    return {name: values[0] for text in texts for name, values in parse_qs(text, keep_blank_values=True).items()}


@contextmanager
def meta(app_secret: str = "") -> Iterator[Meta]:
    """The API while the block runs."""
    vendor = Meta(app_secret)
    with vendor_server(vendor.answer, vendor.moods) as server:
        vendor.url = server.url
        yield vendor
