"""A campaign's page that moves by itself: figures pushed over one connection while anybody looks."""

from dataclasses import replace
from typing import Any

from aiohttp import web
from aiohttp_jinja2 import render_string
from aiohttp_sse import EventSourceResponse, sse_response

from notifier.report.rate import Report, with_counts
from notifier.store.reporting import CampaignLine, region_names
from notifier.web.charts import chart
from notifier.web.desk import DESK
from notifier.web.guards import HEADERS
from notifier.web.reports import BUSY, live_report, seen_campaign
from notifier.web.sessions import USER, csrf_token, is_logged_in
from notifier.web.watchers import WATCHERS, Seen

_RECHECK_AFTER = 5
"""Looks after which the login is looked at again."""
OVER, LOGGED_OUT = "over", "logged-out"


async def live(request: web.Request) -> web.StreamResponse:
    """GET /campaigns/{campaign}/live: its figures whenever they change, until it is over or the login ends.

    Each message is the whole fragment, so that whoever comes back after a broken line misses nothing.
    """
    line = await seen_campaign(request)
    known = await live_report(request, line) | {"user": request[USER], "csrf": await csrf_token(request)}
    names = await region_names(request.app[DESK].ledger)
    async with sse_response(request, headers=HEADERS) as response:
        async with request.app[WATCHERS].watching(line.campaign_id) as queue:
            n_looks, last = 0, ""
            while response.is_connected() and (seen := await queue.get()) is not None:
                if n_looks % _RECHECK_AFTER == 0 and not await is_logged_in(request):
                    await _end(response, LOGGED_OUT)
                    break
                n_looks += 1
                shown = render_string("_campaign.html", request, _now(request, known, seen, names))
                if shown != last and not await _sent(response, shown):
                    break
                last = shown
                if seen.look.state not in BUSY:
                    await _end(response, OVER)
                    break
        return response


def _now(request: web.Request, known: dict[str, Any], seen: Seen, names: Any) -> dict[str, Any]:
    look, line, report = seen.look, known["line"], known["report"]
    assert isinstance(line, CampaignLine)
    assert isinstance(report, Report)
    moved = with_counts(report, look.facts, names)
    return known | {
        "line": replace(
            line,
            state=look.state,
            paused_why=look.paused_why,
            launched_at=look.launched_at,
            finished_at=look.finished_at,
        ),
        "report": replace(moved, state=look.state),
        "chart": chart(moved),
        "is_busy": look.state in BUSY,
        "per_minute": seen.per_minute,
        "now": request.app[DESK].clock.now(),
    }


async def _sent(response: EventSourceResponse, shown: str) -> bool:
    try:
        await response.send(shown)
    except (ConnectionResetError, TimeoutError):
        return False
    return True


async def _end(response: EventSourceResponse, why: str) -> None:
    try:
        await response.send(why, event="ended")
    except (ConnectionResetError, TimeoutError):
        return


ROUTES = (web.get(r"/campaigns/{campaign:\d{1,19}}/live", live),)
