"""What each gateway is tried with in `scripts/bench chaos`: its misbehaviour, the service's settings, the campaign."""

import secrets
import socket
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from notifier.domain.messages import ContactKind
from notifier.sandbox.settings import SandboxSettings
from scripts.benchmarks.gateway import shipped

_AS_USUAL: dict[str, float] = {
    "throttle": 0.02, "http_500": 0.005, "http_502_after": 0.005, "reset_before": 0.01, "reset_after": 0.02,
    "reset_mid_body": 0.01, "slow_body": 0.01, "garbage_body": 0.005, "receipt_early": 0.01, "receipt_late": 0.02,
    "receipt_lost": 0.03, "receipt_silent": 0.005, "receipt_doubled": 0.05, "receipt_shuffled": 0.02,
    "receipt_unknown": 0.002, "receipt_garbled": 0.001,
}  # fmt: skip
# A call is one letter here, so the shares are of letters.
_ONE_BY_ONE = _AS_USUAL | {"throttle": 0.01, "reset_before": 0.005, "reset_after": 0.005, "slow_body": 0.003}
_LATE_S, _SLOW_S, _CALL_S = 2, 3, 2
_LATENCY_S = (0.02, 0.15)
_RECEIPT_DELAY = (timedelta(seconds=0.1), timedelta(seconds=1))
_REPEATS = tuple(timedelta(seconds=s) for s in (0.5, 2, 4))
_ABSENT_S = 5
"""Later than whatever a killed process had on its way can be taken in, and than what a carrier is late with."""
SUBSCRIPTION_TEMPLATE = "PolicyNews640425-AAAAAAAAAAAAAAAAAAAAAAAAAA"


@dataclass(frozen=True, slots=True)
class Trial:
    """One gateway under trial, by the name it has on the command line."""

    name: str
    channel: str
    """Its section in config/notifier.toml."""
    stand_in: str
    """Its name in the sandbox."""
    rates: dict[str, float]
    """Share of calls (receipt_*: of letters) that meet each mishap."""
    is_askable: bool = True
    """Whether what became of a call can be found out; else a call whose answer is lost costs a visit a letter."""
    has_key: bool = True
    """Whether the sandbox's record carries our out_id, so that `notifier proof` can read it."""
    contact: ContactKind = ContactKind.PHONE
    """What the households have."""
    chunk_size: int = 10
    lease_s: float = 2
    settings: dict[str, Any] = field(default_factory=dict)
    """More of its section."""


TRIALS = {
    trial.name: trial
    for trial in (
        Trial("aliyun_sms", "aliyun_sms", "aliyun", _AS_USUAL),
        # Few letters a call, since Tencent answers twenty questions a second. A pull says nothing of what no carrier
        # has reported: a carrier that never reports would make `absent_after` untrue.
        Trial(
            "tencent_sms", "tencent_sms", "tencent", _AS_USUAL | {"receipt_silent": 0}, chunk_size=5,
            settings={"absent_after": f"PT{_ABSENT_S}S"},
        ),
        Trial("wechat", "wechat", "wechat", _ONE_BY_ONE, contact=ContactKind.OPENID),
        Trial(
            "subscription", "wechat", "wechat", _ONE_BY_ONE, is_askable=False, has_key=False,
            contact=ContactKind.OPENID,
        ),
        Trial(
            "mas", "mas", "mas", _AS_USUAL, is_askable=False, has_key=False, chunk_size=5,
            settings={"calls_per_second": 1000},
        ),
        # A reset ends the connection for all that is in its window; a dead owner's account is free after the lease.
        Trial(
            "cmpp", "cmpp", "cmpp",
            _ONE_BY_ONE
            | {"http_500": 0, "http_502_after": 0, "reset_mid_body": 0, "slow_body": 0, "garbage_body": 0}
            | {"reset_before": 0.0005, "reset_after": 0.001, "no_answer": 0.002}
            | {"frames_torn": 0.01, "frames_glued": 0.01},
            is_askable=False, has_key=False, chunk_size=5, lease_s=1.2,
        ),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a trial takes place: files, ports, the service's front door."""

    folder: Path
    ledger_url: str
    window: timedelta
    """How long the service waits for a receipt."""
    port: int
    cmpp_port: int
    secret: str = field(repr=False)

    @property
    def key_file(self) -> Path:
        """The keys of the ledger."""
        return self.folder / "keys.toml"

    @property
    def log(self) -> Path:
        """What the service said, in all its lives."""
        return self.folder / "service.log"

    def callback(self, channel: str) -> str:
        """Where a gateway pushes receipts."""
        return f"http://127.0.0.1:{self.port}/callbacks/{channel}/{self.secret}"


def lay_ground(folder: Path, ledger_url: str, window: timedelta) -> Ground:
    """Ports that were free just now. A service that is started again must listen where the last one did."""
    plugs = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    ports = [int(plug.getsockname()[1]) for plug in plugs]
    for plug in plugs:
        plug.close()
    return Ground(folder, ledger_url, window, ports[0], ports[1], secrets.token_urlsafe(24))


def of_the_sandbox(trial: Trial, ground: Ground, seed: int) -> SandboxSettings:
    """The shipped stand-ins, quick with receipts and repeats; the one under trial misbehaves from the start."""
    repeats, url = {"receipt_delay": _RECEIPT_DELAY, "push_timeout": timedelta(seconds=2)}, ground.callback
    changes: dict[str, dict[str, Any]] = {
        "aliyun": {**repeats, "qps": 0, "sms_report_url": url("aliyun_sms"), "push_retries": _REPEATS},
        "tencent": {**repeats, "report_url": url("tencent_sms"), "push_waits": _REPEATS[:2]},
        "mas": {**repeats, "report_url": url("mas"), "push_waits": _REPEATS[:2]},
        "wechat": {"callback_url": url("wechat"), "event_delay": _RECEIPT_DELAY, "push_timeout": timedelta(seconds=2)},
        "cmpp": {
            "enabled": trial.name == "cmpp", "port": ground.cmpp_port, "receipt_delay": _RECEIPT_DELAY,
            "deliver_timeout": timedelta(seconds=1), "deliver_waits": _REPEATS,
        },
    }  # fmt: skip
    settings = shipped()
    sections = {name: getattr(settings, name).model_copy(update=told) for name, told in changes.items()}
    under_trial = sections[trial.stand_in]
    mischief = {"seed": seed, "rates": trial.rates, "latency": _LATENCY_S, "late_by": _LATE_S, "slow_for": _SLOW_S}
    plan = type(under_trial.mischief).model_validate(mischief)
    sections[trial.stand_in] = under_trial.model_copy(update={"mischief": plan})
    return settings.model_copy(update=sections)


def of_the_service(trial: Trial, ground: Ground, sandbox: str) -> dict[str, Any]:
    """What differs from the shipped config/notifier.toml: one gateway, never quiet, seconds for hours."""
    (sources := ground.folder / "sources").mkdir(exist_ok=True)
    window, steps = {"window": ground.window, "wechat_window": ground.window}, ("look", "match", "track", "settle")
    return {
        "ledger": {"url": ground.ledger_url},
        "seal": {"key_file": ground.key_file},
        "web": {
            "port": ground.port, "public_url": f"http://127.0.0.1:{ground.port}", "callback_secret": ground.secret,
        },
        "watch": {"folder": sources},
        "dispatch": {
            "chunk_size": trial.chunk_size, "lease": timedelta(seconds=trial.lease_s), "quiet_from": "08:00",
            "quiet_until": "08:00", "settle_after": "PT1S", "absent_after": timedelta(seconds=_ABSENT_S),
            "call_timeout": timedelta(seconds=_CALL_S),
        },
        "track": window,
        "schedule": {f"{step}_every": "PT1S" for step in steps} | {"compose_every": "PT1S", "sweep_every": "PT0.5S"},
        "channels": {trial.channel: {"enabled": True, **_account(trial.channel, ground, sandbox), **trial.settings}},
    }  # fmt: skip


def _account(channel: str, ground: Ground, sandbox: str) -> dict[str, Any]:
    """The sandbox's account."""
    dummy, sign = "sandbox-dummy-secret", "彭阳惠农"
    accounts: dict[str, dict[str, Any]] = {
        "aliyun_sms": {
            "endpoint": f"{sandbox}/aliyun/", "access_key_id": "SandboxKey640425", "access_key_secret": dummy,
            "sign_name": sign,
        },
        "tencent_sms": {
            "endpoint": f"{sandbox}/tencent/", "secret_id": "AKIDsandbox640425", "secret_key": dummy,
            "sdk_app_id": "1400640425", "sign_name": sign,
        },
        "mas": {
            "endpoint": f"{sandbox}/mas/sms/", "ec_name": "样例县农业农村局", "ap_id": "sandbox", "secret_key": dummy,
            "sign": "DWItALe3A",
        },
        "wechat": {
            "api_base": f"{sandbox}/wechat/", "appid": "wx6404250000000001",
            "secret": "00000000000000000000000000640425", "token": "sandboxToken640425",
            "codes_file": _codes(ground.folder),
        },
        "cmpp": {
            "host": "127.0.0.1", "port": ground.cmpp_port, "version": "3.0", "source_addr": "640425",
            "shared_secret": dummy, "src_id": "10690640425", "service_id": "NOTICE", "sign_name": sign,
            "answer_timeout": timedelta(seconds=_CALL_S), "reconnect_after": "PT0.1S", "submits_per_second": 2000,
        },
    }  # fmt: skip
    return accounts[channel]


def _codes(folder: Path) -> Path:
    """WeChat counts its flow by the minute; here a throttled letter waits for seconds, as with the others."""
    file = folder / "codes.csv"
    file.write_text(
        "code,class,kind,scope,reason,delay,meaning,note\n45011,L,postponed,account,limited,2,接口分钟额度已用完,\n",
        "utf-8",
    )
    return file
