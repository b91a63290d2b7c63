"""Settings slices: each room or door gets its own, typed and frozen. `notifier.settings` fills them.

A field's description says meaning, unit and reason; its default is the embedded default (DESIGN §4).
"""

from datetime import time, timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator

from notifier.domain.gateways import AliyunSms, Channels, Cmpp, Mas, TencentSms, Wechat
from notifier.domain.ladder import PRESETS
from notifier.domain.registry_settings import Registry
from notifier.domain.routing import Routing
from notifier.domain.slices import Slice
from notifier.domain.watch import Watch

__all__ = [
    "AliyunSms",
    "BusSettings",
    "Campaigns",
    "Channels",
    "Cmpp",
    "Compose",
    "Dispatch",
    "Inquiries",
    "Ledger",
    "Log",
    "Mas",
    "Match",
    "Registry",
    "Routing",
    "Schedule",
    "Seal",
    "Slice",
    "TencentSms",
    "Track",
    "Watch",
    "Web",
    "Wechat",
    "Wire",
]


class Ledger(Slice):
    """The database that is the truth."""

    url: str = Field(
        "sqlite+aiosqlite:///.notifier/ledger.db",
        description="SQLAlchemy async URL; SQLite file or postgresql+asyncpg",
    )
    pool: int = Field(
        8, ge=1, le=64, description="PostgreSQL connections a process keeps; one each for workers, web, clock"
    )


class Seal(Slice):
    """How personal data is encrypted and found."""

    cipher: Literal["aes-256-gcm", "sm4-gcm"] = Field(
        "aes-256-gcm", description="cipher of new values; old ones stay readable"
    )
    key_file: Path = Field(
        Path(".notifier/keys.toml"),
        description="keys by id, mode 0600; made at first start if absent; back it up apart from the ledger",
    )


class BusSettings(Slice):
    """What carries chunk ids between processes."""

    url: str = Field("memory://", description="memory:// for one process, nats://host:4222 for several")
    stream: str = Field(
        "NOTIFIER",
        pattern=r"^[A-Z0-9_]+$",
        description="JetStream stream name; change it to run two counties on one cluster",
    )
    replicas: int = Field(
        1, ge=1, le=5, description="servers of the cluster that keep each raw receipt; 3 where there are three"
    )


class Web(Slice):
    """The front desk."""

    host: str = Field("127.0.0.1", description="address to listen on; loopback unless a proxy stands elsewhere")
    port: int = Field(8640, ge=0, le=65535, description="port to listen on; 0 picks a free one")
    public_url: str = Field("http://127.0.0.1:8640", description="what people and providers type; used in links")
    callback_secret: SecretStr = Field(
        SecretStr(""),
        description="secret path part of provider callbacks; made and kept in the key file when empty",
    )
    session_hours: int = Field(12, ge=1, le=168, description="hours until a login ends")
    link_days: int = Field(
        90, ge=1, le=730, description="days that the link to a farmer's own page in a message works; then it says so"
    )
    secure_cookies: bool = Field(False, description="true behind HTTPS; cookies are then never sent in clear")


class Match(Slice):
    """Policies and people."""

    taxonomy_file: Path = Field(Path("config/taxonomy.toml"), description="topic -> keywords -> rule")


class Campaigns(Slice):
    """Reviews and ladders."""

    launch_when_approved: bool = Field(
        True, description="an approved campaign starts by itself; false waits for `notifier campaign launch`"
    )
    policy_reviews: int = Field(1, ge=0, le=5, description="reviews a policy campaign needs; one by default")
    disbursement_reviews: int = Field(
        0, ge=0, le=5, description="reviews an audited disbursement needs; its audits were the review"
    )
    review_levels: tuple[Literal["village", "township", "county"], ...] = Field(
        ("village", "township", "county"),
        description="who reviews what a person drafted, one after the other, from the level of its author's region "
        "upwards; a level named twice needs two persons",
    )
    confirm_above: int = Field(
        5000, ge=0, description="households; who submits a campaign for more than these types their number first"
    )
    forbidden_file: Path = Field(
        Path("config/forbidden_words.toml"), description="words that gateways refuse, by gateway"
    )
    thousand_segments_fen: int = Field(
        4500, ge=0, description="fen; what a thousand billed segments cost by contract, for the estimate"
    )
    policy_ladder: str = Field("短信必达", description="ladder preset of policy campaigns")
    disbursement_ladder: str = Field("微信优先", description="ladder preset of disbursement campaigns")

    @field_validator("policy_ladder", "disbursement_ladder")
    @classmethod
    def _known_preset(cls, value: str) -> str:
        if value not in PRESETS:
            raise ValueError("must be one of " + ", ".join(PRESETS))
        return value


class Compose(Slice):
    """Texts."""

    texts_file: Path = Field(
        Path("config/texts.toml"), description="notice texts, templates and their variables a gateway"
    )
    hotline: str = Field("0954-7010000", pattern=r"^[0-9-]{3,17}$", description="where to ask; in every notice")


class Dispatch(Slice):
    """Sending."""

    chunk_size: int = Field(
        1000, ge=1, le=1000, description="messages claimed together; larger ones lose more to one crash"
    )
    chunks_at_once: int = Field(4, ge=1, le=64, description="chunks a worker process has under way")
    calls_at_once: int = Field(64, ge=1, le=512, description="provider calls a worker process has under way")
    lease: timedelta = Field(
        timedelta(seconds=60), description="how long a claimed chunk is its worker's without a sign of life"
    )
    quiet_from: time = Field(
        time(20, 30),
        description="Asia/Shanghai; from then on messages wait; equal to quiet_until means never quiet",
    )
    quiet_until: time = Field(
        time(8, 0),
        description="Asia/Shanghai; the end of the quiet hours, next day if earlier than quiet_from",
    )
    lunch_from: time = Field(
        time(12), description="Asia/Shanghai; messages also wait over lunch; equal to lunch_until means no rest"
    )
    lunch_until: time = Field(time(12), description="Asia/Shanghai; the end of the rest over lunch, e.g. 14:00")
    holidays: Literal["none", "all_day", "later_start"] = Field(
        "none",
        description="what China's statutory holidays with their moved days (调休) hold back: none, all_day, or "
        "later_start (until holiday_start)",
    )
    holiday_start: time = Field(time(9, 30), description="Asia/Shanghai; when a holiday begins with later_start")
    payment_quiet_from: time | None = Field(
        None, description="quiet_from for payment results, which a household waits for; unset it is quiet_from"
    )
    payment_quiet_until: time | None = Field(
        None, description="quiet_until for payment results; unset it is quiet_until"
    )
    payment_holidays: Literal["none", "all_day", "later_start"] | None = Field(
        None, description="holidays for payment results; unset it is holidays"
    )
    fast_lane_every: timedelta = Field(
        timedelta(seconds=0.5),
        gt=timedelta(0),
        description="how often a worker process looks for chunks that go before broadcasts, in a slot of their own",
    )
    settle_after: timedelta = Field(
        timedelta(minutes=2), description="how long after an unsure call the provider is first asked"
    )
    absent_after: timedelta = Field(
        timedelta(minutes=15),
        description="age at which a provider's 'no such message' proves that it never left; its records lag",
    )
    give_up_after: timedelta = Field(
        timedelta(hours=72),
        description="how long limits and gateways may postpone a message; then its household goes on without it",
    )
    call_timeout: timedelta = Field(
        timedelta(seconds=15), description="how long one provider call may take before it is unsure"
    )


class Track(Slice):
    """Receipts, silence and visits."""

    window: timedelta = Field(
        timedelta(hours=72),
        description="how long a receipt may take; then the message is silent (providers push up to 72 h late)",
    )
    wechat_window: timedelta = Field(
        timedelta(hours=1), description="the same for WeChat events, which come in seconds"
    )
    ask_after: timedelta = Field(
        timedelta(hours=6),
        description="how long after sending a gateway that can be asked is asked for missing receipts; and once more "
        "at the end of the window",
    )
    dead_days: int = Field(
        2,
        ge=1,
        le=30,
        description="distinct days on which a number must be said not to exist (空号) before it is used no more",
    )
    photo_days: int = Field(
        365, ge=1, le=3650, description="days that the photo of a visit is kept sealed; the signed visit itself stays"
    )
    push_days: int = Field(
        1095, ge=30, le=36500, description="days that what providers pushed is kept sealed as proof of what arrived"
    )
    parked_days: int = Field(
        7, ge=1, le=60, description="days that a receipt for an unknown message is kept and tried again"
    )
    reply_window: timedelta = Field(
        timedelta(days=7), description="how old a notice may be that 收到 acknowledges or 打错了 disowns"
    )
    consent_days: int = Field(
        160, ge=155, description="days that 退订 and 恢复 are kept after nobody has the number; at least five months"
    )


class Inquiries(Slice):
    """Questions, complaints and suggestions of households."""

    answer_days: int = Field(
        5, ge=1, le=60, description="working days until an inquiry is to be settled; China's calendar"
    )
    region_code: str = Field(
        "640425000000",
        pattern=r"^[0-9]{12}$",
        description="行政区划 that answers those whose number is in no household",
    )


class Schedule(Slice):
    """How often each step runs; a step with nothing to do costs one query."""

    look_every: timedelta = Field(
        timedelta(seconds=10), description="asking which sources are due; each is looked at as often as it says"
    )
    match_every: timedelta = Field(timedelta(seconds=10), description="matching and planning")
    compose_every: timedelta = Field(
        timedelta(seconds=3), description="composing; also how soon a next rung is climbed"
    )
    sweep_every: timedelta = Field(
        timedelta(seconds=5), description="offering chunks that nobody holds; bounds what a lost bus message costs"
    )
    track_every: timedelta = Field(timedelta(seconds=2), description="folding receipts")
    route_every: timedelta = Field(
        timedelta(seconds=5), description="looking at recent calls and moving gateways' shares"
    )
    purge_every: timedelta = Field(timedelta(hours=6), description="forgetting what is kept for a number of days only")
    settle_every: timedelta = Field(
        timedelta(seconds=15), description="asking providers about unsure calls that are due"
    )


class Wire(Slice):
    """The HTTP client."""

    connections: int = Field(128, ge=1, le=1024, description="open connections in all")
    connect_timeout: timedelta = Field(
        timedelta(seconds=5), description="until a connection stands; failing here is certainly not sent"
    )


class Log(Slice):
    """Structured logs, without personal data."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="least severity that is written")
    format: Literal["json", "console"] = Field("json", description="json lines for machines, console for people")
