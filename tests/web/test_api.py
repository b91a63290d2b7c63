"""The JSON API keeps its own document: fuzzed over HTTP, with a key, it neither fails nor tells what it should not."""

import asyncio
import json
import re
import sys
from asyncio.subprocess import PIPE, STDOUT
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from notifier.accounts.keys import KeyDesk
from notifier.accounts.roles import PERMISSION_TEXT, Permission, Role, User
from tests.report import ground
from tests.web.front import Front

SCHEMATHESIS = str(Path(sys.executable).parent / "schemathesis")
CLERK = User("baiyang", Role.ADMINISTRATOR, ground.BAIYANG)
COUNTY = User("guanli", Role.ADMINISTRATOR, ground.COUNTY)


async def key_of(front: Front, by: User, *allowed: Permission) -> dict[str, str]:
    desk = KeyDesk(front.ledger, front.clock)
    secret = await desk.make(by, "测试系统", allowed or tuple(PERMISSION_TEXT), by.region_code, 30)
    return {"Authorization": f"Bearer {secret}"}


async def read(front: Front, path: str, headers: dict[str, str], status: int = 200) -> Any:
    answer = await front.client.get(path, headers=headers)
    assert answer.status == status, f"{path}: {await answer.text()}"
    assert answer.content_type == "application/json"
    return await answer.json()


async def test_a_key_reads_its_region_and_nothing_beside_it(front: Front) -> None:
    key = await key_of(front, CLERK)
    report = await read(front, "/api/campaigns/1/report", key)
    assert (report["region_code"], report["owed"]) == (ground.BAIYANG, 13)
    assert (await read(front, "/api/report", key))["owed"] == 18
    assert [one["campaign_id"] for one in (await read(front, "/api/campaigns", key))["campaigns"]] == [3, 2, 1]
    found = await read(front, "/api/campaigns/1/households?state=unreached", key)
    assert [one["region_code"] for one in found["households"]] == [ground.VILLAGE_1] * 2
    assert found["next"] is None
    assert len((await read(front, "/api/visits", key))["visits"]) == 2
    assert (await read(front, "/api/inquiries?settled=true", key))["inquiries"] == []
    assert {one["code"] for one in (await read(front, "/api/regions", key))["regions"]} == {
        ground.BAIYANG,
        ground.VILLAGE_1,
        ground.VILLAGE_2,
    }
    for path in ("report?", "campaigns/1/report?", "campaigns/1/households?", "visits?", "inquiries?"):
        for region in (ground.WANGWA, ground.COUNTY, ground.VILLAGE_3):
            assert "error" in await read(front, f"/api/{path}region={region}", key, 404)
    for path in ("report?campaign=99", "campaigns/99/report", "campaigns/99/households"):
        await read(front, f"/api/{path}", key, 404)


async def test_names_are_masked_and_a_key_may_only_what_it_was_made_for(front: Front) -> None:
    key = await key_of(front, COUNTY, Permission.READ)
    told = json.dumps(await read(front, "/api/campaigns/1/households", key), ensure_ascii=False)
    assert told.count('"householder"') == 18
    assert not any(name in told for name in ground.NAMES)
    for path in ("visits", "inquiries"):
        assert "没有这项权限" in (await read(front, f"/api/{path}", key, 403))["error"]
    front.clock.at += timedelta(days=31)
    await read(front, "/api/report", key, 401)


async def test_a_wrong_parameter_is_named_without_what_stood_in_it(front: Front) -> None:
    key = await key_of(front, COUNTY)
    for query in ("region=19900000001", "campaign=19900000001x", "region=640425000000&region=640425100000"):
        error = (await read(front, f"/api/report?{query}", key, 400))["error"]
        assert query.split("=")[0] in error
        assert "1990000" not in error
    await read(front, "/api/campaigns/9999999999999999999/report", key, 400)
    assert (await front.client.put("/api/report", headers=key)).status == 405


async def test_the_document_and_the_page_speak_of_every_address_of_the_api(front: Front) -> None:
    await front.log_in("guanli")
    document = await read(front, "/api/openapi.json", {})
    page = await front.page("/api-guide")
    assert len(document["paths"]) >= 8
    assert all(path in page for path in document["paths"])
    assert "http" not in page.replace("http://127.0.0.1", "").replace("http-equiv", "")


@pytest.mark.timeout(90)
async def test_no_request_that_the_document_allows_or_forbids_makes_the_api_fail(front: Front, tmp_path: Path) -> None:
    key = await key_of(front, COUNTY)
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(await read(front, "/api/openapi.json", key)), encoding="utf-8")
    fuzz = [SCHEMATHESIS, "run", str(file), "--url", str(front.client.make_url("/")), "-n", "8", "--max-time", "15"]
    known = ["--header", f"Authorization: {key['Authorization']}", "--no-color", "--generation-database", "none"]
    run = await asyncio.create_subprocess_exec(*fuzz, *known, stdout=PIPE, stderr=STDOUT, cwd=tmp_path)
    told = (await run.communicate())[0].decode()
    assert run.returncode == 0, told[-6000:]
    assert re.findall(r"(?:Selected|Tested): +(\d+)", told) == ["8", "8"], told[-3000:]
