"""What the pages of uploads need: a file is kept, looked at, saved or thrown away."""

from pathlib import Path
from typing import Protocol

from notifier.accounts.roles import User


class UploadDesk(Protocol):
    """Works on files beside the requests; each deed raises InputError (Chinese) when it cannot be done."""

    async def receive(self, user: User, kind: str, name: str, path: Path) -> int:
        """The file at `path` is sealed in the ledger and being read for its preview; its number."""
        ...

    async def begin_again(self, upload_id: int, user: User) -> None:
        """Work that a stopped process left is taken up."""
        ...

    async def save(self, upload_id: int, user: User) -> None:
        """Its rows are being saved."""
        ...

    async def discard(self, upload_id: int, user: User) -> None:
        """It is gone, and nothing was changed by it."""
        ...

    async def close(self) -> None:
        """Nothing works on a file in this process any more; what was begun can be taken up again."""
        ...
