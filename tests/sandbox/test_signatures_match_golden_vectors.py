"""The sandbox's verifiers, byte for byte against vectors that official code computed."""

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import xmltodict
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.crypto import WeChatCrypto
from wechatpy.crypto.base import BasePrpCrypto

from notifier.sandbox.aliyun import signing
from notifier.sandbox.mas.submits import mac_of
from notifier.sandbox.settings import PushMode, WeChatSettings
from notifier.sandbox.tencent.gate import TencentRequest, tc3_signature
from notifier.sandbox.wechat.envelope import Sealer, signature_of
from tests.sandbox.gateways import v1_sign

HERE = Path(__file__).parent / "vectors"
ALIYUN: dict[str, Any] = json.loads((HERE / "aliyun.json").read_text("utf-8"))
TENCENT: dict[str, Any] = json.loads((HERE / "tencent.json").read_text("utf-8"))
MAS: dict[str, Any] = json.loads((HERE / "mas.json").read_text("utf-8"))
WECHAT: dict[str, Any] = json.loads((HERE / "wechat.json").read_text("utf-8"))
V1 = [name for name in ALIYUN if "_v1_" in name]
V3 = [name for name in ALIYUN if "_v3_" in name]
SEALED = [name for name in WECHAT if "encrypted" in name]


@pytest.mark.parametrize("name", V1)
def test_v1_string_to_sign_and_signature_are_the_official_ones(name: str) -> None:
    vector = ALIYUN[name]
    text = signing.v1_string_to_sign(vector["method"], vector["params"])
    assert text == vector["string_to_sign"]
    assert signing.v1_signature(vector["secret"], text) == vector["signature"]


@pytest.mark.parametrize("name", [name for name in V1 if "url_path_and_query" in ALIYUN[name]])
def test_v1_url_of_the_official_sdk_is_read_back_exactly(name: str) -> None:
    vector = ALIYUN[name]
    assert signing.parse_form(urlsplit(vector["url_path_and_query"]).query.encode()) == vector["params"]


@pytest.mark.parametrize("name", V3)
def test_v3_canonical_request_and_signature_are_the_official_ones(name: str) -> None:
    vector = ALIYUN[name]
    authorization = signing.parse_authorization(vector["authorization"])
    assert authorization is not None
    sha256 = vector["headers"]["x-acs-content-sha256"]
    request = signing.Acs3Request(vector["method"], vector["path"], vector["query"], vector["headers"], sha256)
    canonical = signing.v3_canonical_request(request, authorization.signed_headers)
    assert canonical == vector["canonical_request"]
    assert signing.canonical_query(vector["query"]) == vector["canonical_query"]
    text = signing.v3_string_to_sign(canonical)
    assert text == vector["string_to_sign"]
    assert signing.v3_signature(vector["secret"], text) == vector["signature"] == authorization.signature
    assert authorization.key_id == vector["access_key_id"]


@given(st.dictionaries(st.text(min_size=1, max_size=20), st.text(max_size=60), max_size=6))
def test_v1_signature_equals_an_independent_one_for_any_text(parameters: dict[str, str]) -> None:
    parameters = {k: v for k, v in parameters.items() if k != "Signature" and _is_utf8(k + v)}
    text = signing.v1_string_to_sign("POST", parameters)
    assert signing.v1_signature("sandbox-dummy-secret", text) == v1_sign(parameters)["Signature"]


def _is_utf8(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def test_wechat_url_signature_is_the_documented_one() -> None:
    vector = WECHAT["wechat_url_verification"]
    assert signature_of(vector["token"], vector["timestamp"], vector["nonce"]) == vector["signature"]


def _account(vector: dict[str, Any]) -> WeChatSettings:
    shipped = {"appid": vector["appid"], "token": vector["token"], "encoding_aes_key": vector["encoding_aes_key"]}
    return WeChatSettings.model_validate(shipped)


@pytest.mark.parametrize("name", SEALED)
def test_wechat_encryption_is_byte_for_byte_the_golden_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    vector = WECHAT[name]
    monkeypatch.setattr(BasePrpCrypto, "get_random_string", lambda self: vector["random16"])
    sealed = Sealer(_account(vector)).encrypt(vector["plaintext"])
    assert sealed == vector["encrypt"]
    signed = signature_of(vector["token"], vector["timestamp"], vector["nonce"], sealed)
    assert signed == vector["msg_signature"]
    assert signature_of(vector["token"], vector["timestamp"], vector["nonce"]) == vector["signature_query_param"]
    assert len(base64.b64decode(sealed)) % 32 == 0


def test_a_sealed_push_is_opened_by_wechatpy_and_has_both_signatures() -> None:
    vector = WECHAT["wechat_encrypted_text_zh"]
    account = _account(vector)
    fields: dict[str, str | int] = {
        "ToUserName": "gh_test",
        "FromUserName": "oUSER",
        "Content": "含]]>和中文",
        "MsgId": 5837397520665436492,
    }
    push = Sealer(account, clock=lambda: 1409735669).seal("http://127.0.0.1/", fields, PushMode.AES)
    asked = push.params
    assert asked["signature"] == signature_of(account.token, asked["timestamp"], asked["nonce"])
    crypto = WeChatCrypto(account.token, account.encoding_aes_key, account.appid)
    opened = crypto.decrypt_message(push.body.decode(), asked["msg_signature"], asked["timestamp"], asked["nonce"])
    assert xmltodict.parse(opened)["xml"] == {**fields, "MsgId": "5837397520665436492"}
    assert set(xmltodict.parse(push.body)["xml"]) == {"ToUserName", "Encrypt"}


@pytest.mark.parametrize("name", sorted(TENCENT))
def test_tc3_signatures_are_the_official_ones(name: str) -> None:
    vector = TENCENT[name]
    headers = {key.lower(): value for key, value in vector["headers"].items()}
    request = TencentRequest("POST", headers, vector["body"].encode())
    signature = tc3_signature(request, vector["secret_key"], int(headers["x-tc-timestamp"]), "content-type;host")
    assert signature == vector["signature"]


@pytest.mark.parametrize("name", sorted(MAS))
def test_macs_are_those_of_the_recipe(name: str) -> None:
    fields = MAS[name]["fields"]
    assert mac_of(name.removeprefix("mas_"), fields, fields["secretKey"]) == MAS[name]["mac"]
