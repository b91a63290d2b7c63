"""The ground a run stands on: its folder, ports, secrets, and the settings files written for it."""

import re
import secrets
import socket
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from notifier.sandbox.demo.terms import DemoError, Terms
from notifier.sandbox.site.pages import COLUMNS

COUNTY = "640425000000"
_SHIPPED_SANDBOX = Path("config/sandbox.toml")
_USUAL_PORT = 8640
# selectors of the two layouts that the policy site has: item, link, date, text
_LAYOUTS = {
    "wjfb": ("div.boxcon div > ul", "li:nth-child(2) a", "li:nth-child(3)", "div.zz-xl-sec"),
    "zcjd": ("div.boxcon div > ul", "li:nth-child(2) a", "li:nth-child(3)", "div.zz-xl-sec"),
    "hmzc": ("div.xxgk_wrap ul", "li.w383 a", "li.w100 span", "div.TRS_Editor"),
}
_CHANNELS = """[channels.aliyun_sms]
enabled = true
endpoint = "{sandbox}/aliyun/"
access_key_id = "SandboxKey640425"
access_key_secret = "sandbox-dummy-secret"
sign_name = "彭阳惠农"
[channels.wechat]
enabled = true
api_base = "{sandbox}/wechat/"
appid = "wx6404250000000001"
secret = "00000000000000000000000000640425"
token = "sandboxToken640425"
"""


@dataclass(frozen=True, slots=True)
class Ground:
    """Places and addresses of one run. Passwords and the callback secret live as long as the folder."""

    folder: Path
    service_port: int
    sandbox_port: int
    site_port: int
    callback_secret: str = field(repr=False)
    password: str = field(repr=False)

    @property
    def config(self) -> Path:
        """The service's settings."""
        return self.folder / "notifier.toml"

    @property
    def sandbox_config(self) -> Path:
        """The gateways' settings."""
        return self.folder / "sandbox.toml"

    @property
    def record(self) -> Path:
        """What every handset received, written by the sandbox alone."""
        return self.folder / "handsets.sqlite3"

    @property
    def watched(self) -> Path:
        """The folder that the service watches for payment workbooks."""
        return self.folder / "payments"

    @property
    def rosters(self) -> Path:
        """The rosters as the townships hand them in."""
        return self.folder / "rosters"

    @property
    def returned(self) -> Path:
        """Rejected rows that came back."""
        return self.folder / "returned"

    @property
    def logs(self) -> Path:
        """What the processes say."""
        return self.folder / "logs"

    @property
    def service(self) -> str:
        """The console's address."""
        return f"http://127.0.0.1:{self.service_port}"

    @property
    def sandbox(self) -> str:
        """The gateways' address."""
        return f"http://127.0.0.1:{self.sandbox_port}"

    def callback(self, gateway: str) -> str:
        """Where a gateway pushes receipts."""
        return f"{self.service}/callbacks/{gateway}/{self.callback_secret}"


def lay_ground(terms: Terms) -> Ground:
    """The folder holds everything that the processes read at their start. Raises DemoError when it is not empty."""
    folder = terms.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise DemoError(f"文件夹 {terms.folder} 不是空的；请换一个，或先清空它")
    folder.chmod(0o700)
    usual = _USUAL_PORT if not terms.headless and _is_free(_USUAL_PORT) else None
    ports = _free_ports(3)
    # A password must not repeat few characters, nor hold a usual word.
    ground = Ground(folder, usual or ports[0], ports[1], ports[2], secrets.token_urlsafe(24), secrets.token_urlsafe(12))
    for place in (ground.watched, ground.rosters, ground.returned, ground.logs, folder / "sources"):
        place.mkdir()
    ground.config.write_text(_service_settings(ground, terms.window), "utf-8")
    ground.config.chmod(0o600)
    ground.sandbox_config.write_text(_sandbox_settings(ground), "utf-8")
    for name, definition in _sources(ground).items():
        (folder / "sources" / f"{name}.toml").write_text(definition, "utf-8")
    return ground


def _is_free(port: int) -> bool:
    with socket.socket() as plug:
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            plug.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_ports(n: int) -> list[int]:
    plugs = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    ports = [int(plug.getsockname()[1]) for plug in plugs]
    for plug in plugs:
        plug.close()
    return ports


def _seconds(span: timedelta) -> str:
    return f"PT{span.total_seconds():g}S"


def _service_settings(ground: Ground, window: timedelta) -> str:
    told = f"""# Written by scripts/demo: the waiting windows are short here and nowhere else.
[ledger]
url = "sqlite+aiosqlite:///{ground.folder}/ledger.db"
[seal]
key_file = "{ground.folder}/keys.toml"
[web]
port = {ground.service_port}
public_url = "{ground.service}"
callback_secret = "{ground.callback_secret}"
[watch]
folder = "{ground.folder}/sources"
every = "PT2S"
[dispatch]
lease = "PT6S"
quiet_from = "08:00"
quiet_until = "08:00"
settle_after = "PT1S"
absent_after = "PT3S"
call_timeout = "PT5S"
[track]
window = "{_seconds(window)}"
wechat_window = "{_seconds(window)}"
[schedule]
look_every = "PT1S"
match_every = "PT1S"
compose_every = "PT1S"
sweep_every = "PT1S"
track_every = "PT1S"
settle_every = "PT1S"
"""
    return told + _CHANNELS.format(sandbox=ground.sandbox)


def _sandbox_settings(ground: Ground) -> str:
    """The shipped settings, moved to this run's places, re-pushing in seconds; a phone may get many notices a day."""
    changes = {
        "port": str(ground.sandbox_port),
        "record_path": f'"{ground.record}"',
        "aliyun.sms_report_url": f'"{ground.callback("aliyun_sms")}"',
        "aliyun.push_retries": "[1, 2, 4, 8, 16, 32]",
        "aliyun.flow.notice_per_day": "0",
        "wechat.callback_url": f'"{ground.callback("wechat")}"',
    }
    section, lines = "", []
    for line in _SHIPPED_SANDBOX.read_text("utf-8").splitlines():
        if header := re.match(r"\[\[?([\w.]+)\]", line):
            section = f"{header[1]}."
        key = f"{section}{line.split('=')[0].strip()}"
        value = changes.pop(key, None) if "=" in line else None
        lines.append(line if value is None else f"{key.removeprefix(section)} = {value}")
    if changes:
        raise DemoError(f"{_SHIPPED_SANDBOX} 中没有 {'、'.join(changes)}；请恢复这个文件")
    return "\n".join(lines) + "\n"


def _sources(ground: Ground) -> dict[str, str]:
    site = f"http://127.0.0.1:{ground.site_port}"
    told = {"payments": _folder_source(ground), "feed": _feed_source(site)}
    return told | {column.key: _list_source(site, column.key, column.folder, column.name) for column in COLUMNS}


def _folder_source(ground: Ground) -> str:
    return f"""kind = "folder"
name = "payments"
title = "发放清单文件夹"
region = "{COUNTY}"
path = "{ground.watched}"
settle = "PT1S"
"""


def _feed_source(site: str) -> str:
    return f"""kind = "feed"
name = "feed"
title = "政策订阅源"
region = "{COUNTY}"
issuer = "彭阳县人民政府"
url = "{site}/rss.xml"
allow_private = true
"""


def _list_source(site: str, key: str, folder: str, name: str) -> str:
    item, link, date, body = _LAYOUTS[key]
    return f"""kind = "html_list"
name = "{key}"
title = "{name}"
region = "{COUNTY}"
issuer = "彭阳县人民政府"
url = "{site}{folder}list.html"
item = "{item}"
link = "{link}"
date = "{date}"
body = "{body}"
next_page = "list_{{n}}.html"
max_pages = 5
pause = "PT0S"
allow_private = true
"""
