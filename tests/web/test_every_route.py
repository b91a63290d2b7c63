"""Every route, every role, another township: nobody sees or touches what is not theirs, and no write goes unrecorded.

A new route is walked by itself; one with a new kind of variable fails here until `foreign` has a sample of it.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from notifier.accounts.roles import User
from notifier.campaigns.deciding import CampaignDesk
from notifier.domain.settings import Inquiries
from notifier.inquiries.answering import InquiryDesk
from notifier.store.audit import verify
from notifier.store.ledger import open_ledger
from notifier.store.sealing import Vault, load_keys
from notifier.track.visiting import VisitDesk
from tests.report import ground
from tests.web.foreign import MARKS, STRANGERS, Asked, Watcher, every_request, form_of, lay_foreign
from tests.web.front import Front, FrozenClock, a_front, csrf_in

NOT_THERE = (403, 404)
OWN = frozenset({"account_session", "audit_entry", "counter", "source_try", "factor", "verification_code", "form_done"})
"""What a request may leave that touches no household: that somebody was here, and their own factors."""
NO_DEED = frozenset({"account_session", "counter", "source_try", "verification_code", "form_done"})
"""What is written without being a deed: that a session was seen, what was guessed, and which forms came."""
LEAVES = frozenset({"/logout", "/login", "/login/code"})


@pytest.fixture
async def front(sqlite_ledger_url: str, tmp_path: Path) -> AsyncIterator[Front]:
    ledger = await open_ledger(sqlite_ledger_url, Vault(load_keys(tmp_path / "keys.toml")))
    clock = FrozenClock()
    desks = {
        "campaigns": CampaignDesk(ledger, clock, launches_approved=False),
        "visits": VisitDesk(ledger, clock),
        "inquiries": InquiryDesk(ledger, clock, Inquiries(), {}),
    }
    front = await a_front(ledger, clock=clock, **desks)
    yield front
    await front.client.close()
    await ledger.close()


@pytest.fixture
def watched(sqlite_ledger_url: str) -> Iterator[Watcher]:
    watcher = Watcher(sqlite_ledger_url)
    yield watcher
    watcher.close()


async def ask(front: Front, asked: Asked, token: str, query: str = "") -> tuple[int, str]:
    """(status, what stands in the answer); of a stream only that it began."""
    data = {**form_of(asked), "_csrf": token} if asked.method == "POST" else None
    async with front.client.request(
        asked.method, asked.path + query, data=data, allow_redirects=False, headers={"Accept": "text/html"}
    ) as answer:
        if answer.content_type == "text/event-stream":
            return answer.status, ""
        return answer.status, (await answer.read()).decode(errors="replace")


@pytest.mark.timeout(90)
@pytest.mark.parametrize("stranger", STRANGERS, ids=lambda user: user.role.value)
async def test_nothing_of_another_township_is_seen_or_touched(front: Front, watched: Watcher, stranger: User) -> None:
    requests = list(every_request(await lay_foreign(front)))
    assert len({asked.route for asked in requests}) > 60
    await front.log_in(stranger.name)
    token = csrf_in(await front.page("/"))
    wrong, _ = [], watched.changed()
    for asked in requests:
        if asked.route in LEAVES:
            continue
        status, said = await ask(front, asked, token)
        if asked.names_foreign and status not in NOT_THERE:
            wrong.append(f"{asked.method} {asked.path}: {status}")
        wrong += _leaks(asked.path, status, said)
        if asked.method == "GET":
            for region in (ground.VILLAGE_1, ground.COUNTY):
                status, said = await ask(front, asked, token, f"?region={region}")
                wrong += _leaks(f"{asked.path}?region={region}", status, said)
        if changed := watched.changed() - OWN:
            wrong.append(f"{asked.method} {asked.path} wrote {sorted(changed)}")
    assert wrong == []


def _leaks(path: str, status: int, said: str) -> list[str]:
    found = [mark for mark in MARKS if mark in said]
    return [f"{path}: {status} tells {found}"] * bool(found) + [f"{path}: {status}"] * (status == 500)


@pytest.mark.timeout(90)
async def test_the_samples_are_there_for_who_may_see_them_and_no_write_goes_without_an_audit_entry(
    front: Front, watched: Watcher
) -> None:
    requests = [one for one in every_request(await lay_foreign(front)) if one.route not in LEAVES]
    await front.log_in("baiyang")
    token = csrf_in(await front.page("/"))
    absent, silent, written, _ = list[str](), list[str](), 0, watched.changed()
    for asked in sorted(requests, key=lambda one: one.method):  # first to look, then to act
        status, _ = await ask(front, asked, token)
        if asked.method == "GET" and asked.names_foreign and status == 404:
            absent.append(asked.path)
        if status == 500:
            absent.append(f"{asked.path}: {status}")
        changed = watched.changed()
        if changed - NO_DEED - {"audit_entry"}:
            written += 1
            silent += [f"{asked.method} {asked.path} wrote {sorted(changed)}"] * ("audit_entry" not in changed)
    assert silent == []
    assert absent == ["/uploads/70/rejected.xlsx"], "nothing came back of that file"
    assert written >= 12
    assert await verify(front.ledger) == []
