"""config/notifier.toml and the environment become typed slices, once, at the start; a wrong value stops it.

An environment variable NOTIFIER_<SECTION>__<KEY> wins over the file, the file over the defaults.
"""

import os
import tomllib
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from notifier.domain import settings as slices
from notifier.domain.account_settings import Accounts, Alerts
from notifier.domain.errors import ConfigError

DEFAULT_FILE = Path("config/notifier.toml")
_PREFIX = "NOTIFIER_"


class Settings(BaseSettings):
    """Every slice. Build it with `load_settings`."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    ledger: slices.Ledger = Field(default_factory=slices.Ledger, description="the database")
    seal: slices.Seal = Field(default_factory=slices.Seal, description="encryption of personal data")
    bus: slices.BusSettings = Field(default_factory=slices.BusSettings, description="between processes")
    web: slices.Web = Field(default_factory=slices.Web, description="the front desk")
    registry: slices.Registry = Field(default_factory=slices.Registry, description="households")
    watch: slices.Watch = Field(default_factory=slices.Watch, description="sources")
    match: slices.Match = Field(default_factory=slices.Match, description="policies and people")
    campaigns: slices.Campaigns = Field(default_factory=slices.Campaigns, description="reviews and ladders")
    compose: slices.Compose = Field(default_factory=slices.Compose, description="texts")
    dispatch: slices.Dispatch = Field(default_factory=slices.Dispatch, description="sending")
    routing: slices.Routing = Field(default_factory=slices.Routing, description="shares of gateways")
    track: slices.Track = Field(default_factory=slices.Track, description="receipts and silence")
    accounts: Accounts = Field(default_factory=Accounts, description="users and their logins")
    alerts: Alerts = Field(default_factory=Alerts, description="what operators are told")
    inquiries: slices.Inquiries = Field(default_factory=slices.Inquiries, description="咨询 投诉 建议")
    schedule: slices.Schedule = Field(default_factory=slices.Schedule, description="how often steps run")
    wire: slices.Wire = Field(default_factory=slices.Wire, description="the HTTP client")
    channels: slices.Channels = Field(default_factory=slices.Channels, description="gateways")
    log: slices.Log = Field(default_factory=slices.Log, description="logs")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file."""
        file = TomlConfigSettingsSource(settings_cls, toml_file=_file())
        return init_settings, env_settings, file


def _file() -> Path:
    return Path(os.environ.get("NOTIFIER_CONFIG", str(DEFAULT_FILE)))


def load_settings() -> Settings:
    """The settings in force. The file is $NOTIFIER_CONFIG or config/notifier.toml; without one the defaults hold.

    Raises ConfigError: one sentence that names the key, what is wrong and the mend. No secret is in it.
    """
    path = _file()
    if "NOTIFIER_CONFIG" in os.environ and not path.exists():
        raise ConfigError(f"NOTIFIER_CONFIG names {path}, which does not exist; correct the path or unset it")
    try:
        return Settings()
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML ({error}); mend that line") from None
    except ValidationError as error:
        raise ConfigError(_sentence(error.errors()[0], path)) from None


def _sentence(found: Any, path: Path) -> str:
    key = ".".join(str(part) for part in found["loc"])
    if found["type"] == "extra_forbidden":
        return f"{key}: there is no such setting; correct its spelling or remove it from {path} and the environment"
    return f"{key}: {found['msg'][:1].lower()}{found['msg'][1:]}; mend it in {path} or in {_variable(found['loc'])}"


def _variable(place: tuple[Any, ...]) -> str:
    return _PREFIX + "__".join(str(part).upper() for part in place)
