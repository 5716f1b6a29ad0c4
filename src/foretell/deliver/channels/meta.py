"""Custom Audiences of Meta (Facebook, Instagram), over the Marketing API.

Wire format: Meta, *Marketing API v25.0*: *Customer File Custom Audiences* (2026-04-28), *Custom Audience Users*
(2025-10-08), *Custom Audience*, *Error codes* (2025-12-11), *Rate limiting*. ``POST`` and ``DELETE``
``/{audience}/users`` take at most 10,000 rows with a ``schema`` of several keys, and a ``session`` that says which
requests belong together; the answer counts ``num_received`` and ``num_invalid_entries`` and names samples of the
latter. Rows that it counts as invalid and does not name are found by asking again with halves: a list is a set, so
that asking twice does nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, Field

from foretell.deliver.channels.base import (
    Capabilities,
    ChannelKind,
    ChannelPlace,
    ListLook,
    Outgoing,
    Receipt,
    UploadLook,
)
from foretell.deliver.list_changes import ListChange, NotTold, Person, Row, changes, in_order, once_more, remembered
from foretell.deliver.reaching import secret_of
from foretell.deliver.vendors import Unanswered, Unreached, Vendor, VendorAnswer, VendorSettings, receipt_for

_AT_ONCE = 10_000
_NOTHING = "nothing is known of the person that Meta compares"
_KEYS = {
    "EMAIL": "email", "PHONE": "phone_digits", "FN": "first_name", "LN": "last_name", "ZIP": "postal_hash",
    "COUNTRY": "country_hash", "EXTERN_ID": "external_id",
}  # fmt: skip
_ALONE = frozenset({"EMAIL", "PHONE", "EXTERN_ID"})
"""Keys that point to a person by themselves."""
_OPTIONS = "DATA_PROCESSING_OPTIONS"
_ASKED = ",".join((
    "id", "name", "approximate_count_lower_bound", "approximate_count_upper_bound", "operation_status",
    "delivery_status", "retention_days",
))  # fmt: skip
_FLOOR = 1_000
_SESSION_BITS = 52


class MetaSettings(VendorSettings):
    """Which ad account, and who speaks for it."""

    base_url: str = Field("https://graph.facebook.com", description="Address of the Graph API.")
    version: str = Field("v25.0", pattern=r"^v[0-9]{2}\.[0-9]$", description="Version of the Marketing API.")
    ad_account: str = Field(pattern=r"^[0-9]{4,20}$", description="Id of the ad account, without act_.")
    token_secret: str = Field(min_length=1, description="Name under `secrets` in foretell.yaml of the access token.")
    app_secret: str | None = Field(
        None, description="Name under `secrets` of the app's secret: requests then carry appsecret_proof."
    )


class MetaChannel:
    """Adds people to Custom Audiences and takes them out."""

    def __init__(self, settings: MetaSettings, place: ChannelPlace) -> None:
        self._settings = settings
        token = secret_of(place.settings, settings.token_secret)
        self._vendor = Vendor(settings, {"Authorization": f"Bearer {token}"})
        self._proof = {}
        if settings.app_secret:
            key = secret_of(place.settings, settings.app_secret).encode()
            self._proof = {"appsecret_proof": hmac.new(key, token.encode(), hashlib.sha256).hexdigest()}
        self._remembered = remembered(place.ops)

    def send(self, messages: Sequence[Outgoing], *, now: datetime) -> list[Receipt]:
        """See :class:`~foretell.deliver.channels.base.Channel`."""
        asked, receipts = changes(messages, _row, _NOTHING)
        try:
            for change in asked:
                for start in range(0, len(change.people), _AT_ONCE):
                    receipts += self._told(change, change.people[start : start + _AT_ONCE], now)
        finally:
            self._vendor.close()
        return in_order(messages, receipts)

    def look(self, list_id: str | None, name: str, told: int, *, now: datetime) -> ListLook | None:
        """See :class:`~foretell.deliver.channels.base.ListKeeper`."""
        key = list_id or self._named(name, now)
        if key is None:
            return None
        answer = self._ask("GET", f"/{key}", now, query={"fields": _ASKED})
        if not answer.ok:
            raise _failed("an audience", answer, now)
        return _look(answer.json() or {}, told)

    def upload(self, accepted_id: str, *, now: datetime) -> UploadLook:
        """Meta answers at once; there is nothing to ask for."""
        return UploadLook("done")

    def close(self) -> None:
        """End the connections."""
        self._vendor.close()

    def _told(self, change: ListChange, people: Sequence[Person], now: datetime) -> list[Receipt]:
        try:
            list_id = change.list_id or self._list_of(change, now)
            if list_id is None:  # it was never made, so nobody is on it
                return _each(people, Receipt("", "accepted"))
            return self._halved(change, list_id, people, now)
        except NotTold as error:
            return _each(people, Receipt("", "later", error=error.what, retry_after=error.retry_after))
        except Unreached as error:
            return _each(people, Receipt("", "later", error=str(error)))
        except Unanswered as error:
            return _each(people, Receipt("", "uncertain", error=f"no answer: {error}"))

    def _halved(self, change: ListChange, list_id: str, people: Sequence[Person], now: datetime) -> list[Receipt]:
        """Ask; where some rows are invalid and not named, ask again with each half until they are found."""
        try:
            answer = self._asked(change, list_id, people, now)
        except (Unreached, Unanswered) as error:
            outcome: Any = "later" if isinstance(error, Unreached) else "uncertain"
            return _each(people, Receipt("", outcome, error=str(error)))
        if not answer.ok:
            if answer.status < 500:  # perhaps there is no such audience any more
                self._remembered.pop(self._key(change.name), None)
            return _each(people, _problem(answer, now))
        said = answer.json()
        if not isinstance(said, dict) or "num_received" not in said:
            return _each(people, Receipt("", "uncertain", error=answer.said("the answer cannot be read")))
        invalid, session = int(said.get("num_invalid_entries", 0)), str(said.get("session_id", ""))
        accepted = Receipt("", "accepted", accepted_id=session)
        if invalid == 0:
            return _each(people, accepted)
        samples = json.dumps(said.get("invalid_entry_samples") or {})
        wrong = [one for one in people if any(value in samples for value in one.row.values())]
        if len(people) == 1 or len(wrong) == invalid:
            bad = {id(one) for one in wrong or people}
            refused = Receipt("", "refused", error=f"Meta counts it as invalid: {samples}")
            return [r for one in people for r in one.receipts(refused if id(one) in bad else accepted)]
        middle = len(people) // 2
        return [
            *self._halved(change, list_id, people[:middle], now),
            *self._halved(change, list_id, people[middle:], now),
        ]

    def _asked(self, change: ListChange, list_id: str, people: Sequence[Person], now: datetime) -> VendorAnswer:
        joins = change.action == "join"
        keys = [key for key in _KEYS if any(key in one.row for one in people)]
        limited = joins and any(not one.consent for one in people)
        data = [
            [*(one.row.get(key, "") for key in keys), *([[] if one.consent else ["LDU"]] if limited else [])]
            for one in people
        ]
        payload = {"schema": [*keys, *([_OPTIONS] if limited else [])], "is_raw": True, "data": data}
        session = {
            "session_id": _session(people),
            "batch_seq": 1,
            "last_batch_flag": True,
            "estimated_num_total": len(people),
        }
        form = {"payload": _json(payload), "session": _json(session)}
        return self._ask("POST" if joins else "DELETE", f"/{list_id}/users", now, form=form)

    def _list_of(self, change: ListChange, now: datetime) -> str | None:
        """The id of the audience of that name; made where somebody joins and there is none."""
        key = self._key(change.name)
        if key not in self._remembered:
            found = self._named(change.name, now)
            if found is None and change.action == "leave":
                return None
            self._remembered[key] = found or self._create(change.name, now)
        return str(self._remembered[key])

    def _key(self, name: str) -> tuple[str, ...]:
        return "meta audience", self._settings.base_url, self._settings.ad_account, name

    def _named(self, name: str, now: datetime) -> str | None:
        filtering = _json([{"field": "name", "operator": "EQUAL", "value": name}])
        query = {"fields": "id,name,subtype", "filtering": filtering, "limit": "50"}
        answer = self._ask("GET", f"/act_{self._settings.ad_account}/customaudiences", now, query=query)
        if not answer.ok:
            raise _failed("the audiences", answer, now)
        found = (answer.json() or {}).get("data") or []
        named = [str(one["id"]) for one in found if one.get("name") == name and one.get("subtype") == "CUSTOM"]
        return min(named, default=None)  # where an answer was lost there may be two: always the same one

    def _create(self, name: str, now: datetime) -> str:
        form = {"name": name, "subtype": "CUSTOM", "customer_file_source": "USER_PROVIDED_ONLY"}
        answer = self._ask("POST", f"/act_{self._settings.ad_account}/customaudiences", now, form=form)
        if not answer.ok:
            raise _failed("a new audience", answer, now)
        return str((answer.json() or {})["id"])

    def _ask(
        self, method: str, path: str, now: datetime, *, query: Mapping[str, str] | None = None, form: Any = None
    ) -> VendorAnswer:
        told, place = {**(query or {}), **self._proof} or None, f"/{self._settings.version}{path}"
        return once_more(lambda: self._vendor.ask(method, place, query=told, form=form))


def _row(hashed: Mapping[str, Any]) -> Row:
    row = {key: str(hashed[name]) for key, name in _KEYS.items() if hashed.get(name)}
    full = {"FN", "LN", "ZIP", "COUNTRY"} <= row.keys()
    return row if full or _ALONE & row.keys() else {}


def _session(people: Sequence[Person]) -> int:
    """The same for the same messages, so that a request that comes again is the same session."""
    ids = "\n".join(message_id for one in people for message_id in one.message_ids)
    return int.from_bytes(hashlib.sha256(ids.encode()).digest()[:8]) >> (64 - _SESSION_BITS)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _each(people: Sequence[Person], receipt: Receipt) -> list[Receipt]:
    return [one for person in people for one in person.receipts(receipt)]


def _error(answer: VendorAnswer) -> Mapping[str, Any]:
    said = answer.json()
    error = said.get("error") if isinstance(said, dict) else None
    return error if isinstance(error, dict) else {}


def _said(answer: VendorAnswer) -> str:
    error = _error(answer)
    numbers = [str(error[name]) for name in ("code", "error_subcode") if error.get(name)]
    words = [str(error[name]) for name in ("message", "error_user_msg") if error.get(name)]
    return " ".join(["/".join(numbers), *words]).strip()


def _problem(answer: VendorAnswer, now: datetime) -> Receipt:
    """A refusal concerns the request and not its rows: access, limits, an audience that is blocked. Somebody, or time,
    can mend it, so that it is tried again."""
    told = receipt_for("", answer, now, detail=_said(answer))
    outcome: Any = "later" if told.outcome == "refused" else told.outcome
    wait = told.retry_after or max(_waits(answer.headers.get("x-business-use-case-usage", "")), default=None)
    return Receipt("", outcome, error=told.error, retry_after=wait)


def _waits(usage: str) -> Iterator[timedelta]:
    """``estimated_time_to_regain_access`` (minutes) of the header X-Business-Use-Case-Usage."""
    try:
        known = json.loads(usage or "{}")
    except ValueError:
        return
    for cases in known.values() if isinstance(known, dict) else ():
        for case in cases if isinstance(cases, list) else ():
            minutes = case.get("estimated_time_to_regain_access") if isinstance(case, dict) else None
            if isinstance(minutes, int) and minutes > 0:
                yield timedelta(minutes=min(minutes, 1440))


def _failed(what: str, answer: VendorAnswer, now: datetime) -> NotTold:
    told = _problem(answer, now)
    return NotTold("VENDOR_FAILED", f"Meta does not tell {what}: {told.error}", retry_after=told.retry_after)


def _look(found: Mapping[str, Any], told: int) -> ListLook:
    bounds = [_bound(found.get(f"approximate_count_{end}_bound")) for end in ("lower", "upper")]
    low, high = bounds
    shares = [None if one is None or told == 0 else min(1.0, one / told) for one in bounds]
    if high is not None and high <= _FLOOR:  # it says no less, so that nothing follows for the share
        shares = [None, None]
    states = [found.get(name) or {} for name in ("operation_status", "delivery_status")]
    life = found.get("retention_days")
    return ListLook(
        str(found.get("id", "")),
        str(found.get("name", "")),
        "; ".join(f"{one.get('code')} {one.get('description', '')}".strip() for one in states if one),
        low,
        high,
        shares[0],
        shares[1],
        int(life) if life else None,
        f"between two rounded numbers of people, nothing under {_FLOOR:,}; the share is of those told",
    )


def _bound(value: Any) -> int | None:
    """-1: not computed yet, or not told."""
    return None if value is None or int(value) < 0 else int(value)


def _open(settings: BaseModel, place: ChannelPlace) -> MetaChannel:
    assert isinstance(settings, MetaSettings)
    return MetaChannel(settings, place)


CHANNEL = ChannelKind(
    "meta", Capabilities("ads", idempotent=True, batch_size=_AT_ONCE, delivers=True), MetaSettings, _open
)
