"""Two real processes send under load while the account's token dies: it is renewed once, and nobody notices."""

import ast
import asyncio
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from notifier.sandbox.wechat.tokens import TokenOffice
from tests.day.county import SmallCounty, openid, small_county

N_PROCESSES = 2


async def a_process(url: str, folder: Path, county: SmallCounty, n: int) -> asyncio.subprocess.Process:
    gateways = str(county.gateways.make_url("")).rstrip("/")
    arguments = ("-m", "tests.day.token_process", url, str(folder / "keys.toml"), gateways, openid(n))
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(sys.executable, *arguments, stdin=pipe, stdout=pipe)


async def until(fits: Callable[[], bool], processes: Sequence[asyncio.subprocess.Process]) -> None:
    while not fits():
        assert all(one.returncode is None for one in processes), "a process ended by itself"
        await asyncio.sleep(0.02)


async def test_a_token_revoked_under_load_causes_exactly_one_refresh(
    ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued: list[str] = []
    issue = TokenOffice.issue_stable

    def counted(office: TokenOffice, *given: Any) -> dict[str, Any]:
        answer = issue(office, *given)
        issued.append(str(answer["access_token"]))
        return answer

    monkeypatch.setattr(TokenOffice, "issue_stable", counted)
    async with asyncio.timeout(60), small_county(ledger_url, tmp_path) as county:
        processes = [await a_process(ledger_url, tmp_path, county, n) for n in range(N_PROCESSES)]
        outs = [one.stdout for one in processes if one.stdout is not None]
        try:
            for out in outs:
                assert await out.readline() == b"sent\n"
            assert len(issued) == 1, "one of them asked, both have it"
            await county.misbehave("wechat", script=[["revoke_token"]])
            await until(lambda: len(issued) > 1, processes)
            enough = len(county.received()) + 60
            await until(lambda: len(county.received()) >= enough, processes)
        finally:
            for one in processes:
                if one.stdin is not None:
                    one.stdin.write(b"\n")
        ended = [ast.literal_eval((await out.readline()).decode()) for out in outs]
        for one in processes:
            await one.wait()
        assert len(issued) == 2, "the dead token was renewed once, by one of the two"
        assert len(set(issued)) == 2
        assert all(set(one) == {"accepted"} for one in ended), ended
        assert sum(one["accepted"] for one in ended) == len(county.received())
