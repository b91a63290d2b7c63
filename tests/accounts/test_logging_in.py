"""Who can log in, and what somebody who guesses learns: nothing."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from notifier.accounts import passwords
from notifier.accounts.desk import add_user, all_users, change_own_password, change_password, user_named
from notifier.accounts.entering import FAILURES, FROM_ONE_ADDRESS, LOCK, WINDOW, log_in
from notifier.accounts.passwords import check_password
from notifier.accounts.roles import GRANTS, Permission, Role, User
from notifier.domain.errors import InputError
from notifier.store.accounts import find_account, set_disabled
from notifier.store.audit import latest
from notifier.store.ledger import Ledger, open_ledger
from notifier.store.sealing import Vault, load_keys
from notifier.store.sessions import Ages, Visitor, find_session, open_session

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
COUNTY = "640425000000"
GOOD = "麦田 清水河 1987"


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same algorithm with small parameters: guessing thirty times would cost seconds."""
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


@pytest.fixture
async def ledger(ledger_url: str, tmp_path: Path) -> AsyncIterator[Ledger]:
    opened = await open_ledger(ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    await add_user(opened, User("wang", Role.ADMINISTRATOR, COUNTY), GOOD, NOW)
    yield opened
    await opened.close()


async def refusal(ledger: Ledger, name: str, password: str, now: datetime = NOW) -> str:
    with pytest.raises(InputError) as refused:
        await log_in(ledger, name, password, now)
    return str(refused.value)


async def test_a_user_logs_in_with_role_and_region_and_leaves_an_audit_entry(ledger: Ledger) -> None:
    user = (await log_in(ledger, "wang", GOOD, NOW)).user
    assert (user.role, user.region_code) == (Role.ADMINISTRATOR, COUNTY)
    assert [(e.who, e.what) for e in await latest(ledger, 9)] == [("wang", "login"), ("system", "user.add")]


async def test_wrong_name_wrong_password_and_disabled_read_the_same(ledger: Ledger) -> None:
    unknown, wrong = await refusal(ledger, "nobody", GOOD), await refusal(ledger, "wang", "something else")
    await set_disabled(ledger, "wang", disabled=True)
    assert unknown == wrong == await refusal(ledger, "wang", GOOD)
    assert await user_named(ledger, "wang") is None


async def test_guessing_locks_the_account_for_a_while_even_for_the_right_password(ledger: Ledger) -> None:
    for _ in range(FAILURES):
        await refusal(ledger, "wang", "guess")
    await refusal(ledger, "wang", GOOD)
    await refusal(ledger, "wang", GOOD, NOW + LOCK - timedelta(seconds=1))
    assert (await log_in(ledger, "wang", GOOD, NOW + LOCK)).user.name == "wang"
    account = await find_account(ledger, "wang")
    assert account is not None
    assert (account.n_failures, account.locked_until) == (0, None)


async def test_guesses_while_locked_do_not_lock_for_longer(ledger: Ledger) -> None:
    for _ in range(FAILURES * 3):
        await refusal(ledger, "wang", "guess")
    assert (await log_in(ledger, "wang", GOOD, NOW + LOCK)).user.name == "wang"


async def test_one_address_may_fail_only_so_often_whatever_names_it_tries(ledger: Ledger) -> None:
    for n in range(FROM_ONE_ADDRESS):
        with pytest.raises(InputError, match="用户名或密码不对"):
            await log_in(ledger, f"guess{n}", "guess", NOW, "10.0.0.9")
    with pytest.raises(InputError, match="这个网络"):
        await log_in(ledger, "wang", GOOD, NOW, "10.0.0.9")
    assert (await log_in(ledger, "wang", GOOD, NOW, "10.0.0.8")).user.name == "wang"
    assert (await log_in(ledger, "wang", GOOD, NOW + 2 * WINDOW, "10.0.0.9")).user.name == "wang"


async def test_a_new_password_ends_sessions_and_one_given_by_another_must_be_changed(ledger: Ledger) -> None:
    await open_session(ledger, "wang", "token", Visitor("Firefox", "10.0.0.1"), NOW)
    ages = Ages(timedelta(hours=12), timedelta(hours=2))
    found = await find_session(ledger, "token", ages, NOW)
    assert found is not None
    assert not found[1].must_change
    await change_password(ledger, "wang", "another good phrase", NOW, given_by="li")
    assert await find_session(ledger, "token", ages, NOW) is None
    account = await find_account(ledger, "wang")
    assert account is not None
    assert account.must_change
    with pytest.raises(InputError, match="现在的密码不对"):
        await change_own_password(ledger, "wang", (GOOD, "one more good phrase"), NOW)
    with pytest.raises(InputError, match="相同"):
        await change_own_password(ledger, "wang", ("another good phrase", "another good phrase"), NOW)
    await change_own_password(ledger, "wang", ("another good phrase", "one more good phrase"), NOW)
    account = await find_account(ledger, "wang")
    assert account is not None
    assert not account.must_change


async def test_a_taken_name_and_a_bad_region_are_refused_in_words(ledger: Ledger) -> None:
    with pytest.raises(InputError, match="已被使用"):
        await add_user(ledger, User("wang", Role.OFFICER, COUNTY), GOOD, NOW)
    with pytest.raises(InputError, match="12 位"):
        await add_user(ledger, User("li", Role.OFFICER, "640425"), GOOD, NOW)
    with pytest.raises(InputError, match="2 至 32"):
        await add_user(ledger, User("a<b>", Role.OFFICER, COUNTY), GOOD, NOW)
    assert [one.name for one in await all_users(ledger)] == ["wang"]


async def test_the_password_is_nowhere_in_what_is_stored_or_shown(ledger: Ledger) -> None:
    account = await find_account(ledger, "wang")
    assert account is not None
    assert account.password_hash.startswith("$argon2id$")
    assert "argon2" not in repr(account)


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "x" * 200,
        "aaaaaaaaaaaa",
        "abcdefghijkl",
        "wangwangli88",
        "password1234",
        "P@ssw0rd2026",
        "Admin@123456",
        "1234567890",
        "pengyang2026",
        "ｐengyang 2026",
    ],
)
def test_weak_passwords_are_refused(password: str) -> None:
    with pytest.raises(InputError) as refused:
        check_password("wang", password)
    assert password not in str(refused.value)


def test_a_user_sees_their_region_and_below_only() -> None:
    clerk = User("li", Role.ADMINISTRATOR, "640425100000")
    assert clerk.sees("640425100000")
    assert clerk.sees("640425100203")
    assert not clerk.sees("640425101000")
    assert not clerk.sees(COUNTY)
    assert clerk.touches(COUNTY)
    assert not clerk.touches("640425101000")


def test_every_role_reads_and_only_some_act() -> None:
    assert set(GRANTS) == set(Role)
    assert all(Permission.READ in granted for granted in GRANTS.values())
    assert GRANTS[Role.OFFICIAL] == {Permission.READ}
    assert [role for role in Role if Permission.MANAGE in GRANTS[role]] == [Role.ADMINISTRATOR]
    assert Permission.EXCUSE not in GRANTS[Role.OFFICER]
