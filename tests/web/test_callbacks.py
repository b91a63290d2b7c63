"""A push is stored before it is answered; what is not the provider's leaves nothing behind."""

from io import BytesIO

import pytest
import structlog
from sqlalchemy import text

from notifier.web.application import LARGEST_BODY
from tests.web.front import SECRET, Front

SMS = f"/callbacks/aliyun_sms/{SECRET}"
WECHAT = f"/callbacks/wechat/{SECRET}"
BODY = b'[{"phone_number": "19900001234", "success": true}]'


async def n_stored(front: Front) -> int:
    async with front.ledger.reading() as c:
        return int((await c.execute(text("SELECT COUNT(*) FROM push"))).scalar_one())


async def test_a_push_is_stored_sealed_and_answered_in_the_provider_s_form(front: Front) -> None:
    answer = await front.client.post(SMS, data=BODY)
    assert (answer.status, await answer.json()) == (200, {"code": 0, "msg": "成功"})
    async with front.ledger.reading() as c:
        sealed = (await c.execute(text("SELECT sealed FROM push"))).scalar_one()
    assert b"19900001234" not in bytes(sealed)


async def test_a_repeated_push_is_answered_again_and_stored_once(front: Front) -> None:
    for _ in range(3):
        assert (await front.client.post(SMS, data=BODY)).status == 200
    assert await n_stored(front) == 1


@pytest.mark.parametrize(
    "path",
    [
        f"{SMS}x",
        "/callbacks/aliyun_sms/wrong",
        f"/callbacks/nobody/{SECRET}",
        f"/callbacks/cmpp/{SECRET}",
        "/callbacks/aliyun_sms/错",
    ],
)
async def test_a_wrong_secret_or_gateway_is_not_there(front: Front, path: str) -> None:
    answer = await front.client.post(path, data=BODY)
    assert (answer.status, await answer.text()) == (404, "")
    assert await n_stored(front) == 0


async def test_a_forged_wechat_push_is_400_and_nothing_else(front: Front) -> None:
    assert (await front.client.post(WECHAT, data=b"forged")).status == 400
    assert await n_stored(front) == 0
    assert (await front.client.post(WECHAT, data=b"<xml/>")).status == 200
    assert await n_stored(front) == 1


async def test_a_huge_push_is_refused(front: Front) -> None:
    assert (await front.client.post(SMS, data=BytesIO(b"x" * (LARGEST_BODY + 1)))).status == 413
    assert await n_stored(front) == 0


async def test_a_push_that_cannot_be_stored_is_not_answered_as_taken(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_database(*_: object) -> bool:
        raise OSError("disk full: 19900001234")

    monkeypatch.setattr("tests.web.front.store_push", no_database)
    with structlog.testing.capture_logs() as logged:
        answer = await front.client.post(SMS, data=BODY)
    assert answer.status == 500
    assert "1990000" not in str(logged)
    assert SECRET not in str(logged)


async def test_the_wechat_handshake_echoes_only_what_is_signed(front: Front) -> None:
    good = await front.client.get(WECHAT, params={"signature": "right", "echostr": "4711"})
    assert (good.status, await good.text()) == (200, "4711")
    assert (await front.client.get(WECHAT, params={"signature": "bad", "echostr": "4711"})).status == 400
    assert (await front.client.get("/callbacks/wechat/wrong", params={"signature": "right"})).status == 404
