"""Settings slices of the gateways; part of `notifier.domain.settings`, where they are used from.

A field's description says meaning, unit and reason.
"""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from notifier.domain.operators import EVERY, Operator
from notifier.domain.slices import Slice


class Limits(Slice):
    """What a gateway may be given, kept by all processes together; providers count submissions, whatever follows."""

    messages_per_second: int = Field(0, ge=0, description="messages a second from all processes together; 0 = no limit")
    segments_per_second: int = Field(
        0, ge=0, description="billed parts of texts a second from all processes together; 0 = no limit"
    )
    number_per_day: int = Field(
        0, ge=0, description="messages of one template to one number in any 24 hours; what is more waits; 0 = no limit"
    )
    same_text_apart: timedelta = Field(
        timedelta(0),
        description="least time between two messages of one template to one number, whatever they say; 0 = none",
    )


@dataclass(frozen=True, slots=True)
class Metered:
    """A gateway by name, with its limits."""

    gateway: str
    limits: Limits


class AliyunSms(Limits):
    """One Aliyun SMS account (providers.md §1-3)."""

    enabled: bool = Field(False, description="false leaves the gateway out")
    filed: tuple[Operator, ...] = Field(
        EVERY, description="operators that the signature is filed with (报备); to others nothing leaves by this gateway"
    )
    endpoint: str = Field("https://dysmsapi.aliyuncs.com/", description="where calls go; the sandbox has its own")
    region_id: str = Field("cn-hangzhou", description="RegionId parameter")
    access_key_id: str = Field("", description="AccessKey id of a RAM user with AliyunDysmsFullAccess")
    access_key_secret: SecretStr = Field(
        SecretStr(""), description="its secret; give it by environment, not in the file"
    )
    sign_name: str = Field("", description="approved 签名 without 【】")
    signature: Literal["v1", "v3"] = Field("v1", description="v1 = HMAC-SHA1 RPC, v3 = ACS3-HMAC-SHA256")
    calls_per_second: int = Field(1000, ge=1, le=5000, description="our own limit below the account's 5000")
    number_per_day: int = Field(
        50, ge=0, description="messages of one template to one number in any 24 h, as the account's; 0 = no limit"
    )
    codes_file: Path | None = Field(None, description="a county's own status codes, over the shipped table")


class Wechat(Limits):
    """One WeChat official account (providers.md §4)."""

    enabled: bool = Field(False, description="false leaves the gateway out")
    api_base: str = Field("https://api.weixin.qq.com/", description="where calls go; the sandbox has its own")
    appid: str = Field("", description="wx… of the 服务号")
    secret: SecretStr = Field(SecretStr(""), description="its AppSecret; give it by environment")
    token: SecretStr = Field(SecretStr(""), description="message server Token, checks signatures of pushes")
    aes_key: SecretStr = Field(
        SecretStr(""), description="EncodingAESKey, 43 characters; empty when the account pushes plain"
    )
    push_age: timedelta = Field(
        timedelta(minutes=10), description="a push signed longer ago than this is refused as a replay"
    )
    open_base: str = Field("https://open.weixin.qq.com/", description="where a page's visitor is sent to be recognised")
    picture_base: str = Field("https://mp.weixin.qq.com/", description="where the pictures of QR codes are")
    script_url: str = Field(
        "https://res.wx.qq.com/open/js/jweixin-1.6.0.js",
        pattern=r"^https?://[^/\s]+/\S+$",
        description="WeChat's own script, by which 我的补贴 asks for consent to 订阅通知; no other page loads it",
    )
    codes_file: Path | None = Field(None, description="a county's own status codes, over the shipped table")


class TencentSms(Limits):
    """One SmsSdkAppId of Tencent Cloud SMS (providers.md §6.1)."""

    enabled: bool = Field(False, description="false leaves the gateway out")
    filed: tuple[Operator, ...] = Field(
        EVERY, description="operators that the signature is filed with (报备); to others nothing leaves by this gateway"
    )
    endpoint: str = Field("https://sms.tencentcloudapi.com/", description="where calls go; the sandbox has its own")
    region: str = Field("ap-guangzhou", description="X-TC-Region header")
    secret_id: str = Field("", description="SecretId of a sub-account with QcloudSMSFullAccess")
    secret_key: SecretStr = Field(SecretStr(""), description="its SecretKey; give it by environment, not in the file")
    sdk_app_id: str = Field("", description="SmsSdkAppId of the application, e.g. 1400006666")
    sign_name: str = Field("", description="approved 签名 without 【】")
    calls_per_second: int = Field(1000, ge=1, le=3000, description="our own limit below the account's 3000")
    absent_after: timedelta | None = Field(
        timedelta(hours=71),
        description="age at which a pull without the message proves that Tencent never had it: carriers report within "
        "three days, and a pull lists only what was reported; just before the receipt window ends",
    )
    number_per_day: int = Field(
        10, ge=0, description="messages of one template to one number in any 24 h, as the account's; 0 = no limit"
    )
    same_text_apart: timedelta = Field(
        timedelta(seconds=30),
        description="least time between two messages of one template to one number, whatever they say; 0 = none",
    )
    codes_file: Path | None = Field(None, description="a county's own status codes, over the shipped table")


class Mas(Limits):
    """One interface account of 移动云MAS (providers.md §6.2)."""

    enabled: bool = Field(False, description="false leaves the gateway out")
    filed: tuple[Operator, ...] = Field(
        EVERY, description="operators that the signature is filed with (报备); to others nothing leaves by this gateway"
    )
    endpoint: str = Field(
        "http://112.35.1.155:1992/sms/",
        description="the folder of norsubmit and tmpsubmit; plain HTTP, so reach it by a private line or a tunnel",
    )
    ec_name: str = Field("", description="企业名称, exactly as the platform has it")
    ap_id: str = Field("", description="接口账号 user name")
    secret_key: SecretStr = Field(SecretStr(""), description="its secretKey; give it by environment, not in the file")
    sign: str = Field("", description="签名编码 of the approved signature")
    add_serial: str = Field("", pattern=r"^[0-9]{0,20}$", description="扩展码; empty for an exact (精确匹配) signature")
    calls_per_second: int = Field(20, ge=1, le=1000, description="our own limit; the contract says what is allowed")
    same_text_apart: timedelta = Field(
        timedelta(seconds=30),
        description="least time between two messages of one template to one number, whatever they say; 0 = none",
    )
    codes_file: Path | None = Field(None, description="a county's own status codes, over the shipped table")


class Cmpp(Limits):
    """One account at a carrier's CMPP gateway (providers.md §6.3)."""

    enabled: bool = Field(False, description="false leaves the gateway out")
    filed: tuple[Operator, ...] = Field(
        EVERY, description="operators that the signature is filed with (报备); to others nothing leaves by this gateway"
    )
    host: str = Field("", description="address of the gateway (ISMG); the sandbox has its own")
    port: int = Field(7890, ge=1, le=65535, description="its port; the carrier says which")
    version: Literal["2.0", "3.0"] = Field("2.0", description="protocol version that the account was opened with")
    source_addr: str = Field("", pattern=r"^[\x21-\x7e]{0,6}$", description="企业代码 (SP_Id), six characters")
    shared_secret: SecretStr = Field(
        SecretStr(""), description="its shared secret; give it by environment, not in the file"
    )
    src_id: str = Field("", pattern=r"^[0-9]{0,21}$", description="接入号 that a handset shows as the sender")
    service_id: str = Field("", pattern=r"^[\x21-\x7e]{0,10}$", description="业务代码 of the contract")
    sign_name: str = Field("", description="签名 put before each text as 【…】; empty when the gateway puts it there")
    submits_per_second: int = Field(
        50, ge=1, le=2000, description="our own limit in parts of texts; the contract says what is allowed"
    )
    connect_timeout: timedelta = Field(
        timedelta(seconds=5), description="until a connection stands; failing here is certainly not sent"
    )
    answer_timeout: timedelta = Field(
        timedelta(seconds=60), description="how long an answer may take before the message is unsure"
    )
    heartbeat: timedelta = Field(
        timedelta(seconds=30),
        gt=timedelta(0),
        description="after this long without a word the gateway is asked for one, three times, and then reconnected",
    )
    reconnect_after: timedelta = Field(
        timedelta(seconds=1), description="wait before the first reconnection; doubles up to a minute"
    )
    same_text_apart: timedelta = Field(
        timedelta(seconds=30),
        description="least time between two messages of one template to one number, whatever they say; 0 = none",
    )
    codes_file: Path | None = Field(None, description="a county's own status codes, over the shipped table")


class Channels(Slice):
    """Every gateway that can be configured."""

    aliyun_sms: AliyunSms = Field(default_factory=AliyunSms, description="Aliyun SMS")
    wechat: Wechat = Field(default_factory=Wechat, description="WeChat official account")
    tencent_sms: TencentSms = Field(default_factory=TencentSms, description="Tencent Cloud SMS")
    mas: Mas = Field(default_factory=Mas, description="移动云MAS")
    cmpp: Cmpp = Field(default_factory=Cmpp, description="CMPP 2.0 or 3.0 gateway of a carrier")

    def signs(self) -> dict[str, str]:
        """The signature that each gateway puts before a text, "" where it is not known here."""
        return {name: getattr(section, "sign_name", "") for name, section in self}

    def filed(self) -> dict[str, frozenset[Operator]]:
        """The operators that each SMS gateway's signature is filed with."""
        return {name: frozenset(section.filed) for name, section in self if hasattr(section, "filed")}
