"""What was said to households, and a carrier's word that comes days late."""

from datetime import timedelta

from tests.day.county import SmallCounty

FOUR_DAYS = timedelta(days=4)


async def told(county: SmallCounty) -> list[tuple[int, str, int, str]]:
    """(household, medium, step, state) of every message in the order of households and steps."""
    return await county.rows(
        "SELECT o.household_id, m.medium, m.step, m.state FROM message m JOIN owed o ON o.id = m.owed_id "
        "ORDER BY o.household_id, m.step, m.medium, m.id"
    )


async def visits(county: SmallCounty) -> dict[int, str]:
    open_now = "SELECT o.household_id, v.reason FROM visit v JOIN owed o ON o.id = v.owed_id WHERE v.state = 'open'"
    return dict(await county.rows(open_now))


async def late_word(county: SmallCounty) -> None:
    """The carrier's word for the first message, days late."""
    first = county.received()[0]
    receipt = {"phone_number": first.address, "success": True, "err_code": "DELIVERED", "out_id": first.sender_key,
               "biz_id": first.provider_id, "report_time": "2026-11-24 10:00:00"}  # fmt: skip
    await county.push("aliyun_sms", [receipt])
    await county.track()
