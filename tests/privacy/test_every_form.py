"""Numbers of people are typed into every field of every form; afterwards no page, log, address or table tells them."""

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientResponse, FormData
from argon2 import PasswordHasher
from sqlalchemy import text

from notifier.accounts import passwords
from notifier.app.uploading import UploadDesk
from notifier.campaigns.deciding import CampaignDesk
from notifier.domain.settings import Inquiries
from notifier.inquiries.answering import InquiryDesk
from notifier.sandbox.county.numbers import card_number, openid, phone_number, stranger_id
from notifier.settings import Settings
from notifier.store.ledger import open_ledger
from notifier.store.sealing import Vault, load_keys
from notifier.track.visiting import VisitDesk
from tests.registry.rosters import a_row, write_book
from tests.web.foreign import PERSON, PHONE, Asked, every_request, form_of, lay_foreign
from tests.web.front import Front, FrozenClock, a_front, csrf_in

TYPED = (phone_number(11), stranger_id(11), card_number(11), openid(11))
SAID = f"请打{TYPED[0]}，身份证{TYPED[1]}，卡{TYPED[2]}，微信{TYPED[3]}"
NEEDLES = (*TYPED, PERSON, PHONE)
FREE = ("remark", "why", "text", "title", "value", "name", "words", "content", "summary")
LEAVES = frozenset({"/logout", "/login", "/login/code"})
REVEALS = ("/reveal", "/number")
"""What shows a value to one who may see it and leaves an audit entry."""


@pytest.fixture
async def front(sqlite_ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Front]:
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    ledger = await open_ledger(sqlite_ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    clock = FrozenClock()
    uploads = UploadDesk(ledger, clock, Settings())
    desks = {
        "campaigns": CampaignDesk(ledger, clock, launches_approved=False),
        "visits": VisitDesk(ledger, clock),
        "inquiries": InquiryDesk(ledger, clock, Inquiries(), {}),
        "uploads": uploads,
    }
    front = await a_front(ledger, clock=clock, **desks)
    yield front
    await uploads.close()
    await front.client.close()
    await ledger.close()


async def _heard(answer: ClientResponse) -> str:
    """Body (a workbook's sheets), address and headers."""
    if answer.content_type == "text/event-stream":
        answer.close()
        return ""
    body = await answer.read()
    if body.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(body)) as book:
            body = b"\n".join(book.read(name) for name in book.namelist())
    return f"{body.decode(errors='replace')}\n{answer.url}\n{dict(answer.headers)}"


def _told(said: str) -> list[str]:
    return [one for one in NEEDLES if one in said]


async def _fill(front: Front, asked: Asked, fields: dict[str, str]) -> list[str]:
    async with front.client.request(asked.method, asked.path, data=fields, allow_redirects=False) as answer:
        said = await _heard(answer)
        wrong = [f"{asked.method} {asked.path}: {one}" for one in _told(said)] * (not asked.path.endswith(REVEALS))
        return wrong + [f"{asked.method} {asked.path}: 500"] * (answer.status == 500)


@pytest.mark.timeout(240)
async def test_what_is_typed_of_people_is_told_nowhere(
    front: Front, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    requests = [one for one in every_request(await lay_foreign(front)) if one.route not in LEAVES]
    posts = [one for one in requests if one.method == "POST"]
    await front.log_in("baiyang")
    token, wrong = csrf_in(await front.page("/")), list[str]()
    for asked in posts:
        form = form_of(asked)
        wrong += await _fill(front, asked, {**dict.fromkeys(form, SAID), "_csrf": token})
        wrong += await _fill(front, asked, {**form, **dict.fromkeys(FREE, SAID), "_csrf": token})
    wrong += await _push(front)
    await _hand_in(front, tmp_path)
    for user in ("baiyang", "shenji", "yunwei"):
        await front.log_in(user)
        for asked in requests:
            if asked.method == "GET" and asked.route not in LEAVES:
                wrong += [f"{user} {one}" for one in await _fill(front, asked, {})]
    assert not wrong, "\n".join(sorted(set(wrong)))
    assert not _told("".join(capfd.readouterr()))
    stored = b"".join(part.read_bytes() for part in tmp_path.glob("ledger.db*"))
    assert not [one for one in NEEDLES if one.encode() in stored]
    assert await _asked(front) >= 2, "nothing was kept, so that the search was worth nothing"


async def _push(front: Front) -> list[str]:
    """A system and a stranger push what no push may look like."""
    wrong = []
    for path in ("/api/payments/xitong", "/api/payments/nobody", f"/callbacks/aliyun_sms/{TYPED[0]}"):
        async with front.client.post(path, data=SAID.encode(), headers={"X-Nonce": TYPED[1]}) as answer:
            body = await answer.text()
            wrong += [f"POST {path}: {one}" for one in _told(body)] + [f"POST {path}: 500"] * (answer.status == 500)
    return wrong


async def _asked(front: Front) -> int:
    """How many sealed texts of inquiries hold what was typed."""
    n = 0
    async with front.ledger.reading() as c:
        for table in ("inquiry", "inquiry_step"):
            query = text(f"SELECT id, text_sealed FROM {table} WHERE text_sealed IS NOT NULL")
            for row in await c.execute(query):
                n += "请打" in front.ledger.vault.open_text(f"{table}.text_sealed", row.id, bytes(row.text_sealed))
    return n


async def _hand_in(front: Front, folder: Path) -> None:
    """A roster called after a person, with rows that come back; its preview is ready afterwards."""
    path = write_book(
        folder / f"{TYPED[1]}.xlsx", [a_row(1, 姓名=PERSON), a_row(2, 行政村=TYPED[2], 身份证号=TYPED[1])]
    )
    form = FormData({"_csrf": csrf_in(await front.page("/")), "kind": "households"})
    form.add_field("file", path.read_bytes(), filename=path.name, content_type="application/octet-stream")
    answer = await front.client.post("/uploads/file", data=form, allow_redirects=False)
    at = answer.headers["Location"]
    for _ in range(400):
        page = await front.page(at)
        if "data-busy" not in page and "hx-trigger" not in page:
            assert not _told(page), page
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the upload does not come to an end")
