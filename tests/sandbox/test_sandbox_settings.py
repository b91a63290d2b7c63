"""The sandbox's settings: the shipped file is complete and right, a wrong one is explained in a sentence."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from notifier.domain.errors import ConfigError
from notifier.sandbox.settings import SandboxSettings, load_settings
from notifier.sandbox.wechat.keywords import rule_of
from tests.sandbox.gateways import ROOT

SHIPPED = ROOT / "config" / "sandbox.toml"


def test_the_shipped_file_says_the_defaults_apart_from_names_and_papers() -> None:
    shipped, default = load_settings(SHIPPED), SandboxSettings()
    templates = {f"{gateway}.templates" for gateway in ("aliyun", "wechat", "tencent", "mas")}
    assert _differing(shipped, default, "") == templates | {"wechat.subscriptions"}


def _differing(one: BaseModel, other: BaseModel, where: str) -> set[str]:
    found: set[str] = set()
    for name in type(one).model_fields:
        left, right = getattr(one, name), getattr(other, name)
        if isinstance(left, BaseModel):
            found |= _differing(left, right, f"{where}{name}.")
        elif left != right:
            found.add(f"{where}{name}")
    return found


def test_every_setting_is_in_the_shipped_file() -> None:
    text = SHIPPED.read_text("utf-8")
    missing = [name for name in _names(SandboxSettings()) if name not in text]
    assert missing == []


def _names(settings: BaseModel) -> list[str]:
    names = []
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        names += [name, *(_names(value) if isinstance(value, BaseModel) else [])]
    return names


def test_every_keyword_of_the_shipped_templates_has_a_rule() -> None:
    templates = load_settings(SHIPPED).wechat.templates
    assert [keyword for template in templates for keyword in template.keywords if rule_of(keyword) is None] == []


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("port = 'x'", "port"),
        ("prot = 1", "prot"),
        ("[aliyun]\nqps = -1", "aliyun.qps"),
        ("[aliyun]\npath = 'aliyun'", "aliyun.path"),
        ("[wechat]\nappid = '640425'", "wechat.appid"),
        ("[[wechat.templates]]\ntemplate_id='A'\ntitle='t'\nkeywords={thing1='a'}", "wechat.templates.0.template_id"),
        ("[[aliyun.signs]]\nname='彭阳'\n[[aliyun.signs]]\nname='彭阳'", "重复"),
        ("[aliyun.mischief]\nfailing_share = 3", "aliyun.mischief.failing_share"),
        ("[[tencent.templates]]\ntemplate_id='短信'\ncontent='t'", "tencent.templates.0.template_id"),
        ("[tencent]\npush_size = 101", "tencent.push_size"),
        ("[mas]\npath = 'sms'", "mas.path"),
        ("[[mas.templates]]\ntemplate_id='1'\ncontent='a'\n" * 2, "重复"),
        ("port = ", "合法"),
    ],
)
def test_a_wrong_setting_is_named_with_its_file(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    assert named in str(caught.value)
    assert "wrong.toml" in str(caught.value)


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: Any) -> None:
    path = tmp_path / "unreadable.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"unreadable\.toml"):
        load_settings(path)
