"""What the POP gateway refuses before the SMS product sees it, in the real order, with the real words."""

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import orjson
import pytest
from multidict import CIMultiDict
from yarl import URL

from tests.sandbox.gateways import (
    KEY,
    PHONE,
    Clock,
    Json,
    Sandbox,
    a_batch,
    a_policy,
    a_sandbox,
    v1_parameters,
    v1_sign,
    v3_headers,
)


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    async with a_sandbox(tmp_path, Clock()) as running:
        yield running


def _signed(sandbox: Sandbox, without: str = "", method: str = "POST", **changes: str) -> dict[str, str]:
    parameters = {**v1_parameters("SendSms", a_policy(), sandbox.clock()), **changes}
    parameters.pop(without, None)
    return v1_sign(parameters, method)


async def _get(sandbox: Sandbox, parameters: dict[str, str], path: str = "/aliyun/", method: str = "GET") -> Json:
    url = URL(f"{sandbox.url}{path}?{urlencode(parameters)}", encoded=True)
    async with sandbox.http.request(method, url) as answer:
        assert answer.headers["x-acs-request-id"]
        return {**orjson.loads(await answer.read()), "status": answer.status}


async def test_a_signed_send_is_accepted_from_form_query_or_both(sandbox: Sandbox) -> None:
    assert (await sandbox.post_form(_signed(sandbox)))["Code"] == "OK"
    assert (await _get(sandbox, _signed(sandbox, method="GET")))["Code"] == "OK"
    assert (await _get(sandbox, _signed(sandbox), method="POST"))["Code"] == "OK"
    assert (await _get(sandbox, _signed(sandbox, method="GET"), path="/"))["Code"] == "OK"
    split = _signed(sandbox)
    url = URL(f"{sandbox.url}/aliyun/?{urlencode({'Signature': split.pop('Signature')})}", encoded=True)
    async with sandbox.http.post(url, data=split) as answer:
        assert orjson.loads(await answer.read())["Code"] == "OK"


async def test_success_has_four_strings_and_one_biz_id(sandbox: Sandbox) -> None:
    said = await sandbox.sms("SendSms", a_policy())
    assert set(said) == {"Message", "RequestId", "BizId", "Code", "status"}
    digits, caret, zero = said["BizId"].partition("^")
    assert (said["status"], said["Message"], caret, zero) == (200, "OK", "^", "0")
    assert digits.isdigit()
    assert len(digits) == 18


@pytest.mark.parametrize(
    ("changes", "code", "status"),
    [
        ({"without": "Version"}, "MissingVersion", 400),
        ({"Version": "2016-01-01"}, "InvalidVersion", 400),
        ({"without": "Action"}, "MissingAction", 400),
        ({"Action": "sendsms"}, "InvalidAction.NotFound", 404),
        ({"without": "AccessKeyId"}, "MissingAccessKeyId", 400),
        ({"without": "SignatureNonce"}, "MissingSignatureNonce", 400),
        ({"without": "Timestamp"}, "MissingTimestamp", 400),
        ({"Format": "YAML"}, "InvalidParameter.Format", 400),
        ({"SignatureMethod": "HMAC-MD5"}, "InvalidSignatureMethod", 400),
        ({"SignatureVersion": "2.0"}, "InvalidSignatureVersion", 400),
        ({"Timestamp": "2026-11-24 07:00:00"}, "InvalidTimeStamp.Format", 400),
        ({"Timestamp": "2026-13-24T07:00:00Z"}, "InvalidTimeStamp.Format", 400),
        ({"Timestamp": "2017-07-12T02:42:19Z"}, "InvalidTimeStamp.Expired", 400),
        ({"AccessKeyId": "nobody"}, "InvalidAccessKeyId.NotFound", 404),
        ({"without": "TemplateCode"}, "MissingTemplateCode", 400),
        ({"without": "PhoneNumbers"}, "MissingPhoneNumbers", 400),
        ({"without": "SignName"}, "MissingSignName", 400),
    ],
)
async def test_a_wrong_request_is_refused_by_its_first_fault(
    sandbox: Sandbox, changes: dict[str, str], code: str, status: int
) -> None:
    parameters = _signed(sandbox, **changes)
    if changes.get("Format"):  # an unknown format is answered in XML
        async with sandbox.http.post(f"{sandbox.url}/aliyun/", data=parameters) as answer:
            root = ElementTree.fromstring(await answer.text())
            assert (answer.status, root.findtext("Code")) == (status, code)
        return
    said = await sandbox.post_form(parameters)
    assert (said["Code"], said["status"]) == (code, status)
    assert set(said) == {"RequestId", "Message", "Recommend", "HostId", "Code", "status"}
    assert "BizId" not in said
    assert await sandbox.records() == []


async def test_a_missing_signature_is_named(sandbox: Sandbox) -> None:
    said = await sandbox.post_form(v1_parameters("SendSms", a_policy(), sandbox.clock()))
    assert said["Code"] == "MissingSignature"


async def test_timestamps_up_to_fifteen_minutes_off_are_taken(sandbox: Sandbox) -> None:
    for off, code in [(-890, "OK"), (890, "OK"), (-910, "InvalidTimeStamp.Expired"), (910, "InvalidTimeStamp.Expired")]:
        given = v1_parameters("SendSms", a_policy(), sandbox.clock() + off)
        assert (await sandbox.post_form(v1_sign(given)))["Code"] == code


async def test_a_timestamp_with_milliseconds_never_matches(sandbox: Sandbox) -> None:
    stamp = v1_parameters("SendSms", {}, sandbox.clock())["Timestamp"].replace("Z", ".123Z")
    assert (await sandbox.post_form(_signed(sandbox, Timestamp=stamp)))["Code"] == "SignatureDoesNotMatch"


async def test_a_wrong_secret_is_told_the_servers_string_to_sign(sandbox: Sandbox) -> None:
    parameters = v1_sign(v1_parameters("SendSms", a_policy(), sandbox.clock()), secret="wrong")
    said = await sandbox.post_form(parameters)
    assert said["Code"] == "SignatureDoesNotMatch"
    marker = "Specified signature is not matched with our calculation. server string to sign is:POST&%2F&AccessKeyId"
    assert said["Message"].startswith(marker)


async def test_the_method_is_part_of_the_signature(sandbox: Sandbox) -> None:
    assert (await _get(sandbox, _signed(sandbox, method="POST")))["Code"] == "SignatureDoesNotMatch"


async def test_a_space_signed_as_plus_does_not_match(sandbox: Sandbox) -> None:
    given = v1_parameters("SendSms", a_policy(OutId="a b"), sandbox.clock())
    wrong = v1_sign({**given, "OutId": "a+b"})["Signature"]
    assert (await sandbox.post_form({**given, "Signature": wrong}))["Code"] == "SignatureDoesNotMatch"


async def test_a_name_with_two_values_is_refused(sandbox: Sandbox) -> None:
    parameters = _signed(sandbox)
    async with sandbox.http.post(f"{sandbox.url}/aliyun/?PhoneNumbers=19900000009", data=parameters) as answer:
        assert answer.status == 400
        assert b"InvalidParameter.Repeated" in await answer.read()


async def test_a_nonce_works_once_and_only_a_good_signature_spends_it(sandbox: Sandbox) -> None:
    parameters = _signed(sandbox)
    assert (await sandbox.post_form({**parameters, "Signature": "x"}))["Code"] == "SignatureDoesNotMatch"
    assert (await sandbox.post_form(parameters))["Code"] == "OK"
    assert (await sandbox.post_form(parameters))["Code"] == "SignatureNonceUsed"
    assert len(await sandbox.records()) == 1


async def test_a_disabled_key_is_refused(tmp_path: Path) -> None:
    async with a_sandbox(tmp_path, aliyun={"disabled_keys": [KEY]}) as sandbox:
        assert (await sandbox.sms("SendSms", a_policy()))["Code"] == "InvalidAccessKeyId.Inactive"


async def test_too_many_requests_a_second_are_throttled(tmp_path: Path) -> None:
    clock = Clock()
    async with a_sandbox(tmp_path, clock, aliyun={"qps": 2}) as sandbox:
        codes = [(await sandbox.sms("SendSms", a_policy()))["Code"] for _ in range(3)]
        assert codes == ["OK", "OK", "Throttling.User"]
        clock.now += 1
        assert (await sandbox.sms("SendSms", a_policy()))["Code"] == "OK"


async def test_without_format_the_answer_is_xml(sandbox: Sandbox) -> None:
    async with sandbox.http.post(f"{sandbox.url}/aliyun/", data=_signed(sandbox, without="Format")) as answer:
        assert answer.content_type == "text/xml"
        root = ElementTree.fromstring(await answer.text())
    assert root.tag == "SendSmsResponse"
    assert (root.findtext("Code"), bool(root.findtext("BizId"))) == ("OK", True)
    async with sandbox.http.post(f"{sandbox.url}/aliyun/", data={"Version": "2017-05-25"}) as answer:
        assert ElementTree.fromstring(await answer.text()).tag == "Error"


async def test_other_methods_are_not_supported(sandbox: Sandbox) -> None:
    async with sandbox.http.put(f"{sandbox.url}/aliyun/?Format=JSON", data=b"x") as answer:
        assert orjson.loads(await answer.read())["Code"] == "UnsupportedHTTPMethod"


async def _post_v3(sandbox: Sandbox, query: dict[str, str], body: bytes, headers: dict[str, str]) -> Json:
    url = URL(f"{sandbox.url}/?{urlencode(query)}", encoded=True)
    async with sandbox.http.post(url, data=body, headers=CIMultiDict(headers)) as answer:
        return {**orjson.loads(await answer.read()), "status": answer.status}


def _host(sandbox: Sandbox) -> str:
    return sandbox.url.removeprefix("http://")


async def test_v3_is_verified_with_query_and_form_body(sandbox: Sandbox) -> None:
    single = v3_headers("SendSms", a_policy(), b"", _host(sandbox), sandbox.clock())
    assert (await _post_v3(sandbox, a_policy(), b"", single))["Code"] == "OK"
    batch = a_batch([PHONE, "19900000002"])
    query = {"TemplateCode": batch.pop("TemplateCode"), "OutId": "v3-batch"}
    body = urlencode(batch).encode()
    headers = v3_headers("SendBatchSms", query, body, _host(sandbox), sandbox.clock())
    assert (await _post_v3(sandbox, query, body, headers))["Code"] == "OK"
    assert [row["sender_key"] for row in await sandbox.records()] == ["", "v3-batch", "v3-batch"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"x-acs-version": ""}, "MissingVersion"),
        ({"x-acs-action": "SendFax"}, "InvalidAction.NotFound"),
        ({"x-acs-date": ""}, "MissingTimestamp"),
        ({"x-acs-signature-nonce": ""}, "MissingSignatureNonce"),
        ({"x-acs-content-sha256": ""}, "MissingContentSha256"),
        ({"x-acs-date": "2023-10-26T10:22:32Z"}, "InvalidTimeStamp.Expired"),
        ({"x-acs-date": "yesterday"}, "InvalidTimeStamp.Format"),
        ({"x-acs-signature-nonce": "another"}, "SignatureDoesNotMatch"),
        ({"x-acs-content-sha256": "00"}, "SignatureDoesNotMatch"),
        ({"Authorization": "ACS3-HMAC-SHA256 Credential=a"}, "InvalidAuthorization"),
        (
            {"Authorization": "ACS3-HMAC-SHA256 Credential=nobody,SignedHeaders=host,Signature=00"},
            "InvalidAccessKeyId.NotFound",
        ),
    ],
)
async def test_a_wrong_v3_request_is_refused(sandbox: Sandbox, change: dict[str, str], code: str) -> None:
    headers = v3_headers("SendSms", a_policy(), b"", _host(sandbox), sandbox.clock())
    said = await _post_v3(sandbox, a_policy(), b"", {**headers, **change})
    assert said["Code"] == code
    assert await sandbox.records() == []


async def test_v3_must_sign_the_least_headers_and_may_not_repeat_a_nonce(sandbox: Sandbox) -> None:
    headers = v3_headers("SendSms", a_policy(), b"", _host(sandbox), sandbox.clock())
    assert (await _post_v3(sandbox, a_policy(), b"", headers))["Code"] == "OK"
    assert (await _post_v3(sandbox, a_policy(), b"", headers))["Code"] == "SignatureNonceUsed"
    few = headers["Authorization"].replace("x-acs-date;", "")
    said = await _post_v3(sandbox, a_policy(), b"", {**headers, "Authorization": few})
    assert said["Code"] == "SignatureDoesNotMatch"


async def test_hostile_requests_get_a_provider_like_error(sandbox: Sandbox) -> None:
    url = f"{sandbox.url}/aliyun/"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    bodies: list[tuple[bytes, dict[str, str]]] = [
        (b"", {}),
        (b"\xff\xfe\x00%zz%&&==&%E4%B8", form),
        (b"{" * 100_000, {"Content-Type": "application/json"}),
        (b"a=1&" * 100_000, form),
        (b"Format=JSON&Action=%00&Version=2017-05-25", form),
        (b"x" * 9_000_000, form),
        (b"--b\r\n", {"Content-Type": "multipart/form-data; boundary=b"}),
    ]
    for body, headers in bodies:
        async with sandbox.http.post(url, data=io.BytesIO(body), headers=headers) as answer:
            assert 400 <= answer.status < 500, body[:40]
            assert b"RequestId" in await answer.read()


def _deep(levels: int) -> str:
    return "[" * levels + "]" * levels


@pytest.mark.parametrize(
    "hostile",
    ["", "null", "1", '"x"', "[]", "{}", "[1]", "[null]", '["19900000001"', _deep(5000), '["\\ud800"]', "NaN", "[[]]"],
)
@pytest.mark.parametrize("field", ["PhoneNumberJson", "SignNameJson", "TemplateParamJson", "SmsUpExtendCodeJson"])
async def test_hostile_json_is_a_business_error_or_a_missing_parameter(
    sandbox: Sandbox, field: str, hostile: str
) -> None:
    said: Any = await sandbox.sms("SendBatchSms", a_batch([PHONE], **{field: hostile}))
    is_harmless = field == "SmsUpExtendCodeJson" and hostile in ("", "[1]", "[null]", "[[]]", '["\\ud800"]')
    if is_harmless and said["Code"] == "OK":
        return
    assert said["Code"].startswith(("isv.", "Missing")), said
    assert await sandbox.records() == []
