"""What the pages of sources need: which there are, a look at one now, and where findings are decided."""

from collections.abc import Mapping
from typing import Protocol

from notifier.watch.deciding import WatchDesk


class SourceDesk(Protocol):
    """The watched sources as people see them."""

    @property
    def titles(self) -> Mapping[str, str]:
        """What each source is called, by its name; also those that nobody looked at yet."""
        ...

    @property
    def deciding(self) -> WatchDesk:
        """Where changed texts, undated items, lists on pages and rebuilt sites are decided."""
        ...

    async def look(self, name: str, who: str) -> str:
        """One source is being looked at; what came of it in one sentence. Raises InputError: unknown, or it failed."""
        ...
