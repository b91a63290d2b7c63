"""Letters over the caps of their numbers: by another gateway that has room for them, else later."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from notifier.dispatch.health import completed
from notifier.dispatch.lettering import Lettering
from notifier.dispatch.routes import Ways
from notifier.dispatch.routing import Route, route
from notifier.domain.gateways import Limits, Metered
from notifier.domain.messages import Letter, Medium
from notifier.store import gateways
from notifier.store.dispatching import Call, Claim
from notifier.store.ledger import Transaction, take_ids
from notifier.store.number_caps import fitting_at
from notifier.store.postponing import postpone, wait_of


@dataclass(slots=True)
class OverCaps:
    """What one chunk found out: at which gateways its messages have no room, and when they would have."""

    held: Claim
    fits: dict[int, dict[str, datetime]] = field(default_factory=lambda: defaultdict(dict))

    async def elsewhere(
        self, c: Transaction, ways: Ways, over: Sequence[Call], limits: Mapping[str, Limits], now: datetime
    ) -> Mapping[str, Sequence[Letter]]:
        """The letters in the words of another gateway that may carry them and was not found full, by gateway.

        Nothing of them has left. Whose number is full everywhere is in none; see `wait`.
        """
        for call in over:
            moments = await fitting_at(c, ways.ledger, Metered(call.gateway, limits[call.gateway]), call.letters, now)
            for message_id, moment in moments.items():
                self.fits[message_id][call.gateway] = moment
        medium = self.held.medium
        states = completed(await gateways.states(c), medium, ways.of(medium), ways.rules)
        routes = [
            Route(name, state.share, ways.filed.get(name) if medium is Medium.SMS else None)
            for name, state in states.items()
            if state.open_since is None
        ]
        letters: dict[str, list[Letter]] = {}
        ids = {letter.message_id for call in over for letter in call.letters}
        write = Lettering(ways.wording).letter
        for one in self.held.waiting:
            if one.message_id in ids:
                free = [way for way in routes if way.gateway not in self.fits[one.message_id]]
                for gateway, its in route([one], free, write, self.held.chunk_id << 64).letters.items():
                    letters.setdefault(gateway, []).extend(its)
        return letters

    async def wait(
        self, c: Transaction, ways: Ways, message_ids: Sequence[int], most: timedelta, now: datetime
    ) -> None:
        """The messages wait until the first gateway has room for them, or not at all if that is too long."""
        if not message_ids:
            return
        await take_ids(c, "chunk", 0)  # before counts, as composing does it
        waiting: dict[datetime, list[int]] = defaultdict(list)
        for message_id in message_ids:
            waiting[min(self.fits.pop(message_id).values())].append(message_id)
        for moment, ids in waiting.items():
            await postpone(c, ways.ledger, ids, wait_of(self.held, "number_cap", moment, most), now)
