"""Sealed values open for their own row, column and key, and for nothing else."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.errors import ConfigError, SealError
from notifier.store.sealing import SUITES, Keys, Vault, add_key, load_keys

KEYS = Keys({1: b"1" * 32, 2: b"2" * 32}, 1, b"b" * 32, "secret")
PLACE = "person.name_sealed"


@pytest.fixture(params=sorted(SUITES))
def vault(request: pytest.FixtureRequest) -> Vault:
    return Vault(KEYS, request.param)


def test_a_value_opens_where_it_was_sealed_and_is_never_the_same_twice(vault: Vault) -> None:
    sealed = vault.seal_text(PLACE, 7, "马样例")
    assert vault.open_text(PLACE, 7, sealed) == "马样例"
    assert "马样例".encode() not in sealed
    assert vault.seal_text(PLACE, 7, "马样例") != sealed


@pytest.mark.parametrize(("place", "row"), [(PLACE, 8), ("person.id_sealed", 7), ("contact.value_sealed", 7)])
def test_another_row_or_column_does_not_open_it(vault: Vault, place: str, row: int) -> None:
    with pytest.raises(SealError, match="does not open"):
        vault.open(place, row, vault.seal(PLACE, 7, b"x"))


def test_another_key_of_the_same_number_does_not_open_it(vault: Vault) -> None:
    stranger = Vault(Keys({1: b"9" * 32}, 1, b"b" * 32, ""))
    with pytest.raises(SealError, match="wrong key"):
        stranger.open(PLACE, 7, vault.seal(PLACE, 7, b"x"))


def test_a_key_that_is_not_in_the_file_is_named() -> None:
    sealed = Vault(Keys({5: b"5" * 32}, 5, b"b" * 32, "")).seal(PLACE, 7, b"x")
    with pytest.raises(SealError, match="no key 5"):
        Vault(KEYS).open(PLACE, 7, sealed)


@given(st.binary(max_size=80), st.data())
def test_any_damage_is_a_seal_error_and_says_nothing_of_the_value(value: bytes, data: st.DataObject) -> None:
    vault = Vault(KEYS, data.draw(st.sampled_from(sorted(SUITES))))
    sealed = bytearray(vault.seal(PLACE, 7, value))
    if data.draw(st.booleans()):
        del sealed[data.draw(st.integers(0, len(sealed) - 1)) :]
    else:
        sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SealError):
        vault.open(PLACE, 7, bytes(sealed))


@given(st.binary(max_size=60))
def test_what_was_never_sealed_is_a_seal_error(rubbish: bytes) -> None:
    with pytest.raises(SealError):
        Vault(KEYS).open(PLACE, 7, rubbish)


def test_each_cipher_opens_what_the_other_sealed_and_a_new_key_leaves_old_values_readable() -> None:
    aes, sm4 = Vault(KEYS), Vault(KEYS, "sm4-gcm")
    assert sm4.open(PLACE, 1, aes.seal(PLACE, 1, b"x")) == aes.open(PLACE, 1, sm4.seal(PLACE, 1, b"x")) == b"x"
    assert aes.is_current(aes.seal(PLACE, 1, b"x"))
    assert not aes.is_current(sm4.seal(PLACE, 1, b"x"))
    newer = Vault(Keys(KEYS.sealing, 2, KEYS.blind, ""))
    assert newer.open(PLACE, 1, aes.seal(PLACE, 1, b"x")) == b"x"
    assert not newer.is_current(aes.seal(PLACE, 1, b"x"))


def test_a_blind_hash_depends_on_kind_value_and_key_alone() -> None:
    one = Vault(KEYS)
    assert one.blind("phone", "1") == Vault(KEYS, "sm4-gcm").blind("phone", "1")
    others = [
        one.blind("id", "1"),
        one.blind("phone", "2"),
        Vault(Keys({1: b"1" * 32}, 1, b"c" * 32, "")).blind("phone", "1"),
    ]
    assert one.blind("phone", "1") not in others
    assert len(one.blind("phone", "1")) == 16


def test_keys_and_values_are_in_no_repr() -> None:
    assert "1111" not in repr(KEYS)
    assert "secret" not in repr(KEYS)


class TestTheKeyFile:
    def test_it_is_made_once_for_its_owner_alone_and_read_again(self, tmp_path: Path) -> None:
        path = tmp_path / "deep" / "keys.toml"
        keys = load_keys(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert load_keys(path) == keys
        assert [one.name for one in path.parent.iterdir()] == ["keys.toml"]

    def test_a_key_is_added_and_active_and_the_old_ones_stay(self, tmp_path: Path) -> None:
        path = tmp_path / "keys.toml"
        before = load_keys(path)
        assert add_key(path) == 2
        after = load_keys(path)
        assert (after.active, after.sealing[1], after.blind) == (2, before.sealing[1], before.blind)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_of_many_first_starts_at_once_all_have_the_same_keys(self, tmp_path: Path) -> None:
        together = Barrier(6)

        def start() -> Keys:
            together.wait()
            return load_keys(tmp_path / "keys.toml")

        with ThreadPoolExecutor(6) as threads:
            keys = [one.result() for one in [threads.submit(start) for _ in range(6)]]
        assert all(one == keys[0] for one in keys)
        assert [one.name for one in tmp_path.iterdir()] == ["keys.toml"]

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            ("", "not a key file"),
            ("active = [", "not a key file"),
            ('active = 1\nblind = "zz"\ncallback_secret = "x"\n[sealing]\n1 = "00"', "not a key file"),
            ('active = 1\nblind = "00"\ncallback_secret = "x"\n[sealing]\n1 = "00"', "32-byte"),
            (f'active = 2\nblind = "00"\ncallback_secret = "x"\n[sealing]\n1 = "{"00" * 32}"', "`active`"),
            (f'active = 1\nblind = "00"\ncallback_secret = "x"\n[sealing]\n1 = "{"00" * 32}"', "`blind`"),
        ],
    )
    def test_a_bad_one_is_refused_in_a_sentence_that_shows_no_key(self, tmp_path: Path, content: str, why: str) -> None:
        path = tmp_path / "keys.toml"
        path.write_text(content)
        with pytest.raises(ConfigError, match=r"seal\.key_file keys\.toml") as refused:
            load_keys(path)
        assert why in str(refused.value)
        assert "0000" not in str(refused.value)

    def test_one_that_cannot_be_read_is_said_in_a_sentence(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="cannot be read"):
            load_keys(tmp_path)
