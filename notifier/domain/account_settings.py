"""Settings of what people prove before they are let in, and of what operators are told."""

from datetime import timedelta

from pydantic import Field

from notifier.domain.slices import Slice


class Accounts(Slice):
    """Users and their logins."""

    require_totp: bool = Field(
        False, description="true makes administrators enrol a one-time password before they can do anything else"
    )
    idle: timedelta = Field(
        timedelta(hours=2),
        ge=timedelta(minutes=1),
        description="a login nobody uses ends after this long; web.session_hours ends it in any case",
    )
    proxies: tuple[str, ...] = Field(
        (), description="addresses of reverse proxies whose X-Forwarded-For says where a request comes from"
    )


class Alerts(Slice):
    """What operators and administrators are told by SMS or WeChat."""

    enabled: bool = Field(True, description="false shows alerts in the console only and texts nobody")
    every: timedelta = Field(timedelta(minutes=1), description="how often what is wrong is looked for")
    again_after: timedelta = Field(
        timedelta(hours=12), description="how long after a text the same trouble, still going on, is told again"
    )
    most_a_day: int = Field(
        10, ge=1, le=50, description="texts a person gets in a day; further alerts stand in the console only"
    )
