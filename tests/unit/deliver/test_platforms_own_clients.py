"""The fakes of Google, Meta and Slack understand the vendors' own clients, and these hash and verify as we do."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from facebook_business.adobjects.adaccount import AdAccount
from facebook_business.adobjects.customaudience import CustomAudience
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession
from google.ads import datamanager_v1 as dm
from google.ads.datamanager_v1.services.ingestion_service.transports.rest import IngestionServiceRestTransport
from google.ads.datamanager_v1.services.user_list_service.transports.rest import UserListServiceRestTransport
from google.api_core.exceptions import BadRequest
from google.oauth2.credentials import Credentials
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import Clock, SignatureVerifier

from foretell import deliver
from foretell.deliver.hashing import hashed
from foretell.errors import UsageError
from foretell.testing import google, meta, slack
from tests.support.small_events import NOW
from tests.support.small_sending import catalog, open_sending


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


ANN = sha("ann@customers.example")


def test_google_takes_in_what_its_client_sends() -> None:
    with google.google() as vendor:
        vendor.tokens.add("t1")
        credentials = Credentials("t1")  # type: ignore[no-untyped-call]
        place: dict[str, Any] = {"host": vendor.url.removeprefix("http://"), "url_scheme": "http"}
        place["credentials"] = credentials
        lists = dm.UserListServiceClient(transport=UserListServiceRestTransport(**place))
        client = dm.IngestionServiceClient(transport=IngestionServiceRestTransport(**place))
        info = dm.IngestedUserListInfo(
            upload_key_types=["CONTACT_ID"],
            contact_id_info=dm.ContactIdInfo(data_source_type="DATA_SOURCE_TYPE_FIRST_PARTY"),
        )
        parent = f"accountTypes/GOOGLE_ADS/accounts/{google.ACCOUNT}"
        made = lists.create_user_list(
            parent=parent, user_list=dm.UserList(display_name="People", ingested_user_list_info=info)
        )
        account = dm.ProductAccount(account_type="GOOGLE_ADS", account_id=google.ACCOUNT)
        place_of = dm.Destination(operating_account=account, product_destination_id=str(made.id))
        member = dm.AudienceMember(
            user_data=dm.UserData(user_identifiers=[dm.UserIdentifier(email_address=ANN)]),
            consent=dm.Consent(ad_user_data="CONSENT_GRANTED", ad_personalization="CONSENT_GRANTED"),
        )
        told: dict[str, Any] = {"destinations": [place_of], "audience_members": [member], "encoding": "HEX"}
        terms = dm.TermsOfService(customer_match_terms_of_service_status="ACCEPTED")
        taken = client.ingest_audience_members(dm.IngestAudienceMembersRequest(terms_of_service=terms, **told))
        vendor.known, vendor.unconsented = {ANN}, True
        vendor.process()
        assert vendor.emails_of("People") == {ANN}
        (status,) = client.retrieve_request_status(
            dm.RetrieveRequestStatusRequest(request_id=taken.request_id)
        ).request_status_per_destination
        assert status.request_status.name == "SUCCESS"
        found = lists.get_user_list(name=made.name)
        assert found.ingested_user_list_info.contact_id_info.match_rate_percentage == 100
        member.user_data.user_identifiers[0].email_address = "ann@customers.example"
        told["audience_members"] = [member]
        with pytest.raises(BadRequest) as refused:
            client.ingest_audience_members(dm.IngestAudienceMembersRequest(terms_of_service=terms, **told))
        assert "INVALID_SHA256_FORMAT" in str(refused.value)
        client.remove_audience_members(
            dm.RemoveAudienceMembersRequest(
                destinations=[place_of],
                encoding="HEX",
                audience_members=[
                    dm.AudienceMember(user_data=dm.UserData(user_identifiers=[dm.UserIdentifier(email_address=ANN)]))
                ],
            )
        )
        vendor.process()
        assert vendor.emails_of("People") == set()


@pytest.fixture
def graph(monkeypatch: pytest.MonkeyPatch) -> Any:
    with meta.meta(app_secret=meta.APP_SECRET) as vendor:
        monkeypatch.setattr(FacebookSession, "GRAPH", vendor.url)
        FacebookAdsApi.init(app_id="1", app_secret=meta.APP_SECRET, access_token=meta.TOKEN, crash_log=False)
        yield vendor


def test_meta_takes_in_what_its_client_sends_and_hashes(graph: meta.Meta) -> None:
    """What the client makes of a plain person is what we make of one."""
    told = {"name": "People", "subtype": "CUSTOM", "customer_file_source": "USER_PROVIDED_ONLY"}
    made = AdAccount(f"act_{meta.ACCOUNT}").create_custom_audience(params=told)
    keys = CustomAudience.Schema.MultiKeySchema
    schema = [keys.email, keys.phone, keys.fn, keys.ln, keys.zip, keys.country]
    person = [" Ann@Customers.example", "+1 (800) 555-0100", "Mary", "O'Brien", "94043-1234", "us"]
    audience = CustomAudience(made["id"])
    answer = audience.add_users(schema, [person], is_raw=True).json()
    assert (answer["num_received"], answer["num_invalid_entries"]) == (1, 0)
    fields = ("email", "phone", "first_name", "last_name", "postal_code", "country")
    plain = [person[0], "+18005550100", *person[2:]]
    ours = json.loads(
        hashed(pa.table({name: [value] for name, value in zip(fields, plain, strict=True)})).to_pylist()[0]
    )
    (row,) = graph.named("People").rows.values()
    forms = ("email", "phone_digits", "first_name", "last_name", "postal_hash", "country_hash")
    assert row == dict(zip(schema, (ours[form] for form in forms), strict=True))
    audience.remove_users(schema, [person], is_raw=True)
    assert graph.named("People").rows == {}
    shown = audience.api_get(fields=["name", "approximate_count_lower_bound"])
    assert (shown["name"], shown["approximate_count_lower_bound"]) == ("People", -1)
    found = list(AdAccount(f"act_{meta.ACCOUNT}").get_custom_audiences(fields=["name"]))
    assert [one["name"] for one in found] == ["People"]


def test_meta_refuses_as_its_client_expects(graph: meta.Meta) -> None:
    graph.add_audience("9", "People")
    answer = CustomAudience("9").add_users("EMAIL_SHA256", ["plain"], is_raw=True, pre_hashed=True).json()
    assert (answer["num_received"], answer["num_invalid_entries"]) == (1, 1)
    graph.audiences["9"].blocked = True
    with pytest.raises(FacebookRequestError) as refused:
        CustomAudience("9").add_users("EMAIL_SHA256", [ANN], pre_hashed=True)
    assert (refused.value.api_error_code(), refused.value.api_error_subcode()) == (100, 1713230)


def test_slack_takes_in_what_its_client_sends() -> None:
    with slack.slack(burst=1) as vendor:
        client = WebClient(slack.TOKEN, base_url=f"{vendor.url}/api/", retry_handlers=[])
        section = {"type": "section", "text": {"type": "mrkdwn", "text": "Late"}}
        taken = client.chat_postMessage(channel=slack.CHANNEL, text="Late", blocks=[section])
        assert taken["ok"]
        assert vendor.posted[0]["blocks"] == [section]
        with pytest.raises(SlackApiError) as busy:
            client.chat_postMessage(channel=slack.CHANNEL, text="Again")
        assert (busy.value.response.status_code, busy.value.response.headers["Retry-After"]) == (429, "1")
        with pytest.raises(SlackApiError, match="channel_not_found"):
            client.chat_postMessage(channel="C9", text="Late")


class _Then(Clock):
    def now(self) -> float:
        return NOW.timestamp()


def test_a_button_is_believed_where_slacks_own_verifier_believes_it(tmp_path: Path) -> None:
    kind = deliver.channel_kinds()["slack"]
    assert kind.asked is not None
    assert kind.receive is not None
    secrets = {"bot": slack.TOKEN, "sign": slack.SIGNING_SECRET}
    with slack.slack() as vendor, open_sending(tmp_path) as engine:
        place = deliver.ChannelPlace(catalog(tmp_path, settings={"secrets": secrets}).settings, engine.ops)
        told = {"base_url": vendor.url, "allow_private": True, "channel": slack.CHANNEL}
        settings = kind.settings.model_validate({**told, "token_secret": "bot", "signing_secret": "sign"})
        verifier = SignatureVerifier(slack.SIGNING_SECRET, _Then())
        at = int(NOW.timestamp())
        for good, pressed in (
            (True, vendor.pressed("c_1", user="ann", at=at)),
            (True, vendor.pressed("c_1", user="ann", at=at - 299)),
            (False, vendor.pressed("c_1", user="ann", at=at - 301)),
            (False, vendor.pressed("c_1", user="ann", at=at, secret="other")),
        ):
            headers, body = pressed
            assert verifier.is_valid_request(body, headers) is good
            asked = deliver.HookRequest(
                f"{vendor.url}/hooks/channels/team", headers, body, datetime.fromtimestamp(at, UTC)
            )
            if good:
                (found,) = kind.asked(settings, place, asked)
                assert (found.kind, found.case_id, found.by) == ("take_case", "c_1", "ann")
                assert found.reply_to == f"{vendor.url}/actions/T1/1/abc"
                assert kind.receive(settings, place, asked) == []
            else:
                with pytest.raises(UsageError) as refused:
                    kind.asked(settings, place, asked)
                assert refused.value.code == "BAD_SIGNATURE"
        headers, body = vendor.pressed("c_1", user="ann", at=at, action="open_case")
        asked = deliver.HookRequest("", headers, body, NOW)
        assert kind.asked(settings, place, asked) == [], "a button that only opens a page"
