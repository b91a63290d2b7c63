"""Every page that people open, on a county after two years, asked over real HTTP by each kind of person.

A page is right when it answers 200 to somebody; it is fast when the median of its answers is within 200 ms for
everybody who may see it.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from aiohttp import ClientSession, ClientTimeout, CookieJar, web

from notifier.app import open_app
from notifier.app.serving import serve
from notifier.domain import settings
from notifier.domain.messages import ContactKind, Medium
from notifier.settings import Settings
from notifier.store.farmer_links import link_code
from notifier.store.sealing import Vault
from notifier.web.application import ROUTES
from scripts.benchmarks import years_work
from scripts.benchmarks.county import address_of
from scripts.benchmarks.databases import a_ledger
from scripts.benchmarks.two_years import STRIDE, Size, fill

LIMIT_S = 0.2
TIMES = 5
PATIENCE = ClientTimeout(total=60)
NO_ANSWER = 599
"""Stands for a status where nothing came in time."""
_VARIABLE = re.compile(r"\{(\w+)(?::((?:[^{}]|\{[^{}]*\})*))?\}")
NO_PAGE = (
    *("/callbacks/", "/metrics", "/wechat/", "/account/wechat.svg", "/account/totp.svg", "/visits/{visit}/photo"),
    *("/f/{code}/voice.wav", "/login/code", "/drafts/{campaign}/rejected.xlsx", "/uploads/{upload}/rejected.xlsx"),
    "/campaigns/{campaign}/live",
)
"""Asked by machines, streamed, or only there with an official account, a voice, a photo or a file that was rejected."""
FILE = ".xlsx"
"""Addresses that end so make a file, which takes as long as it is big."""
SIFTED = {
    "/": ("?region=640425100000",),
    "/households": ("?words=样例1", "?words=例12&village=640425100201", "?village=640425100201"),
    "/inquiries": ("?state=closed", "?state=open", "?kind=投诉"),
    "/audit": ("?who=guanli", "?what=household.reveal", "?who=cun-640425101201"),
    "/campaigns/{campaign}": ("?region=640425100000",),
    "/households/{household}/merge": ("?other=4",),
    "/api/campaigns/{campaign}/households": ("?state=unreached",),
}
"""How people sift the pages that have much to show."""


@dataclass(frozen=True, slots=True)
class Answered:
    """How one person was answered at one address: the status, and the seconds of each time."""

    who: str
    route: str
    path: str
    status: int
    seconds: Sequence[float]
    n_bytes: int

    @property
    def median_s(self) -> float:
        """Of all times."""
        return median(self.seconds)


@dataclass(frozen=True, slots=True)
class PageRun:
    """All answers on one database; `filled_s` is what filling took."""

    database: str
    n_households: int
    filled_s: float
    answers: Sequence[Answered]

    @property
    def unanswered(self) -> list[str]:
        """Routes that nobody was shown, and addresses that broke."""
        shown = {one.route for one in self.answers if one.status == 200}
        broken = {f"{one.path}: {one.status}" for one in self.answers if one.status >= 500}
        return sorted({one.route for one in self.answers} - shown | broken)

    @property
    def slow(self) -> list[Answered]:
        """Pages above the limit, files aside."""
        return [one for one in self.answers if one.median_s > LIMIT_S and not one.route.endswith(FILE)]

    def as_json(self) -> dict[str, Any]:
        """Every answer, with what follows from them."""
        return asdict(self) | {"unanswered": self.unanswered, "slow": [one.path for one in self.slow]}


def run(databases: Sequence[str], size: Size, folder: Path) -> list[PageRun]:
    """Each database filled, and every page of it asked for."""
    found = []
    for kind in databases:
        with a_ledger(kind, folder) as database:
            found.append(asyncio.run(measure(kind, database.url, size, folder)))
    return found


async def measure(kind: str, url: str, size: Size, folder: Path, times: int = TIMES) -> PageRun:
    """The empty ledger at `url` is filled, served, and read by an administrator, a clerk, an officer and a farmer."""
    key_file, began = folder / f"{kind}.toml", perf_counter()
    await fill(url, key_file, size, datetime.now(UTC))
    return PageRun(kind, size.n_households, perf_counter() - began, await read(url, key_file, size, times))


async def read(url: str, key_file: Path, size: Size, times: int) -> list[Answered]:
    """The county that `fill` left, served and read."""
    async with open_app(_settings(url, key_file)) as app:
        stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
        serving = asyncio.create_task(serve(app, frozenset({"web"}), stop, ready.set_result))
        try:
            await asyncio.wait({serving, ready}, return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                serving.result()
            root, samples = ready.result().rstrip("/"), _samples(app.ledger.vault, size)
            answers = [await _read_the_door(root, times)]
            for who in (years_work.COUNTY_ADMINISTRATOR, years_work.CLERK, years_work.OFFICER):
                answers += await _read_all(root, who, samples, times)
            return answers
        finally:
            stop.set()
            await serving


def _samples(vault: Vault, size: Size) -> dict[str, str]:
    """Values of the variables in addresses."""
    household = _told_household(size)
    message = size.n_campaigns * STRIDE + household
    return {
        **_SAMPLES,
        "code": link_code(vault, message, Medium.SMS, address_of(ContactKind.PHONE, household)),
        "colleague": vault.blind("colleague", years_work.OFFICER).hex(),
        "campaign": str(size.n_campaigns),
    }


def _settings(url: str, key_file: Path) -> Settings:
    return Settings(
        ledger=settings.Ledger(url=url),
        seal=settings.Seal(key_file=key_file),
        web=settings.Web(host="127.0.0.1", port=0),
    )


def _told_household(size: Size) -> int:
    """One that is owed the newest campaign."""
    base = size.n_campaigns * STRIDE
    return next(n for n in range(1, size.n_households) if (n * 31 + base * 7) % 100 < 43 and n % 50)


async def _read_all(root: str, who: str, samples: Mapping[str, str], times: int) -> list[Answered]:
    async with ClientSession(cookie_jar=CookieJar(unsafe=True), timeout=PATIENCE) as session:
        await _log_in(session, root, who)
        known = {**samples, "upload": str(years_work.UPLOADS[who])}
        known["draft"] = str(years_work.DRAFTS.get(who, years_work.FIRST_DRAFT))
        return [await _read(session, root, who, address, times) for address in _addresses(known)]


async def _read_the_door(root: str, times: int) -> Answered:
    async with ClientSession() as session:
        return await _read(session, root, "nobody yet", ("/login", "/login"), times)


async def _log_in(session: ClientSession, root: str, who: str) -> None:
    async with session.get(f"{root}/login") as shown:
        found = re.search(r'name="_csrf" value="([^"]+)"', await shown.text())
    assert found is not None
    form = {"name": who, "password": years_work.PASSWORD, "_csrf": found[1]}
    async with session.post(f"{root}/login", data=form, allow_redirects=False) as answer:
        assert answer.status in (302, 303), f"{who}: {answer.status}"


def _addresses(samples: Mapping[str, str]) -> list[tuple[str, str]]:
    """Every route that is read, its variables filled, and how people sift it."""
    found = []
    for one in (one for routes in ROUTES for one in routes):
        assert isinstance(one, web.RouteDef)
        route = _VARIABLE.sub(r"{\1}", one.path)
        if one.method != "GET" or route.startswith(NO_PAGE):
            continue
        of = {**samples, "campaign": samples[_CAMPAIGN_OF.get(route.split("/")[1], "campaign")]}
        path = _VARIABLE.sub(lambda match: of[match[1]], route)  # noqa: B023  # used before the next route
        found += [(route, path), *((route, path + sifted) for sifted in SIFTED.get(route, ()))]
    return found


async def _read(session: ClientSession, root: str, who: str, address: tuple[str, str], times: int) -> Answered:
    route, path = address
    seconds, status, n_bytes = [], 0, 0
    for _ in range(1 if route.endswith(FILE) else times):
        began = perf_counter()
        try:
            async with session.get(root + path, allow_redirects=False) as answer:
                n_bytes, status = len(await answer.read()), answer.status
        except TimeoutError:
            n_bytes, status = 0, NO_ANSWER
        seconds.append(perf_counter() - began)
    return Answered(who, route, path, status, seconds, n_bytes)


_CAMPAIGN_OF = {"drafts": "draft", "policies": "policy"}
_SAMPLES = {
    "policy": str(years_work.FIRST_SUGGESTED),
    "household": "3",
    "visit": "1",
    "inquiry": "400",
    "contact": "3",
    "screen": "visits",
}


def table(runs: Sequence[PageRun]) -> str:
    """The slowest thirty addresses of each database as a table for people, and what is wrong."""
    return "\n".join(line for one in runs for line in _lines(one))


def _lines(found: PageRun) -> list[str]:
    slowest = sorted(found.answers, key=lambda one: -one.median_s)[:30]
    return [
        f"{found.database}: {found.n_households:,} households, filled in {found.filled_s:.0f} s",
        "median ms   best ms   worst ms   status      bytes   who                 address",
        *(_line(one) for one in slowest),
        *(f"not answered: {one}" for one in found.unanswered),
        f"{len(found.answers)} addresses, {len(found.slow)} above {LIMIT_S * 1000:.0f} ms",
    ]


def _line(one: Answered) -> str:
    middle, best, worst = (1000 * seconds for seconds in (one.median_s, min(one.seconds), max(one.seconds)))
    return f"{middle:9.0f} {best:9.0f} {worst:10.0f} {one.status:8} {one.n_bytes:10,}   {one.who:19} {one.path}"
