"""Both signatures equal the golden vectors, the core SDK's composer and the new SDK's signer, byte for byte."""

from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, quote

import pytest
from alibabacloud_tea_openapi.utils import Utils
from aliyunsdkcore.auth.composer import rpc_signature_composer
from aliyunsdkcore.utils import parameter_helper
from hypothesis import given
from hypothesis import strategies as st

from notifier.channels.aliyun_sms.signing import Credentials, encode, form, sign_v1, sign_v3
from tests.channels.samples import sample

V1 = sample("aliyun_sms", "v1_signatures")
V3 = sample("aliyun_sms", "v3_signatures")
TEXT = st.text(st.characters(codec="utf-8"), max_size=30)
FORM = st.dictionaries(TEXT.filter(bool), TEXT, min_size=1, max_size=8)


@pytest.mark.parametrize("vector", V1, ids=lambda vector: vector["name"])
def test_v1_equals_the_golden_vector(vector: dict[str, Any]) -> None:
    body, signed = sign_v1(vector["method"], vector["parameters"], vector["secret"])
    assert signed == vector["string_to_sign"]
    assert dict(parse_qsl(body, keep_blank_values=True)) == {
        **vector["parameters"],
        "Signature": vector["signature"],
    }


@pytest.mark.parametrize("vector", V3, ids=lambda vector: vector["name"])
def test_v3_equals_the_golden_vector(vector: dict[str, Any]) -> None:
    assert form(vector["query"]) == vector["canonical_query"]
    keys = Credentials(vector["access_key_id"], vector["secret"])
    assert sign_v3("/", vector["canonical_query"], vector["headers"], keys) == vector["authorization"]


@given(st.text(max_size=200) | st.text(st.characters(categories=("Cs", "Lu")), max_size=3))
def test_encoding_equals_the_librarys(text: str) -> None:
    try:
        expected = quote(text, safe="~")
    except UnicodeEncodeError:
        with pytest.raises(UnicodeEncodeError):
            encode(text)
    else:
        assert encode(text) == expected


@given(FORM, st.sampled_from(["GET", "POST"]))
def test_v1_signs_as_the_core_sdk_does(parameters: dict[str, str], method: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parameter_helper, "get_uuid", lambda: "nonce-1")
        patch.setattr(parameter_helper, "get_iso_8061_date", lambda: "2026-11-23T02:00:00Z")
        filled = dict(parameters)  # the composer adds the common parameters to it
        _, theirs = rpc_signature_composer.get_signed_url(filled, "testId", "testSecret", "JSON", method, {})
    their_signature = filled.pop("Signature")
    body, ours = sign_v1(method, filled, "testSecret")
    assert ours == theirs
    assert body.endswith("&Signature=" + quote(their_signature, safe="~"))


# the new SDK leaves parameter names as they are, so only names that need no encoding can be compared
NAMES = st.from_regex(r"[A-Za-z0-9._~-]{1,12}", fullmatch=True)
HEADERS = st.dictionaries(
    st.from_regex(r"x-acs-[a-z]{1,8}", fullmatch=True), st.from_regex(r"[!-~]{0,20}", fullmatch=True), max_size=4
)


@given(st.dictionaries(NAMES, TEXT, max_size=8), HEADERS)
def test_v3_signs_as_the_new_sdk_does(query: dict[str, str], headers: dict[str, str]) -> None:
    signed = {**headers, "host": "x.test", "content-type": "text/plain", "x-acs-content-sha256": "ab" * 32}
    request = SimpleNamespace(method="POST", pathname="/", query=query, headers=signed)
    theirs = Utils.get_authorization(request, "ACS3-HMAC-SHA256", "ab" * 32, "testId", "testSecret")
    assert sign_v3("/", form(query), signed, Credentials("testId", "testSecret")) == theirs


def test_a_secret_never_shows() -> None:
    assert "hidden" not in repr(Credentials("id", "hidden"))
