"""An operator sees the gateways' shares and sets what they are at rest."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.commands.sharing import Shown, read_parts
from notifier.dispatch.routes import set_rest, states
from notifier.domain.errors import InputError
from notifier.store.gateways import history
from tests.day.county import small_county
from tests.day.gateways import SMS, TENCENT


async def test_rest_is_set_and_kept_with_who_set_it(ledger_url: str, tmp_path: Path) -> None:
    async with small_county(ledger_url, tmp_path, sms=(SMS, TENCENT)) as county:
        ways, now = county.dispatching.ways, county.clock.now()
        await set_rest(ways, read_parts(["aliyun_sms=3", "tencent_sms=1"]), now, "马主任")
        found = Shown(await states(ways), await history(county.ledger, 9))
        assert {one.gateway: (one.share, one.rest) for one in found.gateways if one.medium == "sms"} == {
            SMS: (75, 75),
            TENCENT: (25, 25),
        }
        assert "短信:aliyun_sms 75%、tencent_sms 25%" in found.text()
        assert "常态比例设为 75%(马主任)" in found.text()
        await county.do("UPDATE gateway_share SET share = 100 - share")
        await set_rest(ways, {SMS: 1, TENCENT: 1}, now, "马主任")
        assert "aliyun_sms 25%(常态 50%)" in Shown(await states(ways), []).text()


@pytest.mark.parametrize("parts", [{SMS: 1}, {SMS: 1, TENCENT: 1, "mas": 1}, {SMS: 0, TENCENT: 0}, {"wechat": 0}])
async def test_parts_that_make_no_whole_are_refused(ledger_url: str, tmp_path: Path, parts: dict[str, int]) -> None:
    async with small_county(ledger_url, tmp_path, sms=(SMS, TENCENT)) as county:
        with pytest.raises(InputError):
            await set_rest(county.dispatching.ways, parts, county.clock.now(), "马主任")
        assert await history(county.ledger, 9) == []


@given(st.lists(st.text("a=1-９ ", max_size=6), max_size=4))
def test_what_an_operator_types_is_parts_or_a_sentence(texts: list[str]) -> None:
    with suppress(InputError):  # anything else would be a traceback on the operator's screen
        parts = read_parts(texts)
        assert len(parts) == len(texts)
        assert all(part >= 0 for part in parts.values())
