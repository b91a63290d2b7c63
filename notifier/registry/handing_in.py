"""A file as somebody hands it in."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from notifier.domain.free_text import masked
from notifier.store.sealing import Vault


@dataclass(frozen=True, slots=True)
class HandedIn:
    """Where the file lies, what its owner calls it (a name may say the township), and who handed it in.

    Rows outside `region_code` are rejected; None is no limit.
    """

    path: Path
    name: str
    by_user: str | None = None
    region_code: str | None = None

    def digest(self, vault: Vault) -> bytes:
        """A keyed digest of the content, the same for the same file."""
        with self.path.open("rb") as file:
            return vault.blind("file", hashlib.file_digest(file, "sha256").hexdigest())


def handed_in(path: Path, by_user: str | None = None) -> HandedIn:
    """A file of the command line: its own name is its name, with no number in it that could be a person's."""
    return HandedIn(path, masked(path.name), by_user)
