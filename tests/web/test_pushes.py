"""Payments pushed by another system: proved by a signature, answered line by line, and never twice."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from aiohttp import ClientResponse
from sqlalchemy import text

from notifier.store.audit import latest
from tests.registered import an_id
from tests.web.front import PUSH_SECRET, PUSHER, Front

NONCE = "nonce-0000000000000001"


def a_record(n: int, **other: object) -> dict[str, Any]:
    said = {"姓名": f"样例{n}", "身份证号": an_id(n), "补贴项目": "高龄津贴", "金额": "300.00", "期次": "2026年三季度"}
    return {**said, "备案号": "彭民补备〔2026〕40号", "审核状态": "县级审核通过", "行政村": "白阳样例一村", **other}


async def push(front: Front, records: Any, nonce: str = NONCE, **other: Any) -> ClientResponse:
    """`other`: secret, at, source, body (what is sent when it is not what was signed), whole (what is signed)."""
    whole = other.get("whole", json.dumps({"records": records}).encode())
    at = str(int((front.clock.now() + other.get("late", timedelta(0))).timestamp()))
    signed = f"{at}\n{nonce}\n".encode() + whole
    mark = hmac.new(other.get("secret", PUSH_SECRET).encode(), signed, hashlib.sha256).hexdigest()
    headers = {"X-Timestamp": at, "X-Nonce": nonce, "X-Signature": mark}
    path = f"/api/payments/{other.get('source', PUSHER.name)}"
    return await front.client.post(path, data=BytesIO(other.get("body", whole)), headers=headers)


async def n_lines(front: Front) -> int:
    async with front.ledger.reading() as c:
        found = await c.execute(text("SELECT COUNT(*) FROM payment p JOIN benefit b ON b.id = p.benefit_id "
                                     "WHERE b.source = 'xitong'"))  # fmt: skip
        return int(found.scalar_one())


async def test_every_record_is_named_accepted_or_rejected(front: Front) -> None:
    records: Sequence[object] = [a_record(1), a_record(2, 金额="待核"), "no record", a_record(3, 身份证号="64042519")]
    answer = await push(front, records)
    said: Mapping[str, Any] = await answer.json()
    assert (answer.status, said["n_new"], said["repeated"]) == (200, 1, False)
    assert [one["record"] for one in said["accepted"]] == [1]
    assert [one["record"] for one in said["rejected"]] == [2, 3, 4]
    assert "金额不是数字" in said["rejected"][0]["why"]
    assert an_id(1) not in await answer.text()
    newest = (await latest(front.ledger, 1))[0]
    assert (newest.who, newest.what) == ("source:xitong", "payments.push")


async def test_the_same_push_again_is_answered_the_same_and_does_nothing(front: Front) -> None:
    first = await (await push(front, [a_record(1), a_record(2)])).json()
    again = await (await push(front, [a_record(1), a_record(2)])).json()
    assert (again["repeated"], again["accepted"], again["n_new"]) == (True, first["accepted"], 2)
    anew = await (await push(front, [a_record(2), a_record(3)], "nonce-0000000000000002")).json()
    assert (anew["n_new"], await n_lines(front)) == (1, 3)
    assert (await push(front, [a_record(9)])).status == 409
    assert await n_lines(front) == 3


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ({"secret": "another-secret-that-nobody-knows-00"}, 401),
        ({"late": timedelta(minutes=6)}, 401),
        ({"late": -timedelta(minutes=6)}, 401),
        ({"source": "stranger"}, 401),
        ({"body": b'{"records": [{}]}'}, 401),
        ({"nonce": "short"}, 401),
        ({"whole": b"no json"}, 400),
        ({"whole": b'{"records": {}}'}, 400),
        ({"whole": json.dumps({"records": [{"x": 1}]}).encode()}, 400),
        ({"whole": b" " * (8 * 1024 * 1024 + 1)}, 413),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else str(value),
)
async def test_what_is_not_proved_or_no_payments_changes_nothing(
    front: Front, how: dict[str, Any], status: int
) -> None:
    answer = await push(front, [a_record(1)], **how)
    assert answer.status == status
    assert (await answer.json())["error"]
    assert await n_lines(front) == 0
