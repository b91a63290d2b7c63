"""People writing back to a small county: what they say, pushed as the gateway pushes it."""

from typing import Any

from tests.day.county import SMS, SmallCounty

COUNTY = "640425000000"
_SAID = iter(range(1, 1_000_000))


def said(number: str, content: str, **changes: Any) -> dict[str, Any]:
    one = {"phone_number": number, "content": content, "send_time": "2026-11-24 10:00:00", "dest_code": "10690",
           "sequence_id": next(_SAID)}  # fmt: skip
    return one | changes


async def say(county: SmallCounty, number: str, content: str, **changes: Any) -> None:
    """An SMS answer, pushed by the gateway and folded."""
    await county.push(SMS, [said(number, content, **changes)])
    await county.track()


async def climb_to_the_end(county: SmallCounty) -> None:
    for _ in range(4):
        await county.a_round()


async def reasons(county: SmallCounty) -> dict[Any, int]:
    return await county.counts("SELECT coalesce(reason, ''), COUNT(*) FROM owed WHERE state = 'unreached' GROUP BY 1")


def reached_numbers(county: SmallCounty) -> list[str]:
    return [one.address for one in county.received()]
