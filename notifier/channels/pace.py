"""How fast a gateway may be called."""

import asyncio


class Pace:
    """Spreads calls so that no second sees more than `calls_per_second`, after a burst of a tenth of that.

    First come, first served within this process, but for what a person waits for; several processes share an account
    by dividing the setting.
    """

    def __init__(self, calls_per_second: int) -> None:
        self._step_s = 1 / calls_per_second
        self._burst_s = 0.1
        self._next_s = float("-inf")

    def wait_s(self, now_s: float) -> float:
        """Seconds that a call coming at `now_s` has to wait; takes its place in the queue."""
        slot = max(self._next_s, now_s - self._burst_s)
        self._next_s = slot + self._step_s
        return max(0.0, slot - now_s)

    async def turn(self, *, first: bool = False) -> None:
        """It is this caller's turn; with `first` at once, and whoever waits from now on waits one step longer."""
        if first:
            self._next_s = max(self._next_s, asyncio.get_running_loop().time() - self._burst_s) + self._step_s
            return
        wait = self.wait_s(asyncio.get_running_loop().time())
        if wait > 0:
            await asyncio.sleep(wait)
