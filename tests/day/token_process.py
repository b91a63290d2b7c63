"""A process of its own that sends template messages until told to stop: LEDGER_URL KEY_FILE GATEWAYS_URL OPENID.

It prints "sent" after its first message and, at the end of its input, how many were accepted and what else came.
"""

import asyncio
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

from notifier.channels import open_channels
from notifier.domain import settings
from notifier.domain.messages import Letter
from notifier.domain.outcomes import Accepted
from notifier.store.ledger import open_ledger
from notifier.store.sealing import Vault, load_keys
from notifier.store.sharing import LedgerTokens
from notifier.wire import Wire
from tests.day.county import SteeredClock
from tests.day.gateways import WECHAT, channel_settings

PARAMETERS = {
    "thing1": "耕地地力保护补贴",
    "amount2": "1187.50元",
    "time3": "2026年11月24日",
    "thing4": "12.5亩×95元",
    "phone_number5": "0954-7010000",
}
TEMPLATE = "PaymentPaid640425-AAAAAAAAAAAAAAAAAAAAAAAAA"
AT_ONCE = 12


async def main(url: str, keys: str, gateways: str, openid: str) -> None:
    clock = SteeredClock()
    ledger = await open_ledger(url, Vault(load_keys(Path(keys))), pool=2)
    stopped = asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    ended: Counter[str] = Counter()
    async with Wire(settings.Wire(), timedelta(seconds=10)) as wire:
        channel = open_channels(channel_settings(gateways, False), wire, LedgerTokens(ledger, clock), clock)[WECHAT]

        async def send_on(lane: int) -> None:
            n = 0
            while not stopped.done():
                [outcome] = await channel.send([Letter(1, openid, TEMPLATE, PARAMETERS)], f"{openid}-{lane}-{n}")
                n += 1
                ended["accepted" if isinstance(outcome, Accepted) else repr(outcome)] += 1

        await asyncio.gather(*(send_on(lane) for lane in range(AT_ONCE)), said_once(ended))
    say(repr(dict(ended)))
    await ledger.close()


async def said_once(ended: Counter[str]) -> None:
    while True:
        await asyncio.sleep(0.01)
        if ended:
            return say("sent")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
