"""The HTTP doors as people use them: the console's login and figures, the sandbox's levers, the site."""

import re
from types import TracebackType
from typing import Any, Self

from aiohttp import ClientError, ClientSession, ClientTimeout, CookieJar, web

from notifier.sandbox.demo.ground import Ground
from notifier.sandbox.demo.terms import DemoError
from notifier.sandbox.site import build_site

_CSRF = re.compile(r'name="_csrf" value="([^"]+)"')


class PolicySite:
    """The small policy site, served by this process while the block runs."""

    def __init__(self, ground: Ground) -> None:
        self._port = ground.site_port
        self._runner = web.AppRunner(build_site(), access_log=None)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()


class Doors:
    """The service's console, the gateways' switchboard and the site's levers over HTTP."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._site = f"http://127.0.0.1:{ground.site_port}/sandbox/site"
        self._session = ClientSession(cookie_jar=CookieJar(unsafe=True), timeout=ClientTimeout(total=20))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def log_in(self, name: str) -> None:
        """The session is this user's. Raises DemoError when the console refuses."""
        login = f"{self._ground.service}/login"
        async with self._session.get(login) as page:
            token = _CSRF.search(await page.text())
        form = {"name": name, "password": self._ground.password, "_csrf": token[1] if token else ""}
        async with self._session.post(login, data=form, allow_redirects=False) as answer:
            if answer.status != web.HTTPSeeOther.status_code:
                raise DemoError(f"控制台拒绝了 {name} 的登录（{answer.status}）")

    async def campaigns(self) -> list[dict[str, Any]] | None:
        """The campaigns with their figures, newest first; None while the service does not answer."""
        try:
            async with self._session.get(f"{self._ground.service}/api/campaigns") as answer:
                answer.raise_for_status()
                found: list[dict[str, Any]] = (await answer.json())["campaigns"]
                return found
        except (ClientError, TimeoutError):
            return None

    async def counts(self) -> dict[str, Any]:
        """What the gateways accepted, and the pushes they still owe."""
        async with self._session.get(f"{self._ground.sandbox}/sandbox/counts") as answer:
            answer.raise_for_status()
            found: dict[str, Any] = await answer.json()
            return found

    async def misbehave(self, gateway: str, plan: dict[str, Any]) -> None:
        """The gateway goes wrong by the plan from now on."""
        await self._order(f"{self._ground.sandbox}/sandbox/mischief", {"gateway": gateway, "plan": plan})

    async def publish(self) -> list[dict[str, str]]:
        """Every waiting policy is on the site; which ones, with what a reader should find out."""
        published: list[dict[str, str]] = (await self._order(f"{self._site}/publish", {}))["published"]
        return published

    async def _order(self, url: str, order: dict[str, Any]) -> dict[str, Any]:
        async with self._session.post(url, json=order) as answer:
            told: dict[str, Any] = await answer.json()
            if answer.status != web.HTTPOk.status_code:
                raise DemoError(f"{url} 拒绝了指令：{told.get('error')}")
            return told
