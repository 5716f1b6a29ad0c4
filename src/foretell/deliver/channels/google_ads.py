"""Google Ads Customer Match, over Google's Data Manager API.

The Google Ads API takes no new users of Customer Match since 2026-04-01 (``OfflineUserDataJobService`` and
``UserDataService`` answer ``CUSTOMER_NOT_ALLOWLISTED_FOR_THIS_FEATURE``), and its developer tokens ended on 2026-09-09
(Google Ads developer blog, 2026-03-04; *Feature deprecations*), so the Data Manager API is the one that is left.

Wire format: Google, *Data Manager API*, REST v1 (release v1.5 and later, 2026): ``audienceMembers:ingest`` and
``:remove`` (10,000 members a request, 10 identifiers a member, fail-fast: a member that is wrong fails the request, and
nothing of it is taken), ``requestStatus:retrieve``, ``accountTypes.accounts.userLists``; *Format user data*; *Limits
and quotas* (300 requests a minute); *Understand API errors*. The answer to a request is an id: members are taken in
later, and :meth:`GoogleAdsChannel.upload` asks what came of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

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
from foretell.deliver.google_tokens import GoogleToken
from foretell.deliver.list_changes import ListChange, NotTold, Person, Row, changes, in_order, once_more, remembered
from foretell.deliver.reaching import secret_of
from foretell.deliver.vendors import Unanswered, Unreached, Vendor, VendorAnswer, VendorSettings, receipt_for
from foretell.errors import ForetellError

_AT_ONCE = 10_000
_NOTHING = "nothing is known of the person that Google compares"
_NAMED_ROW = re.compile(r"audience_?[mM]embers\[(\d+)\]")
_MOST_ROUNDS = 50
_DAY_SECONDS = 86_400
_STATES: Mapping[str, Literal["processing", "done", "partly", "failed"]] = {
    "SUCCESS": "done", "PARTIAL_SUCCESS": "partly", "FAILED": "failed", "FAILURE": "failed",
}  # fmt: skip
_ERROR_PREFIX = "PROCESSING_ERROR_REASON_"
_NETWORKS = ("displayNetworkMembersCount", "searchNetworkMembersCount", "youtubeMembersCount", "gmailMembersCount")


class GoogleAdsSettings(VendorSettings):
    """Which account, and who speaks for it."""

    base_url: str = Field("https://datamanager.googleapis.com", description="Address of the Data Manager API.")
    account: str = Field(pattern=r"^[0-9]{6,12}$", description="Id of the Google Ads account, without dashes.")
    login_account: str | None = Field(
        None, pattern=r"^[0-9]{6,12}$", description="Id of the manager account through which access is given."
    )
    credentials_secret: str = Field(
        min_length=1,
        description="Name under `secrets` in foretell.yaml of the JSON of a service account's key or authorised user.",
    )
    project: str | None = Field(None, description="Google Cloud project that is counted, for an authorised user.")
    terms_accepted: Literal[True] = Field(
        description="true once the Customer Match terms are accepted in the account; Google asks with each request."
    )
    life_days: int = Field(540, ge=1, le=540, description="Of lists that are made: so long a person stays.")


class GoogleAdsChannel:
    """Adds people to Customer Match lists and takes them out."""

    def __init__(self, settings: GoogleAdsSettings, place: ChannelPlace) -> None:
        self._settings = settings
        self._remembered = remembered(place.ops)
        credentials = secret_of(place.settings, settings.credentials_secret)
        self._token = GoogleToken(credentials, settings, self._remembered)
        self._vendor = Vendor(settings)
        self._parent = f"accountTypes/GOOGLE_ADS/accounts/{settings.account}"

    def send(self, messages: Sequence[Outgoing], *, now: datetime) -> list[Receipt]:
        """See :class:`~foretell.deliver.channels.base.Channel`."""
        asked, receipts = changes(messages, _row, _NOTHING)
        try:
            for change in asked:
                for start in range(0, len(change.people), _AT_ONCE):
                    part = change.people[start : start + _AT_ONCE]
                    receipts += self._told(change, part, now)
        finally:
            self._vendor.close()
        return in_order(messages, receipts)

    def look(self, list_id: str | None, name: str, told: int, *, now: datetime) -> ListLook | None:
        """See :class:`~foretell.deliver.channels.base.ListKeeper`."""
        found = self._by_id(list_id, now) if list_id else self._by_name(name, now)
        return None if found is None else _look(found)

    def upload(self, accepted_id: str, *, now: datetime) -> UploadLook:
        """See :class:`~foretell.deliver.channels.base.ListKeeper`."""
        answer = self._ask("GET", "/v1/requestStatus:retrieve", now, query={"requestId": accepted_id})
        if not answer.ok:
            raise _failed("the state of a request", answer, now)
        (status, *_) = (answer.json() or {}).get("requestStatusPerDestination") or [{}]
        return _upload(status)

    def close(self) -> None:
        """End the connections."""
        self._vendor.close()

    def _told(self, change: ListChange, people: Sequence[Person], now: datetime) -> list[Receipt]:
        try:
            list_id = change.list_id or self._list_of(change, now)
            if list_id is None:  # it was never made, so nobody is on it
                return _each(people, Receipt("", "accepted", accepted_id=""))
            return self._in_rounds(change, list_id, people, now)
        except Unreached as error:
            return _each(people, Receipt("", "later", error=str(error)))
        except Unanswered as error:
            return _each(people, Receipt("", "uncertain", error=f"no answer: {error}"))
        except NotTold as error:
            return _each(people, Receipt("", "later", error=error.what, retry_after=error.retry_after))
        except ForetellError as error:  # wrong access or settings: somebody can mend them
            return _each(people, Receipt("", "later", error=error.what))

    def _in_rounds(self, change: ListChange, list_id: str, people: Sequence[Person], now: datetime) -> list[Receipt]:
        """Ask until a request is taken: the members that it names as wrong are left out of the next."""
        receipts: list[Receipt] = []
        left = list(people)
        for _ in range(_MOST_ROUNDS):
            verb = "ingest" if change.action == "join" else "remove"
            body = self._body(change, list_id, left)
            answer = self._ask("POST", f"/v1/audienceMembers:{verb}", now, json_body=body)
            if answer.ok:
                request = str((answer.json() or {}).get("requestId", ""))
                return receipts + _each(left, Receipt("", "accepted", accepted_id=request))
            wrong = _wrong_rows(answer, len(left))
            if not wrong:
                told = receipt_for("", answer, now, detail=_said(answer))
                outcome = "later" if told.outcome == "refused" else told.outcome
                if told.outcome == "refused":  # perhaps there is no such list any more
                    self._remembered.pop(self._key(change.name), None)
                return receipts + _each(left, Receipt("", outcome, error=told.error, retry_after=told.retry_after))
            for at, why in wrong.items():
                receipts += left[at].receipts(Receipt("", "refused", error=why))
            left = [one for at, one in enumerate(left) if at not in wrong]
            if not left:
                return receipts
        return receipts + _each(left, Receipt("", "later", error="too many members of one request were wrong"))

    def _body(self, change: ListChange, list_id: str, people: Sequence[Person]) -> dict[str, Any]:
        account = {"accountType": "GOOGLE_ADS", "accountId": self._settings.account}
        destination: dict[str, Any] = {"operatingAccount": account, "productDestinationId": list_id}
        if self._settings.login_account:
            destination["loginAccount"] = {**account, "accountId": self._settings.login_account}
        joins = change.action == "join"
        members = [{"compositeData": {"userData": one.row}, **(_consent(one) if joins else {})} for one in people]
        terms = {"termsOfService": {"customerMatchTermsOfServiceStatus": "ACCEPTED"}} if joins else {}
        return {"destinations": [destination], "audienceMembers": members, "encoding": "HEX", **terms}

    def _list_of(self, change: ListChange, now: datetime) -> str | None:
        """The id of the list of that name; made where somebody joins and there is none."""
        key = self._key(change.name)
        if key not in self._remembered:
            found = self._by_name(change.name, now)
            if found is None and change.action == "leave":
                return None
            self._remembered[key] = str((found or self._create(change.name, now))["id"])
        return str(self._remembered[key])

    def _key(self, name: str) -> tuple[str, ...]:
        return "google list", self._settings.base_url, self._settings.account, name

    def _by_id(self, list_id: str, now: datetime) -> Mapping[str, Any]:
        answer = self._ask("GET", f"/v1/{self._parent}/userLists/{list_id}", now, headers=self._login())
        if answer.status == 404:
            raise ForetellError(
                "UNKNOWN_LIST",
                f"Google Ads account {self._settings.account} has no list {list_id}",
                next_step="Mend `list` of the audience, or leave it out.",
            )
        if not answer.ok:
            raise _failed("a list", answer, now)
        return dict(answer.json())

    def _by_name(self, name: str, now: datetime) -> Mapping[str, Any] | None:
        query = {"filter": f"display_name = {json.dumps(name, ensure_ascii=False)}"}
        answer = self._ask("GET", f"/v1/{self._parent}/userLists", now, query=query, headers=self._login())
        if not answer.ok:
            raise _failed("the lists", answer, now)
        found = (answer.json() or {}).get("userLists") or []
        return next((one for one in found if one.get("displayName") == name), None)

    def _create(self, name: str, now: datetime) -> Mapping[str, Any]:
        info = {
            "uploadKeyTypes": ["CONTACT_ID"],
            "contactIdInfo": {"dataSourceType": "DATA_SOURCE_TYPE_FIRST_PARTY"},
        }
        body = {
            "displayName": name,
            "membershipStatus": "OPEN",
            "membershipDuration": f"{self._settings.life_days * _DAY_SECONDS}s",
            "ingestedUserListInfo": info,
        }
        path = f"/v1/{self._parent}/userLists"
        answer = self._ask("POST", path, now, json_body=body, headers=self._login())
        if not answer.ok:
            # Somebody else, or a request whose answer was lost, has made it.
            found = self._by_name(name, now) if answer.status in (400, 409) else None
            if found is None:
                raise _failed("a new list", answer, now)
            return found
        return dict(answer.json())

    def _login(self) -> dict[str, str]:
        login = self._settings.login_account
        return {"login-account": f"accountTypes/GOOGLE_ADS/accounts/{login}"} if login else {}

    def _ask(
        self, method: str, path: str, now: datetime, headers: Mapping[str, str] | None = None, **more: Any
    ) -> VendorAnswer:
        """Ask, with another token where the one at hand is not taken any more."""
        told = dict(headers or {})
        if self._settings.project:
            told["x-goog-user-project"] = self._settings.project

        def asked() -> VendorAnswer:
            return self._vendor.ask(method, path, headers={**told, **self._token.header(now)}, **more)

        answer = once_more(asked)
        if answer.status == 401:
            self._token.forget()
            answer = once_more(asked)
        return answer


def _row(hashed: Mapping[str, Any]) -> Row:
    found: list[Row] = []
    if hashed.get("email_dotless"):
        found.append({"emailAddress": hashed["email_dotless"]})
    if hashed.get("phone"):
        found.append({"phoneNumber": hashed["phone"]})
    names = {"givenName": "first_name", "familyName": "last_name", "regionCode": "country", "postalCode": "postal_code"}
    if all(hashed.get(name) for name in names.values()):  # Google takes all four, or none
        found.append({"address": {field: hashed[name] for field, name in names.items()}})
    return {"userIdentifiers": found} if found else {}


def _consent(person: Person) -> dict[str, Any]:
    """An express consent to advertising is one to both; what rests on another basis is left unsaid."""
    if not person.consent:
        return {}
    return {"consent": {"adUserData": "CONSENT_GRANTED", "adPersonalization": "CONSENT_GRANTED"}}


def _each(people: Sequence[Person], receipt: Receipt) -> list[Receipt]:
    return [one for person in people for one in person.receipts(receipt)]


def _details(answer: VendorAnswer) -> list[Mapping[str, Any]]:
    said = answer.json()
    error = said.get("error") if isinstance(said, dict) else None
    details = error.get("details") if isinstance(error, dict) else None
    return [one for one in details or [] if isinstance(one, dict)]


def _wrong_rows(answer: VendorAnswer, count: int) -> dict[int, str]:
    """Place of each member that a refusal names, and why."""
    if answer.status != 400:
        return {}
    found: dict[int, str] = {}
    for detail in _details(answer):
        for violation in detail.get("fieldViolations") or []:
            named = _NAMED_ROW.search(str(violation.get("field", "")))
            if named is not None and int(named[1]) < count:
                why = violation.get("reason") or violation.get("description") or "it is wrong"
                found.setdefault(int(named[1]), f"Google refuses it: {why}")
    return found


def _said(answer: VendorAnswer) -> str:
    said = answer.json()
    error = said.get("error") if isinstance(said, dict) else None
    if not isinstance(error, dict):
        return ""
    reasons = [str(one["reason"]) for one in _details(answer) if one.get("reason")]
    return " ".join([str(error.get("status", "")), str(error.get("message", "")), *reasons]).strip()


def _failed(what: str, answer: VendorAnswer, now: datetime) -> NotTold:
    why = f"Google does not tell {what}: {answer.said(_said(answer))}"
    return NotTold("VENDOR_FAILED", why, retry_after=answer.retry_after(now))


def _look(found: Mapping[str, Any]) -> ListLook:
    sizes = [int(value) for name in _NETWORKS if (value := (found.get("sizeInfo") or {}).get(name)) is not None]
    info = (found.get("ingestedUserListInfo") or {}).get("contactIdInfo") or {}
    percent = info.get("matchRatePercentage")
    rate = None if percent is None else int(percent) / 100
    life = str(found.get("membershipDuration") or "").removesuffix("s")
    return ListLook(
        str(found.get("id", "")),
        str(found.get("displayName", "")),
        " ".join(str(found[name]) for name in ("membershipStatus", "closingReason") if found.get(name)),
        min(sizes, default=None),
        max(sizes, default=None),
        rate,
        rate,
        int(float(life)) // _DAY_SECONDS if life else None,
        "whole percent; sizes are estimates, the smallest and the largest of Google's networks",
    )


def _upload(status: Mapping[str, Any]) -> UploadLook:
    counts = (status.get("errorInfo") or {}).get("errorCounts") or []
    kinds = (status.get("audienceMembersIngestionStatus"), status.get("audienceMembersRemovalStatus"))
    told = [one for kind in kinds if kind for one in kind.values() if isinstance(one, dict)]
    said = [f"{one.get('recordCount')} {str(one.get('reason')).removeprefix(_ERROR_PREFIX)}" for one in counts]
    said += [str(one["uploadMatchRateRange"]) for one in told if one.get("uploadMatchRateRange")]
    return UploadLook(
        _STATES.get(str(status.get("requestStatus")), "processing"),
        sum(int(one.get("recordCount", 0)) for one in told),
        sum(int(one.get("recordCount", 0)) for one in counts),
        ", ".join(said),
    )


def _open(settings: BaseModel, place: ChannelPlace) -> GoogleAdsChannel:
    assert isinstance(settings, GoogleAdsSettings)
    return GoogleAdsChannel(settings, place)


CHANNEL = ChannelKind("google_ads", Capabilities("ads", idempotent=True, batch_size=_AT_ONCE), GoogleAdsSettings, _open)
