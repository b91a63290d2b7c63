"""A township's things as people of another township would ask for them, and forms that ask for every deed."""

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web
from sqlalchemy import text

from notifier.accounts.desk import add_user
from notifier.accounts.keys import KeyDesk
from notifier.accounts.roles import Permission, Role, User
from notifier.store.ledger import Ledger
from notifier.store.registry_contacts import INSERT_CONTACT, contact_values
from notifier.store.sessions import Visitor, open_session
from notifier.web.application import ROUTES
from tests.report import ground
from tests.web.front import PASSWORD, Front

PERSON, PHONE, QUESTION = "钱样例外", "19900002000", "样例问题：补贴何时发放"
_VARIABLE = re.compile(r"\{(\w+)(?::((?:[^{}]|\{[^{}]*\})*))?\}")
STRANGERS = tuple(User(f"beside-{role.value}", role, ground.WANGWA) for role in Role)
"""One user of each role in a township beside."""
MARKS = (
    *("白阳", ground.BAIYANG, ground.VILLAGE_1, ground.VILLAGE_2, "草原生态", "样例平台", "baiyang"),
    *(PERSON, PHONE, QUESTION),
)
"""What must not be in any answer to them: the other township's places, campaign, key, question, users and people."""

_FOREIGN: Mapping[str, str] = {
    "campaign": "2",
    "household": "2000",
    "visit": "1007",
    "inquiry": "50",
    "payment": "60",
    "project": "61",
    "upload": "70",
    "contact": "80",
    "key": "1",
    "login": "1",
    "link": "1",
}
_NOBODY_S: Mapping[str, str] = {"screen": "visits"}
"""Samples of variables that name nothing of any region."""
_FIELDS: Mapping[str, str] = {
    "verdict": "approve",
    "how": "当面告知",
    "reason": "deceased",
    "role": "official",
    "region": ground.BAIYANG,
    "village": ground.VILLAGE_1,
    "remark": "样例备注",
    "why": "样例原因",
    "text": "样例文字",
    "words": PERSON,
    "person": "2000",
    "other": "2001",
    "household": "2001",
    "members": "2000",
    "contact": "80",
    "name": "intruder",
    "title": "样例标题",
    "phone": "19900000009",
    "value": "样例值",
    "kind": "policy",
    "permission": "read",
    "days": "30",
    "who": "cunguan",
    "source": "s",
    "version": "1",
    "item": "1",
    "benefit": "61",
    "code": "000000",
    "once": "1-0123456789abcdef",
}
SPOKEN_FOR: Mapping[str, str] = {
    "/callbacks/": "a provider's push, by its secret",
    "/f/": "a household's own page, by its link",
    "/wechat/": "a follower's own page, by WeChat",
    "/api/payments/": "a system's push, by its signature",
}
"""Addresses below these take no session of a user, so that no role has anything to do with them."""


@dataclass(frozen=True)
class Asked:
    """One request: a route's address with its variables filled, and every deed that it knows."""

    method: str
    path: str
    route: str
    names_foreign: bool


def every_request(colleague: str) -> Iterator[Asked]:
    """Each route of the service, each deed of it once. Raises KeyError for a variable that has no sample yet."""
    for routes in ROUTES:
        for route in routes:
            assert isinstance(route, web.RouteDef)
            if not route.path.startswith(tuple(SPOKEN_FOR)):
                yield from _requests(route, {**_FOREIGN, **_NOBODY_S, "colleague": colleague})


def _requests(route: web.RouteDef, samples: Mapping[str, str]) -> Iterator[Asked]:
    found = _VARIABLE.findall(route.path)
    deeds = next((pattern.split("|") for name, pattern in found if name == "deed"), [""])
    names = [name for name, _ in found if name != "deed" and name not in _NOBODY_S]
    for deed in deeds:
        filled = {**samples, "deed": deed}
        path = _VARIABLE.sub(lambda match: filled[match[1]], route.path)  # noqa: B023  # used before the next deed
        yield Asked(route.method, path, route.path, bool(names))


def form_of(asked: Asked) -> dict[str, str]:
    """Something for each field that any form has, naming what is foreign wherever it can."""
    return dict(_FIELDS)


async def lay_foreign(front: Front) -> str:
    """Everything that `_FOREIGN` names is there, of 白阳镇; the mark of a colleague there, for an address."""
    ledger = front.ledger
    for user in STRANGERS:
        await add_user(ledger, user, PASSWORD, ground.NOW)
    await KeyDesk(ledger, front.clock).make(
        User("baiyang", Role.ADMINISTRATOR, ground.BAIYANG), "样例平台", [Permission.READ], ground.BAIYANG, 30
    )
    await open_session(ledger, "baiyang", "a token of theirs", Visitor("Firefox", "10.0.0.1"), ground.NOW)
    async with ledger.writing() as c:
        for contact_id, home in ((80, 2000), (81, 2001)):
            await c.execute(text(INSERT_CONTACT), contact_values(ledger, (contact_id, home, home), "phone", PHONE, 1))
        for person_id in (1000, 1001, 1007, 1008, 2000, 2001):
            sealed = ledger.vault.seal_text("person.name_sealed", person_id, PERSON)
            row = {"id": person_id, "name": sealed, "hash": ledger.vault.blind("name", PERSON)}
            await c.execute(text("UPDATE person SET name_sealed = :name, name_hash = :hash WHERE id = :id"), row)
        for statement in _STATEMENTS:
            await c.execute(text(statement), _bound(ledger))
    return ledger.vault.blind("colleague", "cunguan").hex()


def _bound(ledger: Ledger) -> dict[str, object]:
    seal = ledger.vault.seal_text
    return {
        "region": ground.BAIYANG,
        "village": ground.VILLAGE_1,
        "hash": b"h",
        "payer": seal("payment.beneficiary_sealed", 60, PERSON),
        "photo": ledger.vault.seal("visit_photo.photo_sealed", 1007, b"not a picture"),
        "question": seal("inquiry.text_sealed", 50, QUESTION),
    }


_STATEMENTS: Sequence[str] = (
    "INSERT INTO benefit (id, kind, version, source, title, region_code, found_at, body, audit, n_lines, n_rejected) "
    "VALUES (2, 'policy', 1, 's', '2026年草原生态保护补助', :region, 0, '样例正文', 'none', 0, 0)",
    "INSERT INTO visit_photo (visit_id, by_user, at, photo_sealed) VALUES (1007, 'cunguan', 0, :photo)",
    "INSERT INTO benefit (id, kind, version, source, title, region_code, found_at, body, audit, n_lines, n_rejected) "
    "VALUES (61, 'disbursement', 1, 's', '2026年草原生态保护补助', :region, 0, '', 'none', 1, 0)",
    "INSERT INTO payment (id, benefit_id, line_hash, sheet, row, beneficiary_sealed, name_hash, state, match_state, "
    "match_why, confidence, amount_fen, village) VALUES (60, 61, :hash, '白阳镇', 12, :payer, :hash, 'paid', "
    "'ambiguous', '有两人同名', 0, 123450, '样例村')",
    "INSERT INTO inquiry (id, kind, channel, region_code, household_id, text_sealed, state, received_at, due_at) "
    "VALUES (50, '咨询', '电话', :village, 2000, :question, 'open', 0, 0)",
    "INSERT INTO upload (id, kind, name, by_user, region_code, state, n_bytes, report, received_at, beat_at) "
    "VALUES (70, 'households', '样例.xlsx', 'baiyang', :region, 'reading', 1, '{}', 0, 0)",
)


class Watcher:
    """Sees what was written into an SQLite ledger since it last looked."""

    def __init__(self, url: str) -> None:
        self._c = sqlite3.connect(url.removeprefix("sqlite+aiosqlite:///"))
        names = self._c.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
        self._tables = [name for (name,) in names]
        self._seen = self._look()
        self._version = self._data_version()

    def changed(self) -> set[str]:
        """The tables that have other rows than at the last look."""
        if self._data_version() == self._version:
            return set()
        before, self._seen, self._version = self._seen, self._look(), self._data_version()
        return {name for name in self._tables if before[name] != self._seen[name]}

    def close(self) -> None:
        """It sees no more."""
        self._c.close()

    def _data_version(self) -> int:
        return int(self._c.execute("PRAGMA data_version").fetchone()[0])

    def _look(self) -> dict[str, int]:
        return {name: hash(tuple(self._c.execute(f"SELECT * FROM {name}").fetchall())) for name in self._tables}
