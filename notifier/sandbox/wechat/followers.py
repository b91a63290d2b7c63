"""Who follows the official account, who left, whom it blocks, who refuses its messages. Survives a restart."""

import re
from collections.abc import Iterable
from enum import StrEnum

from notifier.sandbox.recorder import HandsetRecorder
from notifier.sandbox.wechat.refusals import refusal

_OPENID = re.compile(r"o[A-Za-z0-9_-]{5,63}", re.A)


class Standing(StrEnum):
    """What an openid is to the account."""

    FOLLOWING = "following"  # messages reach it
    LEFT = "left"  # never followed or no longer: 43004
    BLOCKED = "blocked"  # the account blacklisted it: 43019
    REFUSING = "refusing"  # it turned messages off: 43101


_ERRCODES = {Standing.LEFT: 43004, Standing.BLOCKED: 43019, Standing.REFUSING: 43101}


class Followers:
    """Standing of every openid."""

    def __init__(self, recorder: HandsetRecorder, *, everybody_follows: bool) -> None:
        self._recorder = recorder
        self._otherwise = Standing.FOLLOWING if everybody_follows else Standing.LEFT
        self._standings: dict[str, Standing] = {}

    def open(self) -> None:
        known = self._recorder.standings()
        self._standings = {openid: Standing(standing) for openid, standing in known.items()}

    def of(self, openid: str) -> Standing:
        return self._standings.get(openid, self._otherwise)

    def change(self, openids: Iterable[str], standing: Standing) -> None:
        """They have that standing from now on."""
        changed = list(openids)
        self._recorder.stand(changed, standing)
        self._standings.update(dict.fromkeys(changed, standing))

    def check(self, openid: object) -> str:
        """The openid, when a message may be sent to it. Raises WeChatRefusal 40003, 43004, 43019 or 43101."""
        if not isinstance(openid, str) or not is_openid(openid):
            raise refusal(40003)
        if errcode := _ERRCODES.get(self.of(openid)):
            raise refusal(errcode)
        return openid

    def tally(self) -> dict[str, int]:
        """How many openids are known in each standing."""
        tally = dict.fromkeys(map(str, Standing), 0)
        for standing in self._standings.values():
            tally[standing] += 1
        return tally


def is_openid(text: str) -> bool:
    return bool(_OPENID.fullmatch(text))
