"""The whole line with the real rooms between a real ledger and the stand-in gateways."""

from pathlib import Path

from notifier.store import tally
from tests.day.county import A, phone, settle_in, small_county, tell_payments, tell_policy


async def test_a_policy_reaches_every_household_with_a_phone_and_a_visit_opens_for_the_others(
    ledger_url: str, tmp_path: Path
) -> None:
    async with small_county(ledger_url, tmp_path) as county:
        homes = [A([phone(n)]) for n in range(250)] + [A([None])] * 7
        await settle_in(county.ledger, homes)
        assert await tell_policy(county) == 257
        composed = await county.compose()
        assert (composed.n_messages, composed.n_visits) == (250, 7)
        sent = await county.dispatch()
        assert sent.n_accepted == 250
        await county.receipts_have_come(1)
        for _ in range(50):
            await county.track()
            if (await county.messages()).get("delivered") == 250:
                break
        assert await county.messages() == {"delivered": 250}
        assert await county.owed() == {"reached": 250, "unreached": 7}
        assert len(county.received()) == 250
        assert await county.one("SELECT state FROM campaign") == "finished"
        assert await tally.check(county.ledger) == []


async def test_a_payment_goes_by_wechat_to_followers_and_by_sms_to_the_others(ledger_url: str, tmp_path: Path) -> None:
    async with small_county(ledger_url, tmp_path) as county:
        homes = [A([phone(n)], openid=f"oSample{n:021d}") for n in range(20)] + [A([phone(100 + n)]) for n in range(30)]
        await settle_in(county.ledger, homes)
        assert await tell_payments(county, [(n, 10 * n) for n in range(1, 51)]) == 50
        await county.compose()
        assert (await county.dispatch()).n_accepted == 50
        for _ in range(100):
            await county.receipts_have_come(1)
            await county.track()
            if (await county.messages()).get("delivered") == 50:
                break
        assert await county.messages() == {"delivered": 50}
        channels = [one.channel for one in county.received()]
        assert channels.count("wechat") == 20
        assert "12.5亩×95元" in county.received()[0].text
        assert await tally.check(county.ledger) == []
