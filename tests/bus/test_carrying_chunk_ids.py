"""Both buses carry chunk ids to one worker each, offer again what failed, and close."""

import asyncio
from collections.abc import AsyncIterator
from itertools import count

import nats
import pytest

from notifier.bus import open_bus
from notifier.bus.jetstream import JetStreamBus
from notifier.bus.memory import MemoryBus
from notifier.domain.contracts import Bus
from notifier.domain.errors import ConfigError
from notifier.domain.settings import BusSettings

_NAMES = count(1)


@pytest.fixture
def stream() -> str:
    return f"BUS{next(_NAMES)}"


@pytest.fixture(params=["memory", "jetstream"])
async def bus(request: pytest.FixtureRequest, stream: str) -> AsyncIterator[Bus]:
    url = "memory://" if request.param == "memory" else request.getfixturevalue("nats_url")
    opened = await open_bus(BusSettings(url=url, stream=stream))
    yield opened
    await opened.close()
    await opened.close()


async def take(bus: Bus) -> int:
    async with asyncio.timeout(10), bus.take() as chunk_id:
        return chunk_id


async def nothing_comes(bus: Bus) -> bool:
    try:
        async with asyncio.timeout(0.1), bus.take():
            return False
    except TimeoutError:
        return True


async def test_ids_come_in_the_order_they_were_put_each_once(bus: Bus) -> None:
    for chunk_id in (3, 1, 2):
        await bus.put(chunk_id)
    assert [await take(bus) for _ in range(3)] == [3, 1, 2]
    assert await nothing_comes(bus)


async def test_an_id_that_waits_is_not_queued_again(bus: Bus) -> None:
    for _ in range(5):
        await bus.put(7)
    assert await take(bus) == 7
    assert await nothing_comes(bus)


async def test_what_fails_is_offered_again(bus: Bus) -> None:
    await bus.put(7)
    with pytest.raises(ZeroDivisionError):
        async with asyncio.timeout(10), bus.take():
            raise ZeroDivisionError
    assert await take(bus) == 7


async def test_what_a_cancelled_worker_held_is_offered_again(bus: Bus) -> None:
    holding = asyncio.Event()

    async def hold() -> None:
        async with bus.take():
            holding.set()
            await asyncio.sleep(60)

    worker = asyncio.create_task(hold())
    await bus.put(7)
    await asyncio.wait_for(holding.wait(), 10)
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)
    assert await take(bus) == 7


async def test_several_workers_get_different_ids(bus: Bus) -> None:
    for chunk_id in range(6):
        await bus.put(chunk_id)
    assert sorted(await asyncio.gather(*(take(bus) for _ in range(6)))) == list(range(6))


async def test_two_processes_share_one_stream(nats_url: str, stream: str) -> None:
    one, other = [await JetStreamBus.connect(nats_url, stream) for _ in range(2)]
    await one.put(1)
    await other.put(1)
    await other.put(2)
    taken = await asyncio.gather(take(one), take(other))
    assert sorted(taken) == [1, 2]
    for bus in (one, other):
        await bus.close()


async def test_a_worker_outlives_a_broker_that_forgot_its_consumer(nats_url: str, stream: str) -> None:
    bus = await JetStreamBus.connect(nats_url, stream)
    await bus.put(1)
    assert await take(bus) == 1
    waiting = asyncio.create_task(take(bus))
    await asyncio.sleep(0.05)
    client = await nats.connect(nats_url)
    await client.jetstream().delete_consumer(stream, "workers")
    await bus.put(2)
    assert await waiting == 2
    await client.close()
    await bus.close()


async def test_an_address_where_nobody_answers_is_said_in_a_sentence_within_seconds(unused_tcp_port: int) -> None:
    with pytest.raises(ConfigError, match=r"bus\.url"):
        await asyncio.wait_for(open_bus(BusSettings(url=f"nats://127.0.0.1:{unused_tcp_port}")), 10)


async def test_another_kind_of_address_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"bus\.url"):
        await open_bus(BusSettings(url="redis://localhost"))


async def test_a_closed_memory_bus_has_forgotten_what_waited() -> None:
    bus = MemoryBus()
    await bus.put(1)
    await bus.close()
    assert await nothing_comes(bus)
