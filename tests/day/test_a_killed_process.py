"""A dispatching process is killed again and again in the middle of its run: nobody is lost, nobody is told twice."""

import asyncio
import json
import logging
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from notifier.sandbox import handsets
from notifier.store import tally
from tests.day.county import A, SmallCounty, openid, phone, settle_in, small_county, tell_payments

N_SMS, N_WECHAT, N_KILLS = 900, 700, 3


@asynccontextmanager
async def dispatching(url: str, folder: Path, county: SmallCounty) -> AsyncIterator[asyncio.subprocess.Process]:
    gateways = str(county.gateways.make_url("")).rstrip("/")
    arguments = ("-m", "tests.day.dispatching_process", url, str(folder / "keys.toml"), gateways)
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def reached(county: SmallCounty, n: int, process: asyncio.subprocess.Process) -> None:
    """So many messages are on handsets, or the process has ended by itself."""
    async with asyncio.timeout(30):
        while handsets.count(county.record) < n:
            assert process.returncode is None, "the dispatching process ended by itself"
            await asyncio.sleep(0.01)


async def keys_on_handsets(county: SmallCounty) -> Counter[int]:
    """How often each message, by its number in the ledger, is on a handset. Fails for one the ledger does not know."""
    sent = {out_id: json.loads(ids) for out_id, ids in await county.rows("SELECT out_id, message_ids FROM attempt")}
    address = dict(await county.rows("SELECT m.id, c.value_hash FROM message m JOIN contact c ON c.id = m.contact_id"))
    vault = county.ledger.vault
    found: Counter[int] = Counter()
    for one in county.received():
        blind = vault.blind("phone" if one.channel == handsets.SMS else "openid", one.address)
        (message_id,) = [i for i in sent[one.sender_key] if bytes(address[i]) == blind]
        found[message_id] += 1
    return found


async def test_killed_at_random_points_it_loses_nobody_and_repeats_nothing(ledger_url: str, tmp_path: Path) -> None:
    seed = random.randrange(10**6)
    logging.getLogger(__name__).warning("seed %d", seed)  # pytest shows it when the test fails
    draw = random.Random(seed)
    async with small_county(ledger_url, tmp_path, chunk_size=25) as county:
        homes = [A([phone(n)]) for n in range(N_SMS)] + [A([None], openid=openid(n)) for n in range(N_WECHAT)]
        n_homes = await settle_in(county.ledger, homes)
        await county.misbehave("aliyun", latency=[0.02, 0.06])
        await county.misbehave("wechat", latency=[0.005, 0.02])
        await tell_payments(county, [(n, 10 * n) for n in range(1, n_homes + 1)])
        await county.compose()
        n_killed = 0
        for point in sorted(draw.sample(range(50, n_homes - 600), N_KILLS)):
            async with dispatching(ledger_url, tmp_path, county) as process:
                await reached(county, max(point, handsets.count(county.record) + 1), process)
                await asyncio.sleep(draw.random() * 0.1)
                process.kill()
                n_killed += 1
        assert n_killed == N_KILLS
        assert await county.one("SELECT COUNT(*) FROM attempt WHERE state = 'sending'") > 0
        county.clock.ahead = timedelta(seconds=2)  # the last lease is over
        for _ in range(3):
            await county.a_round()
            await county.settle()
        await county.hear()
        on_handsets = await keys_on_handsets(county)
        assert max(on_handsets.values()) == 1
        assert set(on_handsets) == {i for (i,) in await county.rows("SELECT id FROM message")}
        assert await county.messages() == {"delivered": n_homes}
        assert await county.owed() == {"reached": n_homes}
        assert await county.one("SELECT COUNT(*) FROM attempt WHERE state <> 'settled'") == 0
        assert await county.one("SELECT COUNT(*) FROM unsure_attempt") == 0
        assert await county.one("SELECT state FROM campaign") == "finished"
        assert await tally.check(county.ledger) == []
