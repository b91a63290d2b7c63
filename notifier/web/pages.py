"""Rendering: the environment of the templates and what every page knows."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp_jinja2
import jinja2
import structlog
from aiohttp import web

from notifier.accounts.roles import ROLE_TEXT, Permission, User
from notifier.domain.shares import floored
from notifier.report.words import CAMPAIGN_TEXT, LEVEL_TEXT, MEDIUM_TEXT, VISIT_TEXT, reason_text
from notifier.web.charts import bar
from notifier.web.help_texts import help_for
from notifier.web.navigation import places_of
from notifier.web.sessions import USER, csrf_token, told

HERE = Path(__file__).parent
LIBRARIES = HERE / "assets" / "static"
_WANTED = ("pico.min.css", "htmax.min.js", "echarts.min.js")
_COUNTY_TIME = ZoneInfo("Asia/Shanghai")


def local(at: datetime | None) -> str:
    """ "11月24日 10:00" in the county's time; empty for None."""
    return "" if at is None else f"{at.astimezone(_COUNTY_TIME):%m月%d日 %H:%M}"


def local_long(at: datetime | None) -> str:
    """ "2026年11月24日 10:00" in the county's time; empty for None."""
    return "" if at is None else f"{at.astimezone(_COUNTY_TIME):%Y年%m月%d日 %H:%M}"


def local_day(at: datetime) -> str:
    """ "11月24日": the last day in the county's time before an instant, such as the midnight that ends a deadline."""
    day = (at - timedelta(seconds=1)).astimezone(_COUNTY_TIME)
    return f"{day.month}月{day.day}日"


def local_year(at: datetime) -> int:
    """The year in the county's time."""
    return at.astimezone(_COUNTY_TIME).year


def number(n: int) -> str:
    """With separators: 12,345."""
    return f"{n:,}"


def set_up_pages(app: web.Application) -> None:
    """Templates can be rendered and their files are served; libraries that were not built are named in the log."""
    aiohttp_jinja2.setup(
        app,
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    aiohttp_jinja2.get_env(app).filters.update(
        local=local,
        local_year=local_year,
        local_day=local_day,
        local_long=local_long,
        number=number,
        reason=reason_text,
        bar=bar,
    )
    texts = {"CAMPAIGN_TEXT": CAMPAIGN_TEXT, "LEVEL_TEXT": LEVEL_TEXT, "MEDIUM_TEXT": MEDIUM_TEXT}
    aiohttp_jinja2.get_env(app).globals.update(
        texts,
        VISIT_TEXT=VISIT_TEXT,
        ROLE_TEXT=ROLE_TEXT,
        Permission=Permission,
        floored=floored,
        places_of=places_of,
        help_for=help_for,
    )
    app.router.add_static("/static", HERE / "static")
    present = [name for name in _WANTED if (LIBRARIES / name).is_file()]
    if absent := sorted(set(_WANTED) - set(present)):
        structlog.get_logger("web").warning(
            "console_assets_missing", files=absent, mend="build the wheel with npm, or run scripts/test once"
        )
    if present:
        app.router.add_static("/assets", LIBRARIES)
    aiohttp_jinja2.get_env(app).globals["libraries"] = present


async def render(request: web.Request, template: str, **known: Any) -> web.Response:
    """The page, with the user, the token for its forms and what the last deed said."""
    user: User | None = request.get(USER)
    context = {"user": user, "csrf": await csrf_token(request), "told": await told(request), "path": request.path}
    return aiohttp_jinja2.render_template(template, request, {**context, **known})


async def render_part(request: web.Request, template: str, **known: Any) -> web.Response:
    """A fragment for htmx; it holds no form and takes no words from the session."""
    return aiohttp_jinja2.render_template(template, request, {"user": request[USER], **known})
