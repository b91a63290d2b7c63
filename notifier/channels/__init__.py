"""The door out: one folder per provider, in one visible list.

A folder is its provider card (`__init__`), `protocol.py` (pure build, read, verify), its codes table and `channel.py`.
Adding a provider is one folder, one line in REGISTRY, one section in `settings.Channels`, one samples folder.
"""

from collections.abc import Callable, Mapping

from notifier.channels import aliyun_sms, cmpp, mas, tencent_sms, wechat
from notifier.domain import settings
from notifier.domain.contracts import Channel, Clock, TokenStore
from notifier.domain.messages import Medium
from notifier.wire import Wire

Builder = Callable[[settings.Channels, Wire, TokenStore, Clock], Channel]
"""Makes a channel of its own section; raises ConfigError, naming the key, for one that cannot work."""

REGISTRY: Mapping[str, Builder] = {
    "aliyun_sms": aliyun_sms.build,
    "wechat": wechat.build,
    "cmpp": cmpp.build,
    "tencent_sms": tencent_sms.build,
    "mas": mas.build,
}
"""Every provider by the name of its folder and of its section in the settings."""


def open_channels(channels: settings.Channels, wire: Wire, tokens: TokenStore, clock: Clock) -> dict[str, Channel]:
    """The enabled gateways by name, in the order of REGISTRY; nothing goes over the wire yet. Raises ConfigError."""
    return {
        name: build(channels, wire, tokens, clock)
        for name, build in REGISTRY.items()
        if getattr(channels, name).enabled
    }


def by_medium(channels: Mapping[str, Channel]) -> dict[Medium, list[str]]:
    """The names of each medium's channels, in their order."""
    found: dict[Medium, list[str]] = {}
    for name, channel in channels.items():
        found.setdefault(channel.medium, []).append(name)
    return found
