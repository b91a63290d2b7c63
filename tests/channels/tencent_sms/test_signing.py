"""TC3 signatures: byte for byte those that the official SDK computed, and its signer as an oracle for any text."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tencentcloud.common.abstract_client import AbstractClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.http.request import RequestInternal

from notifier.channels.tencent_sms.signing import Credentials, authorization
from tests.channels.samples import sample

VECTORS: dict[str, Any] = sample("tencent_sms", "tc3_signatures")
AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize("name", sorted(VECTORS))
def test_the_authorization_is_the_sdks_byte_for_byte(name: str) -> None:
    vector = VECTORS[name]
    at = datetime.fromtimestamp(int(vector["headers"]["X-TC-Timestamp"]), UTC)
    keys = Credentials(vector["secret_id"], vector["secret_key"])
    kind = vector["headers"]["Content-Type"]
    ours = authorization(keys, vector["host"], vector["body"].encode(), at, kind)
    assert ours == vector["headers"]["Authorization"]


def _of_the_sdk(host: str, body: str, at: datetime, keys: Credentials) -> str:
    """The official client's own signing, with the time that it is told."""
    client = AbstractClient(Credential(keys.secret_id, keys.secret_key), "ap-guangzhou")
    stamp, date = str(int(at.timestamp())), at.strftime("%Y-%m-%d")
    header = {"Content-Type": "application/json", "Host": host, "X-TC-Timestamp": stamp}
    request = RequestInternal(host, "POST", "/", header, body)
    signature = client._get_tc3_signature({}, request, date, "sms", keys.secret_key)
    return (
        f"TC3-HMAC-SHA256 Credential={keys.secret_id}/{date}/sms/tc3_request, "
        f"SignedHeaders=content-type;host, Signature={signature}"
    )


@given(st.text(max_size=200), st.text("abc0", min_size=1), st.timedeltas(timedelta(0), timedelta(days=400)))
def test_any_body_key_and_instant_is_signed_as_the_sdk_signs_it(body: str, key: str, later: timedelta) -> None:
    keys, at = Credentials("AKIDtest", key), AT + later
    ours = authorization(keys, "sms.tencentcloudapi.com", body.encode(), at)
    assert ours == _of_the_sdk("sms.tencentcloudapi.com", body, at, keys)


def test_the_date_is_utcs_not_beijings() -> None:
    at = datetime(2026, 11, 23, 23, 59, 59, tzinfo=UTC)
    assert "/2026-11-23/sms/" in authorization(Credentials("id", "key"), "h", b"{}", at)


def test_the_secret_is_in_no_repr() -> None:
    assert "testSecret" not in repr(Credentials("AKIDtest", "testSecret"))
