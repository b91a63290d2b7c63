"""What a list source remembers between looks: the items it delivered, and when each was last read for a correction."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from notifier.sources.fetching import Page
from notifier.sources.items import Item
from notifier.sources.web_definitions import WebDefinition

_KEY_BYTES = 6
_MOST_RECHECKS = 10


def conditional(memory: Mapping[str, str]) -> dict[str, str]:
    """The request headers by which a server may answer that nothing changed."""
    told = {"If-None-Match": memory.get("etag"), "If-Modified-Since": memory.get("last_modified")}
    return {name: value for name, value in told.items() if value}


def remembered(page: Page) -> dict[str, str]:
    """What the next look gives `conditional`."""
    told = {"etag": page.headers.get("etag"), "last_modified": page.headers.get("last-modified")}
    return {name: value for name, value in told.items() if value}


@dataclass(slots=True)
class Delivered:
    """The items that were delivered, each with the day of its last reading, None once it is too old for corrections.

    An item whose listed title or date changes is another one: its page is read anew.
    """

    on: date
    every: timedelta
    within: timedelta
    days: dict[str, date | None] = field(default_factory=dict)
    n_rechecks: int = 0

    @classmethod
    def read(cls, memory: Mapping[str, str], definition: WebDefinition, on: date) -> "Delivered":
        """What `memory` holds; what cannot be read of it is forgotten."""
        days: dict[str, date | None] = {}
        for entry in memory.get("seen", "").split():
            key, _, day = entry.partition(":")
            days[key] = date.fromordinal(int(day)) if day.isdecimal() and 0 < int(day) < date.max.toordinal() else None
        return cls(on, definition.recheck_every, definition.recheck_for, days)

    def has_due(self) -> bool:
        """True when some page should be read again: then the list must be had even if it did not change."""
        return any(self._is_due(day) for day in self.days.values())

    def wants(self, item: Item) -> bool:
        """True for an item never delivered, and for a few that should be read again."""
        key = key_of(item)
        if key not in self.days:
            return True
        if not self._is_due(self.days[key]) or self.n_rechecks >= _MOST_RECHECKS:
            return False
        self.n_rechecks += 1
        return True

    def note(self, item: Item, published_on: date | None) -> None:
        """The item is delivered."""
        published_on = published_on or item.listed_on
        is_old = not self.within or (published_on is not None and self.on - published_on > self.within)
        self.days[key_of(item)] = None if is_old else self.on

    def kept(self, items: list[Item]) -> str:
        """What is remembered of those that are still listed; `read` understands it."""
        listed = {key_of(item) for item in items}
        told = sorted((key, day) for key, day in self.days.items() if key in listed)
        return " ".join(key if day is None else f"{key}:{day.toordinal()}" for key, day in told)

    def _is_due(self, day: date | None) -> bool:
        return day is not None and self.on - day >= self.every


def key_of(item: Item) -> str:
    """A short key of an item as it is listed."""
    said = "\x1f".join((item.url, item.title, str(item.listed_on)))
    return hashlib.blake2b(said.encode("utf-8", "replace"), digest_size=_KEY_BYTES).hexdigest()
