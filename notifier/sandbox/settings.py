"""What the stand-in gateways are told at the start: accounts, templates, pushes, pace and mischief.

Every secret here is a dummy. A number given for a duration means seconds.
"""

import tomllib
from datetime import timedelta
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Self

from pydantic import Field, ValidationError, model_validator

from notifier.domain.errors import ConfigError
from notifier.sandbox.cmpp.settings import CmppSettings
from notifier.sandbox.frozen import Duration, Frozen, MountPath, no_repeats
from notifier.sandbox.mas.settings import MasSettings
from notifier.sandbox.mischief import EventMischiefPlan, MischiefPlan
from notifier.sandbox.tencent.settings import TencentSettings


class Approval(IntEnum):
    """State of a template or signature, as QuerySmsTemplate and QuerySmsSign report it."""

    IN_REVIEW = 0  # 审核中
    APPROVED = 1  # 审核通过
    REJECTED = 2  # 审核未通过
    WITHDRAWN = 10  # 取消审核


class SmsKind(IntEnum):
    """Kind of an SMS template; decides the flow control."""

    CAPTCHA = 0  # 验证码
    NOTICE = 1  # 通知短信
    PROMOTION = 2  # 推广短信
    INTERNATIONAL = 3  # 国际/港澳台


class BatchMode(StrEnum):
    """What one bad or flow-limited number does to the rest of its request (undocumented, so both)."""

    REJECT = "reject"  # the whole request is refused
    RECEIPT = "receipt"  # the others go out; that number gets a failing receipt


class PushMode(StrEnum):
    """How the official account writes its pushes."""

    PLAIN = "plain"  # 明文模式
    MIXED = "mixed"  # 兼容模式: plain fields and Encrypt
    AES = "aes"  # 安全模式: ToUserName and Encrypt only


class SmsTemplate(Frozen):
    code: str = Field(pattern=r"^SMS_\d+$")
    """TemplateCode."""
    content: str = Field(min_length=1, max_length=500)
    """Text with ${name} variables, without the signature."""
    kind: SmsKind = SmsKind.NOTICE
    """Template type."""
    status: Approval = Approval.APPROVED
    """Only an approved template sends."""
    name: str = ""
    """Shown by QuerySmsTemplate."""
    reason: str = ""
    """Remark of the review, shown when it was not approved."""


class SmsSign(Frozen):
    name: str = Field(min_length=2, max_length=12, pattern=r"^[^【】]+$")
    """Signature without 【】."""
    status: Approval = Approval.APPROVED
    """Only an approved signature sends."""
    reason: str = ""
    """Remark of the review, shown when it was not approved."""


class FlowLimits(Frozen):
    """Messages to one number in a rolling window; 0 switches a limit off."""

    captcha_per_minute: int = Field(1, ge=0)
    """验证码: same signature and number."""
    captcha_per_hour: int = Field(5, ge=0)
    """验证码: same signature and number."""
    captcha_per_day: int = Field(10, ge=0)
    """验证码: same signature and number."""
    notice_per_day: int = Field(50, ge=0)
    """通知: same signature, template and number."""
    promotion_per_day: int = Field(50, ge=0)
    """推广: same number."""


class AliyunSettings(Frozen):
    path: MountPath = "/aliyun/"
    """Where the RPC endpoint is mounted."""
    at_root: bool = True
    """Also answer at "/", for SDKs that can be given a host but no path."""
    access_keys: dict[str, str] = Field(default_factory=lambda: {"SandboxKey640425": "sandbox-dummy-secret"})
    """AccessKeyId -> AccessKeySecret."""
    disabled_keys: frozenset[str] = frozenset()
    """AccessKeyIds of access_keys that answer InvalidAccessKeyId.Inactive."""
    clock_window: Duration = timedelta(minutes=15)
    """How far a Timestamp may be from the server's clock; nonces are remembered as long."""
    qps: int = Field(5000, ge=0)
    """Requests a second and action before Throttling.User; 0 is no limit."""
    batch_mode: BatchMode = BatchMode.REJECT
    """Atomicity of SendSms to many and of SendBatchSms."""
    signs: tuple[SmsSign, ...] = (SmsSign(name="彭阳惠农"),)
    """Signatures of the account."""
    templates: tuple[SmsTemplate, ...] = ()
    """Templates of the account."""
    flow: FlowLimits = FlowLimits()
    """Flow control per number."""
    sms_report_url: str = ""
    """Where SmsReport is pushed (POST, JSON array); empty pushes nothing."""
    receipt_delay: tuple[Duration, Duration] = (timedelta(seconds=0.3), timedelta(seconds=1.5))
    """A carrier reports this long after acceptance, between the two."""
    push_size: int = Field(500, ge=1, le=500)
    """Most receipts in one push."""
    push_timeout: Duration = timedelta(seconds=5)
    """No answer within this counts as a failed push."""
    push_retries: tuple[Duration, ...] = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=10))
    """Waits before each re-push (times time_factor); after the last one the receipts are dropped."""
    mischief: MischiefPlan = MischiefPlan()
    """Misbehaviour from the start."""

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        no_repeats("aliyun.templates", (t.code for t in self.templates))
        no_repeats("aliyun.signs", (s.name for s in self.signs))
        return self


class WeChatTemplate(Frozen):
    template_id: str = Field(pattern=r"^[A-Za-z0-9_-]{43}$")
    """43 characters, as the platform gives them."""
    title: str = Field(min_length=1)
    """Headline that the follower sees."""
    keywords: dict[str, str] = Field(min_length=2)
    """Keyword such as thing1 -> label; the platform asks for at least two."""
    allowed: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Approved values of const and enum keywords."""
    lasting: bool = True
    """Of a subscription template: accepted once it lasts (长期订阅); false takes one acceptance for each notice."""


class WeChatSettings(Frozen):
    path: MountPath = "/wechat/cgi-bin/"
    """Where cgi-bin is mounted."""
    appid: str = Field("wx6404250000000001", pattern=r"^wx[0-9a-f]{16}$")
    """AppID of the official account."""
    secret: str = "00000000000000000000000000640425"
    """AppSecret."""
    token: str = Field("sandboxToken640425", pattern=r"^[A-Za-z0-9]{3,32}$")
    """Token of the message server; signs every push."""
    encoding_aes_key: str = Field("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFE", pattern=r"^[A-Za-z0-9]{43}$")
    """EncodingAESKey of the message server."""
    original_id: str = "gh_640425000001"
    """ToUserName of every push."""
    allowed_ips: frozenset[str] = frozenset()
    """Addresses that may fetch a token (IP 白名单); empty allows all."""
    templates: tuple[WeChatTemplate, ...] = ()
    """Template messages of the account."""
    subscriptions: tuple[WeChatTemplate, ...] = ()
    """Subscription notices (订阅通知) of the account."""
    token_life: Duration = timedelta(hours=2)
    """Life of an access token."""
    token_overlap: Duration = timedelta(minutes=5)
    """How long a superseded token still works."""
    tokens_per_day: int = Field(2000, ge=1)
    """cgi-bin/token calls a day."""
    stable_tokens_per_minute: int = Field(10_000, ge=1)
    """cgi-bin/stable_token calls a minute."""
    forced_per_day: int = Field(20, ge=1)
    """force_refresh calls a day."""
    forced_apart: Duration = timedelta(seconds=30)
    """Least time between two force_refresh calls."""
    sends_per_day: int = Field(100_000, ge=1)
    """template/send calls a day (Beijing midnight)."""
    dedupe_window: Duration = timedelta(minutes=10)
    """The same openid and client_msg_id within this is one message."""
    everybody_follows: bool = True
    """An openid of which nothing is known is a follower; false answers 43004."""
    callback_url: str = ""
    """Message server of the account (POST, XML); empty pushes nothing."""
    push_mode: PushMode = PushMode.PLAIN
    """How pushes are written."""
    event_delay: tuple[Duration, Duration] = (timedelta(seconds=0.2), timedelta(seconds=1))
    """TEMPLATESENDJOBFINISH comes this long after acceptance, between the two."""
    push_timeout: Duration = timedelta(seconds=5)
    """A push without an answer within this is repeated."""
    push_attempts: int = Field(3, ge=1)
    """Tries for each push, then it is dropped."""
    mischief: EventMischiefPlan = EventMischiefPlan()
    """Misbehaviour from the start."""

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        no_repeats("wechat.templates", (t.template_id for t in self.templates))
        no_repeats("wechat.subscriptions", (t.template_id for t in self.subscriptions))
        return self


class SandboxSettings(Frozen):
    host: str = "127.0.0.1"
    """Address to listen on; a sandbox is for one machine."""
    port: int = Field(8899, ge=0, le=65535)
    """Port to listen on; 0 takes a free one."""
    record_path: Path = Path("var/sandbox-handsets.sqlite3")
    """The record of what every handset received."""
    time_factor: float = Field(1.0, ge=0)
    """Factor on push waits and late receipts: 0.01 turns a minute into 0.6 s."""
    aliyun: AliyunSettings = AliyunSettings()
    """Aliyun SMS."""
    wechat: WeChatSettings = WeChatSettings()
    """The official account."""
    tencent: TencentSettings = TencentSettings()
    """Tencent SMS."""
    mas: MasSettings = MasSettings()
    """移动云MAS."""
    cmpp: CmppSettings = CmppSettings()
    """A carrier's CMPP gateway."""


def load_settings(path: Path) -> SandboxSettings:
    """Settings of the TOML file at `path`; what it leaves out has its default.

    Raises ConfigError with one Chinese sentence a fault: which key, what is wrong with it, which file.
    """
    try:
        return SandboxSettings.model_validate(tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        raise ConfigError(f"读不到沙箱配置文件 {path}：{error.strerror}。请检查路径和权限。") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"沙箱配置文件 {path} 不是合法的 UTF-8 TOML：{error}。请按提示的行列修改。") from error
    except ValidationError as error:
        faults = "；".join(
            f"{'.'.join(map(str, fault['loc'])) or '(整体)'}：{fault['msg']}" for fault in error.errors()
        )
        raise ConfigError(f"沙箱配置文件 {path} 有误：{faults}。请改正后再启动。") from error
