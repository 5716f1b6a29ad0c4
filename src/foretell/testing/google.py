"""Google's Data Manager API and token endpoint, as documented: REST v1 (release v1.5 and later, 2026).

*audienceMembers.ingest*, *audienceMembers.remove*, *requestStatus.retrieve*, *accountTypes.accounts.userLists*, *Format
user data*, *Limits and quotas*, *Understand API errors* (fail-fast; ``BadRequest`` names fields). It checks what Google
checks: the bearer token, the account, at most 10,000 members with at most 10 identifiers, 64 hexadecimal digits, the
terms of service, that no plain address or number comes. Requests are taken in when :meth:`Google.process` is called;
until then their state is ``PROCESSING``. Of people it knows those whose hashes are in ``known``.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from foretell.testing.vendor_server import Answered, Asked, Moods, answered, vendor_server

ACCOUNT, CLIENT, REFRESH = "1234567890", "client-1", "refresh-1"
CREDENTIALS = {"type": "authorized_user", "client_id": CLIENT, "client_secret": "s3", "refresh_token": REFRESH}
TOKEN_SECONDS = 3600
_HEX = re.compile(r"[0-9a-f]{64}")
_LISTS = re.compile(r"/v1/accountTypes/GOOGLE_ADS/accounts/(\d+)/userLists(?:/(\d+))?")
_YES = ("ACCEPTED", "CONSENT_GRANTED", "HEX", 1)
"""Values of enums that are taken, by name or, as Google's own client writes them, by number."""
_SNAKE = {"emailAddress": "email_address", "phoneNumber": "phone_number", "address": "address"}
_MOST_MEMBERS, _MOST_IDENTIFIERS = 10_000, 10
_STATUS = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND"}
_STATUS |= {429: "RESOURCE_EXHAUSTED", 500: "INTERNAL"}


@dataclass
class UserList:
    """A list: ``members`` are the sets of hashes of each person, as text."""

    list_id: str
    name: str
    duration: str
    members: dict[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass
class Upload:
    """A request that was accepted."""

    request_id: str
    verb: str
    list_id: str
    members: list[Mapping[str, Any]]
    done: bool = False
    refused: int = 0


class Google:
    """The API.

    Args:
        known: hashes (hexadecimal) of identifiers of people whom Google knows.
        unconsented: members without granted consent are refused when they are taken in, as in the EEA.
        bad_hashes: hashes that the request is refused for.
    """

    def __init__(self) -> None:
        self.url = ""
        self.moods = Moods()
        self.known: set[str] = set()
        self.bad_hashes: set[str] = set()
        self.unconsented = False
        self.lists: dict[str, UserList] = {}
        self.uploads: dict[str, Upload] = {}
        self.tokens: set[str] = set()
        self.assertions: list[Mapping[str, Any]] = []

    def answer(self, request: Asked) -> Answered:
        """What Google answers."""
        if request.path == "/token":
            return self._token(request)
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return _error(401, "Request had invalid authentication credentials.", "ACCESS_TOKEN_EXPIRED")
        if request.path in ("/v1/audienceMembers:ingest", "/v1/audienceMembers:remove"):
            return self._members(request.path.rpartition(":")[2], request.json())
        if request.path == "/v1/requestStatus:retrieve":
            return self._state(_fields(request).get("requestId", ""))
        found = _LISTS.fullmatch(request.path)
        return self._list(request, found[1], found[2]) if found else _error(404, "Method not found.")

    def process(self) -> None:
        """Take in what was accepted."""
        for upload in self.uploads.values():
            if not upload.done:
                self._take_in(upload)

    def add_list(self, list_id: str, name: str) -> UserList:
        """Make a list, as somebody does in Google Ads."""
        return self.lists.setdefault(list_id, UserList(list_id, name, "46656000s"))

    def emails_of(self, name: str) -> set[str]:
        """Hashed addresses of the members of the list called ``name``."""
        found = next(one for one in self.lists.values() if one.name == name)
        return {
            one["emailAddress"]
            for member in found.members.values()
            for one in _identifiers(member)
            if "emailAddress" in one
        }

    def _take_in(self, upload: Upload) -> None:
        members = self.lists[upload.list_id].members
        for member in upload.members:
            if upload.verb == "remove":
                hashes = _hashes(member)
                for key in [key for key, one in members.items() if hashes & _hashes(one)]:
                    del members[key]
            elif self.unconsented and member.get("consent", {}).get("adUserData") not in _YES:
                upload.refused += 1
            else:
                members[" ".join(sorted(_hashes(member)))] = member
        upload.done = True

    def _token(self, request: Asked) -> Answered:
        form = _fields(request)
        if form.get("grant_type") == "refresh_token":
            good = (form.get("client_id"), form.get("client_secret"), form.get("refresh_token")) == (
                CLIENT,
                "s3",
                REFRESH,
            )
        else:
            header, claims, _ = form.get("assertion", "..").split(".")
            told = [json.loads(base64.urlsafe_b64decode(part + "==") or "{}") for part in (header, claims)]
            self.assertions.append({**told[0], **told[1], "assertion": form["assertion"]})
            good = told[0].get("alg") == "RS256" and told[1].get("aud") == f"{self.url}/token"
        if not good:
            return answered(400, {"error": "invalid_grant", "error_description": "Bad Request"})
        token = f"ya29.{len(self.tokens)}"
        self.tokens.add(token)
        return answered(200, {"access_token": token, "expires_in": TOKEN_SECONDS, "token_type": "Bearer"})

    def _members(self, verb: str, body: Mapping[str, Any]) -> Answered:
        destinations, members = body.get("destinations") or [], body.get("audienceMembers") or []
        if len(destinations) != 1 or not members:
            return _error(400, "There was a problem with the request.", "REQUIRED_FIELD_MISSING")
        if destinations[0].get("operatingAccount", {}).get("accountId") != ACCOUNT:
            return _error(403, "The caller does not have permission", "DESTINATION_ACCOUNT_PERMISSION_DENIED")
        list_id = str(destinations[0].get("productDestinationId"))
        if list_id not in self.lists:
            return _refused([("destinations[0].product_destination_id", "INVALID_USER_LIST_ID")])
        if len(members) > _MOST_MEMBERS:
            return _refused([("audience_members", "TOO_MANY_AUDIENCE_MEMBERS")])
        if verb == "ingest" and body.get("termsOfService", {}).get("customerMatchTermsOfServiceStatus") not in _YES:
            return _refused([("terms_of_service", "TERMS_AND_CONDITIONS_NOT_SIGNED")])
        if body.get("encoding") not in _YES:
            return _refused([("encoding", "REQUIRED_FIELD_MISSING")])
        wrong = [one for at, member in enumerate(members) for one in self._faults(at, member)]
        if wrong:
            return _refused(wrong)
        request_id = "r" + hashlib.sha256(f"{len(self.uploads)} {list_id}".encode()).hexdigest()[:20]
        self.uploads[request_id] = Upload(request_id, verb, list_id, [dict(one) for one in members])
        return answered(200, {"requestId": request_id}, took=True)

    def _faults(self, at: int, member: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        place = f"audience_members.audience_members[{at}]"
        identifiers = _identifiers(member)
        if not identifiers:
            yield f"{place}.composite_data.user_data.user_identifiers", "REQUIRED_FIELD_MISSING"
        if len(identifiers) > _MOST_IDENTIFIERS:
            yield f"{place}.composite_data.user_data.user_identifiers", "TOO_MANY_USER_IDENTIFIERS"
        for number, one in enumerate(identifiers):
            field_path = f"{place}.composite_data.user_data.user_identifiers[{number}]"
            hashes = _hashed_parts(one)
            if any(not _HEX.fullmatch(value) for value in hashes) or self.bad_hashes & set(hashes):
                yield f"{field_path}.{_SNAKE[next(iter(one))]}", "INVALID_SHA256_FORMAT"
            address = one.get("address")
            if address is not None and not all(
                address.get(n) for n in ("givenName", "familyName", "regionCode", "postalCode")
            ):
                yield f"{field_path}.address", "REQUIRED_FIELD_MISSING"
            if address is not None and not re.fullmatch(r"[A-Z]{2}", str(address.get("regionCode"))):
                yield f"{field_path}.address.region_code", "INVALID_FORMAT"

    def _state(self, request_id: str) -> Answered:
        upload = self.uploads.get(request_id)
        if upload is None:
            return _refused([("request_id", "INVALID_REQUEST_ID")])
        count = len(upload.members)
        state = "PROCESSING"
        if upload.done:
            state = "SUCCESS" if not upload.refused else "FAILED" if upload.refused == count else "PARTIAL_SUCCESS"
        kind = {"recordCount": str(count)}
        if upload.verb == "ingest" and upload.done:
            kind["uploadMatchRateRange"] = _range(self._rate(upload.members))
        name = "Ingestion" if upload.verb == "ingest" else "Removal"
        told: dict[str, Any] = {
            "destination": {"productDestinationId": upload.list_id},
            "requestStatus": state,
            f"audienceMembers{name}Status": {f"compositeData{name}Status": kind},
        }
        if upload.refused:
            reason = "PROCESSING_ERROR_REASON_NO_CONSENT"
            told["errorInfo"] = {"errorCounts": [{"recordCount": str(upload.refused), "reason": reason}]}
        return answered(200, {"requestStatusPerDestination": [told]})

    def _list(self, request: Asked, account: str, list_id: str | None) -> Answered:
        if account != ACCOUNT:
            return _error(403, "The caller does not have permission")
        if request.method == "POST":
            return self._create(request.json())
        if list_id is None:
            wanted = re.search(r'display_name\s*=\s*("(?:[^"\\]|\\.)*")', _fields(request).get("filter", ""))
            name = json.loads(wanted[1]) if wanted else None
            found = [self._shown(one) for one in self.lists.values() if name is None or one.name == name]
            return answered(200, {"userLists": found} if found else {})
        one = self.lists.get(list_id)
        return answered(200, self._shown(one)) if one else _error(404, "Requested entity was not found.")

    def _create(self, body: Mapping[str, Any]) -> Answered:
        info = body.get("ingestedUserListInfo") or {}
        if not body.get("displayName") or not {"CONTACT_ID", 1} & set(info.get("uploadKeyTypes", [])):
            return _refused([("user_list", "REQUIRED_FIELD_MISSING")])
        if any(one.name == body["displayName"] for one in self.lists.values()):
            return _refused([("user_list.display_name", "DISPLAY_NAME_ALREADY_USED")])
        made = self.add_list(str(9_000 + len(self.lists)), str(body["displayName"]))
        made.duration = str(body.get("membershipDuration", made.duration))
        return answered(200, self._shown(made))

    def _shown(self, one: UserList) -> dict[str, Any]:
        members = list(one.members.values())
        info: dict[str, Any] = {"dataSourceType": "DATA_SOURCE_TYPE_FIRST_PARTY"}
        if members:
            info["matchRatePercentage"] = round(100 * self._rate(members))
        matched = sum(1 for member in members if _hashes(member) & self.known)
        return {
            "name": f"accountTypes/GOOGLE_ADS/accounts/{ACCOUNT}/userLists/{one.list_id}",
            "id": one.list_id,
            "displayName": one.name,
            "membershipStatus": "OPEN",
            "membershipDuration": one.duration,
            "sizeInfo": {"displayNetworkMembersCount": str(matched), "searchNetworkMembersCount": str(matched)},
            "ingestedUserListInfo": {"uploadKeyTypes": ["CONTACT_ID"], "contactIdInfo": info},
        }

    def _rate(self, members: list[Mapping[str, Any]]) -> float:
        return sum(1 for member in members if _hashes(member) & self.known) / len(members) if members else 0.0


def _identifiers(member: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    data = member.get("compositeData", {}).get("userData") or member.get("userData") or {}
    return list(data.get("userIdentifiers") or [])


def _hashed_parts(identifier: Mapping[str, Any]) -> list[str]:
    address = identifier.get("address") or {}
    found = [
        identifier.get("emailAddress"),
        identifier.get("phoneNumber"),
        address.get("givenName"),
        address.get("familyName"),
    ]
    return [str(one) for one in found if one is not None]


def _hashes(member: Mapping[str, Any]) -> set[str]:
    """What a member is known by: address and number by themselves, a name only with its place."""
    found = set()
    for one in _identifiers(member):
        found |= {one[name] for name in ("emailAddress", "phoneNumber") if name in one}
        if "address" in one:
            found.add(hashlib.sha256(json.dumps(one["address"], sort_keys=True).encode()).hexdigest())
    return found


def _range(rate: float) -> str:
    percent = int(100 * rate)
    if percent < 20:
        return "MATCH_RATE_RANGE_LESS_THAN_20"
    if percent <= 30:
        return "MATCH_RATE_RANGE_20_TO_30"
    low = min(91, (percent - 1) // 10 * 10 + 1)
    return f"MATCH_RATE_RANGE_{low}_TO_{low + 9}"


def _error(status: int, message: str, reason: str = "", details: Iterable[Mapping[str, Any]] = ()) -> Answered:
    told = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason or _STATUS.get(status, "UNKNOWN"),
             "domain": "datamanager.googleapis.com"}, *details]  # fmt: skip
    return answered(
        status,
        {"error": {"code": status, "message": message, "status": _STATUS.get(status, "UNKNOWN"), "details": told}},
    )


def _refused(violations: Iterable[tuple[str, str]]) -> Answered:
    listed = [{"field": place, "description": reason.lower(), "reason": reason} for place, reason in violations]
    bad = {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": listed}
    return _error(400, "There was a problem with the request.", "INVALID_ARGUMENT", [bad])


def _fields(asked: Asked) -> dict[str, str]:
    """Query and form body together, a value a name."""
    texts = [asked.query, asked.body.decode() if "form" in asked.headers.get("content-type", "") else ""]
    return {name: values[0] for text in texts for name, values in parse_qs(text, keep_blank_values=True).items()}


@contextmanager
def google() -> Iterator[Google]:
    """The API while the block runs."""
    vendor = Google()
    with vendor_server(vendor.answer, vendor.moods) as server:
        vendor.url = server.url
        yield vendor
