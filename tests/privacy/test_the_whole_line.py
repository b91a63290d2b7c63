"""The whole line is run with people planted everywhere; afterwards none of them is found where none may be."""

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import nats
import pytest
from aiohttp import ClientSession
from nats.aio.msg import Msg
from sqlalchemy.engine import make_url

from notifier.sandbox.county import build_county
from tests.privacy.hostile import broken_workbook, shifted_roster, talkative_payments
from tests.privacy.line import USERS, Line, files_below, lay_line, running, write_files
from tests.privacy.needles import Needles, needles_of, unhexed
from tests.real_nats import a_real_nats

COUNTY_CODE = "640425000000"
COUNTY = build_county(seed=640425, n_households=110)
HOMES = [home for home in COUNTY.households() if len(home.householder.name) == 3 and home.householder.card]
WHO, THEM = HOMES[0], HOMES[-1]
MORE = (("phone", "19900000017"), ("phone", "19900000025"), ("phone", "19900000033"), ("name", "样例戊己"))
NEEDLES = needles_of(COUNTY, *MORE, *(("name", f"样例某{one}") for one in "甲乙丙丁戊"))
PATIENCE_S = 90


def test_the_search_finds_what_is_there() -> None:
    name, number = WHO.householder.name, WHO.householder.id_number
    for content in (
        name,
        name.encode("utf-16-le"),
        f"x{number}y",
        unhexed(b"7\t\\\\x" + number.encode().hex().encode()),
    ):
        assert NEEDLES.found_in(content)
    assert len(NEEDLES.values) > 1000
    assert NEEDLES.found_in("640425********1234 王* 199****1234 ****0000") == []


@pytest.mark.timeout(420)
@pytest.mark.parametrize("database", ["sqlite", "postgres"])
async def test_nobody_is_found_where_nobody_may_be(
    request: pytest.FixtureRequest, tmp_path: Path, database: str
) -> None:
    url = request.getfixturevalue(f"{database}_ledger_url")
    with a_real_nats(_made(tmp_path / "nats")) as bus:
        line = lay_line(tmp_path, url, bus)
        write_files(COUNTY, line)
        async with _overheard(bus, line):
            rejected = await _prepare(line)
            async with running(line):
                officers_page = await _live(line)
                await _visit(line)
                line.said["the ledger while in use"] = await _ledger(url)
        await _ask_everything(line)
        line.said["the ledger"] = await _ledger(url)
    line.said["the broker's store"] = files_below(tmp_path / "nats")
    record = files_below(line.ground.folder).count(WHO.householder.id_number.encode())
    _judge(line, NEEDLES)
    # The three places where people are, so that the search was worth something.
    assert record
    assert NEEDLES.found_in(line.ground.record.read_bytes())
    assert NEEDLES.found_in(_unzipped(rejected.read_bytes()))
    assert NEEDLES.found_in(officers_page)


def _judge(line: Line, needles: Needles) -> None:
    leaks = {name: found[:5] for name, content in line.said.items() if (found := needles.found_in(content))}
    assert not leaks, "\n".join(f"{name}:\n  " + "\n  ".join(found) for name, found in leaks.items())


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


@asynccontextmanager
async def _overheard(bus: str, line: Line) -> AsyncIterator[None]:
    """Every message on the bus while the block runs, kept."""
    client = await nats.connect(bus)
    heard: list[bytes] = []

    async def hear(message: Msg) -> None:
        heard.append(f"{message.subject} {message.headers}".encode() + message.data)

    await client.subscribe(">", cb=hear)
    try:
        yield
    finally:
        await client.close()
    assert any(b".chunk" in one for one in heard), "no chunk went over the bus"
    line.said["the bus"] = b"\n".join(heard)


async def _prepare(line: Line) -> Path:
    """Users, rosters and last year's payments are in; gives the workbook of rejected rows."""
    ground = line.ground
    await line.run("import", "regions", "config/regions.csv")
    await line.run_each(
        *(("user", "add", name, "--role", role, "--region", COUNTY_CODE) for name, role in USERS.items())
    )
    await line.run("import", "households", *sorted(ground.rosters.iterdir()), "--rejected", ground.returned)
    hostile = _made(ground.folder / "hostile")
    rejected = ground.folder / "rejected.xlsx"
    await line.run("import", "households", shifted_roster(hostile, WHO, THEM), "--rejected", rejected, "--json")
    assert rejected.stat().st_mode & 0o077 == 0
    await line.run("import", "followers", ground.folder / "followers.csv")
    await line.run("import", "followers", ground.rosters / sorted(ground.rosters.iterdir())[0].name, code=None)
    await line.run("import", "households", broken_workbook(hostile, WHO), code=1)
    await line.run("import", "payments", broken_workbook(hostile, THEM), "--json", code=1)
    await asyncio.sleep(1.1)  # a file that was just written counts as still being copied
    await line.run("once", "watch", "--json")
    talkative_payments(ground.watched, WHO, THEM)
    broken_workbook(ground.watched, WHO)
    await line.run("import", "payments", talkative_payments(hostile, THEM, WHO), "--json")
    for file in sorted((ground.folder / "drafts").iterdir()):
        file.rename(ground.watched / file.name)
    return rejected


async def _live(line: Line) -> bytes:
    """Campaigns run to their end between gateways that misbehave; strangers push; gives an officer's own tasks."""
    rates = {"garbage_body": 0.1, "http_500": 0.1, "receipt_garbled": 0.2, "receipt_unknown": 0.2, "receipt_lost": 0.1}
    await line.order("mischief", gateway="aliyun", plan={"rates": rates, "failing_share": 0.5})
    await _push_nonsense(line)
    async with asyncio.timeout(PATIENCE_S), line.browsing("guanli") as browser:
        while True:
            async with browser.session.get("/api/campaigns") as answer:
                campaigns = (await answer.json())["campaigns"]
            assert not [one["paused_why"] for one in campaigns if one["state"] == "paused"]
            if campaigns and not any(one["pending"] or one["state"] == "running" for one in campaigns):
                break
            await asyncio.sleep(0.5)
    async with line.browsing("cunguan") as browser:
        return await browser.page("/visits", keep=False)


async def _push_nonsense(line: Line) -> None:
    """Forged, damaged and unknown receipts that quote people, and a request that is no HTTP."""
    who, phone = WHO.householder, "19900000017"
    element = {
        "phone_number": phone,
        "success": True,
        "err_code": f"ERR {phone}",
        "out_id": phone,
        "biz_id": who.id_number,
    }
    bodies: list[object] = [
        [element],
        [element | {"success": who.name}],
        [who.name],
        {**element, "content": who.id_number},
    ]
    async with ClientSession() as session:
        for path in (line.ground.callback("aliyun_sms"), f"{line.ground.service}/callbacks/aliyun_sms/{phone}"):
            for body in bodies:
                await (await session.post(path, json=body)).read()
            await (await session.post(path, data=f"{{{who.name}{phone}".encode())).read()
        wechat = line.ground.callback("wechat")
        await (await session.post(f"{wechat}?signature={phone}&timestamp=1&nonce=2", data=who.name.encode())).read()
        await (await session.get(f"{line.ground.service}/{phone}?who={who.name}")).read()
        await (await session.request(f"X{phone}", f"{line.ground.service}/health")).read()
    reader, writer = await asyncio.open_connection("127.0.0.1", line.ground.service_port)
    writer.write(f"GET /health HTTP/9.{who.name}{who.id_number}\r\n{phone}\r\n\r\n".encode())
    await writer.drain()
    await asyncio.wait_for(reader.read(), 5)
    writer.close()


async def _visit(line: Line) -> None:
    """Every page as everybody; remarks, reasons and logins that quote people."""
    who = WHO.householder
    campaigns = await line.told("campaign", "list")
    numbers = [one["campaign_id"] for one in campaigns]
    for user in USERS:
        async with line.browsing(user) as browser:
            for path in ("/", "/part", "/reviews", "/matching", "/api/report", "/api/campaigns", "/metrics", "/ready"):
                await browser.page(path)
            for number in numbers:
                for part in ("", "/unreached"):
                    await browser.page(f"/campaigns/{number}{part}")
                book = await browser.page(f"/campaigns/{number}/report.xlsx", keep=False)
                line.said[f"{user} report {number}"] = _unzipped(book)
            if user != "cunguan":
                await browser.page("/visits")
    visits = await line.told("visit", "list")
    unmatched = await line.told("unmatched", "list")
    assert visits
    assert unmatched
    said = f"{who.name}说请打 {who.phone or '19900000017'}，身份证{who.id_number}，卡{who.card}"
    async with line.browsing("guanli") as browser:
        await browser.post(
            f"/matching/{unmatched[0]['payment_id']}/refuse", reason=f"查无此人 {who.card} {who.id_number}"
        )
        await browser.post(f"/visits/{visits[0]['visit_id']}/sign", how="电话告知", remark=f"{who.card} 19900000025")
        assert await browser.log_in(who.name, who.id_number) == 401
    mine = [one for one in visits if one["region_code"] == WHO.village.code]
    for visit in mine[:2] or visits[1:2]:
        await line.run(
            "visit",
            "sign",
            visit["visit_id"],
            "--by",
            "cunguan",
            "--how",
            f"打{who.card}",
            "--remark",
            said.replace(who.name, "他"),
        )


async def _ask_everything(line: Line) -> None:
    """Every command that shows something, as table, JSON and workbook."""
    book = line.ground.folder / "report.xlsx"
    await line.run_each(
        ("report",), ("report", "--json"), ("report", "--villages"), ("report", "--xlsx", book), ("doctor",),
        ("doctor", "--json"), ("visit", "list"), ("unmatched", "list"), ("unmatched", "list", "--json"),
        ("campaign", "list", "--json"), ("campaign", "show", "1", "--json"), ("audit", "verify"),
        ("once", "watch", "--json"),
        ("visit", "sign", "999999", "--by", "cunguan"), ("import", "households", "没有.xlsx"),
    )  # fmt: skip
    line.said["report.xlsx"] = _unzipped(book.read_bytes())


def _unzipped(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return b"\n".join(book.read(name) for name in book.namelist())


async def _ledger(url: str) -> bytes:
    """Every byte of the ledger: the SQLite file with its log, or all tables as PostgreSQL copies them out."""
    if url.startswith("sqlite"):
        file = Path(make_url(url).database or "")
        return b"\n".join(part.read_bytes() for part in sorted(file.parent.glob(f"{file.name}*")))
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        dump = io.BytesIO()
        for row in await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
            await connection.copy_from_table(row["tablename"], output=dump)
        return unhexed(dump.getvalue())
    finally:
        await connection.close()
