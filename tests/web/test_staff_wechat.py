"""A user's WeChat is bound by scanning and saying yes, once, soon, and is told of alerts."""

from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

from notifier.accounts.told import recipients
from notifier.domain.errors import InputError
from notifier.domain.messages import Medium
from notifier.domain.settings import Inquiries
from notifier.registry.binding import BindingDesk
from notifier.track.farmers import FarmerDesk
from notifier.web.desk import DESK
from tests.report import ground
from tests.web.front import Front, csrf_in

HOTLINE = "0954-7010000"


class WeChatDoor:
    """Sends a visitor to WeChat and knows one code."""

    def authorize_url(self, redirect_uri: str, state: str) -> str:
        return "https://open.example.invalid/authorize?" + urlencode({"redirect_uri": redirect_uri, "state": state})

    async def openid_of(self, code: str) -> str:
        if code != "code-of-yunwei":
            raise InputError("授权码无效")
        return "o-of-yunwei"


def open_door(front: Front) -> None:
    app = front.client.app
    assert app is not None
    followers = BindingDesk(front.ledger, front.clock, app[DESK].codes, Inquiries(), HOTLINE)
    farmers = FarmerDesk(front.ledger, front.clock, Inquiries(), HOTLINE, timedelta(days=90), timedelta(days=7))
    front.settle(account=WeChatDoor(), followers=followers, farmers=farmers)


def mark(front: Front, name: str, slot: int = 0) -> str:
    slots = int(front.clock.at.timestamp()) // 600 + slot
    return front.ledger.vault.blind("staff-wechat", f"{slots}|{name}").hex()


async def scan(front: Front, scanned: str) -> int:
    """As the phone does it: no session of the console, sent to WeChat and back; the status of the page that asks."""
    front.client.session.cookie_jar.clear()
    await front.client.get(f"/wechat/staff/{scanned}", allow_redirects=False)
    sent = await front.client.get("/wechat/staff", allow_redirects=False)
    if sent.status != 302:
        return sent.status
    state = parse_qs(urlsplit(sent.headers["Location"]).query)["state"][0]
    await front.client.get(f"/wechat/back?code=code-of-yunwei&state={state}", allow_redirects=False)
    return (await front.client.get("/wechat/staff", allow_redirects=False)).status


async def test_a_scan_and_a_yes_bind_the_wechat_that_alerts_then_come_to(front: Front) -> None:
    await front.log_in("yunwei")
    await front.page("/account/wechat.svg", 404)
    open_door(front)
    assert "<svg" in await front.page("/account/wechat.svg")
    assert await scan(front, mark(front, "yunwei")) == 200
    assert await recipients(front.ledger, ground.COUNTY) == []
    token = csrf_in(await front.page("/wechat/staff"))
    answer = await front.client.post("/wechat/staff", data={"_csrf": token})
    assert "已绑定" in await answer.text()
    [told] = await recipients(front.ledger, ground.COUNTY)
    assert (told.name, told.medium, told.address) == ("yunwei", Medium.WECHAT, "o-of-yunwei")
    assert await scan(front, mark(front, "yunwei")) == 403  # it was used
    await front.log_in("yunwei")
    await front.post("/account/wechat/drop")
    assert await recipients(front.ledger, ground.COUNTY) == []


async def test_an_old_or_a_guessed_code_binds_nobody(front: Front) -> None:
    open_door(front)
    assert await scan(front, "0" * 32) == 403
    shown = mark(front, "yunwei")
    front.clock.at += timedelta(minutes=20)
    assert await scan(front, shown) == 403
