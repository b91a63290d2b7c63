"""Sealing personal data: encrypted at rest, bound to its row and column, found through a keyed hash (P6).

A sealed value is: suite (1 byte) | key id (2 bytes) | nonce (12) | ciphertext and tag. The associated data is
"table.column.row id", so that a value copied to another row or column does not open.
"""

import hmac
import os
import secrets
import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM

from notifier.domain.errors import ConfigError, SealError

_AES, _SM4 = 1, 2
SUITES: Mapping[str, int] = {"aes-256-gcm": _AES, "sm4-gcm": _SM4}
_NONCE, _TAG, _HEAD = 12, 16, 3
_KEY_BYTES = 32
_SM4_KEY_BYTES = 16
_HASH_BYTES = 16


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of a county. `sealing` by id; `active` seals new values; `blind` keys the hashes and never rotates."""

    sealing: Mapping[int, bytes] = field(repr=False)
    active: int
    blind: bytes = field(repr=False)
    callback_secret: str = field(repr=False)


class Vault:
    """Seals and opens with one set of keys. Cheap to share; keeps no value.

    `reread` is asked once for a key that is not among them: another process may have rotated the keys meanwhile.
    """

    def __init__(self, keys: Keys, cipher: str = "aes-256-gcm", *, reread: Callable[[], Keys] | None = None) -> None:
        self._suite = SUITES[cipher]
        self._reread = reread
        self.callback_secret = keys.callback_secret
        self._take(keys)

    def _take(self, keys: Keys) -> None:
        self._keys = keys
        self._aes = {key_id: AESGCM(key) for key_id, key in keys.sealing.items()}

    @property
    def active_key_id(self) -> int:
        """The key that new values are sealed with."""
        return self._keys.active

    def seal(self, place: str, row_id: int, value: bytes) -> bytes:
        """The sealed form of `value` for `place` ("table.column") of row `row_id`. Never the same twice."""
        nonce = os.urandom(_NONCE)
        head = bytes((self._suite,)) + self._keys.active.to_bytes(2, "big")
        bound = _bound(place, row_id)
        if self._suite == _AES:
            return head + nonce + self._aes[self._keys.active].encrypt(nonce, value, bound)
        sealer = Cipher(SM4(self._keys.sealing[self._keys.active][:_SM4_KEY_BYTES]), GCM(nonce)).encryptor()
        sealer.authenticate_additional_data(bound)
        return head + nonce + sealer.update(value) + sealer.finalize() + sealer.tag

    def open(self, place: str, row_id: int, sealed: bytes) -> bytes:
        """The value that was sealed for that place and row. Raises SealError: wrong key, place, row, or damage."""
        if len(sealed) < _HEAD + _NONCE + _TAG or sealed[0] not in SUITES.values():
            raise SealError(f"a value of {place} is not a sealed one: it was cut short or never sealed")
        suite, key_id, nonce = (
            sealed[0],
            int.from_bytes(sealed[1:_HEAD], "big"),
            sealed[_HEAD : _HEAD + _NONCE],
        )
        if key_id not in self._keys.sealing and self._reread is not None:
            self._take(self._reread())
        if key_id not in self._keys.sealing:
            raise SealError(f"no key {key_id} in the key file; restore the key file that this ledger was written with")
        body = sealed[_HEAD + _NONCE :]
        try:
            if suite == _AES:
                return self._aes[key_id].decrypt(nonce, body, _bound(place, row_id))
            opener = Cipher(SM4(self._keys.sealing[key_id][:_SM4_KEY_BYTES]), GCM(nonce, body[-_TAG:])).decryptor()
            opener.authenticate_additional_data(_bound(place, row_id))
            return opener.update(body[:-_TAG]) + opener.finalize()
        except InvalidTag:
            raise SealError(f"a value of {place} does not open: wrong key, another row's value, or damage") from None

    def seal_text(self, place: str, row_id: int, value: str) -> bytes:
        """`seal` of UTF-8 text."""
        return self.seal(place, row_id, value.encode())

    def open_text(self, place: str, row_id: int, sealed: bytes) -> str:
        """`open` of UTF-8 text."""
        return self.open(place, row_id, sealed).decode()

    def is_current(self, sealed: bytes) -> bool:
        """True when sealed with the active key and the configured cipher; rotation leaves such values alone."""
        return sealed[0] == self._suite and int.from_bytes(sealed[1:_HEAD], "big") == self._keys.active

    def blind(self, kind: str, value: str) -> bytes:
        """The keyed hash by which a value of a kind (id, phone, openid, name, account, household …) is found again."""
        return hmac.digest(self._keys.blind, f"{kind}|{value}".encode(), "sha256")[:_HASH_BYTES]


def _bound(place: str, row_id: int) -> bytes:
    return f"{place}.{row_id}".encode()


def load_keys(path: Path) -> Keys:
    """The keys in the file, which is made (mode 0600) when it is absent. Raises ConfigError naming what is wrong."""
    if not path.exists():
        _make(path)
    try:
        content = tomllib.loads(path.read_text())
        sealing = {int(key_id): bytes.fromhex(key) for key_id, key in content["sealing"].items()}
        keys = Keys(sealing, int(content["active"]), bytes.fromhex(content["blind"]), str(content["callback_secret"]))
    except OSError as error:
        raise ConfigError(f"seal.key_file {path.name}: cannot be read ({error.strerror}); mend its rights") from None
    except (KeyError, ValueError, AttributeError, TypeError) as error:
        raise ConfigError(
            f"seal.key_file {path.name}: not a key file ({type(error).__name__}); restore it from its backup"
        ) from None
    if keys.active not in sealing or any(len(key) != _KEY_BYTES for key in sealing.values()):
        raise ConfigError(f"seal.key_file {path.name}: `active` must name one of the 32-byte keys under [sealing]")
    if len(keys.blind) != _KEY_BYTES:
        raise ConfigError(f"seal.key_file {path.name}: `blind` must be 32 bytes; restore the file from its backup")
    return keys


def add_key(path: Path) -> int:
    """A new key is in the file and active; its id is returned. Values are re-sealed by rotation, not here."""
    keys = load_keys(path)
    new_id = max(keys.sealing) + 1
    sealing = {**keys.sealing, new_id: secrets.token_bytes(_KEY_BYTES)}
    # In one step: a crash leaves the old file or the new one, never half a key.
    _write(path, Keys(sealing, new_id, keys.blind, keys.callback_secret)).replace(path)
    return new_id


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    first = {1: secrets.token_bytes(_KEY_BYTES)}
    draft = _write(path, Keys(first, 1, secrets.token_bytes(_KEY_BYTES), secrets.token_urlsafe(24)))
    # Of two processes that start at once the first one's keys count: the other must not seal with keys that are gone.
    with suppress(FileExistsError):
        path.hardlink_to(draft)
    draft.unlink()


def _write(path: Path, keys: Keys) -> Path:
    lines = [
        f"active = {keys.active}",
        f'blind = "{keys.blind.hex()}"',
        f'callback_secret = "{keys.callback_secret}"',
    ]
    lines += ["[sealing]"] + [f'{key_id} = "{key.hex()}"' for key_id, key in sorted(keys.sealing.items())]
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return draft
