"""What a county writes about its payment sources that are no folder: SFTP, an API, a database, a signed push."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Literal

from pydantic import Field, field_validator, model_validator

from notifier.sources.definitions import Definition

_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{2,80}")
_FIELD_NAME = re.compile(r"[a-z_]{2,20}")


class SftpDefinition(Definition):
    """A folder on another machine into which payment workbooks are dropped, read over SFTP and never changed."""

    kind: Literal["sftp"]
    host: str = Field(min_length=1, description="name or address of the machine")
    port: int = Field(22, ge=1, le=65535, description="port of its SSH service")
    user: str = Field(min_length=1, description="account on it; read-only is enough")
    host_key: str = Field(description="its public host key as ssh-keyscan prints it: ssh-ed25519 AAAA…; never learned")
    path: str = Field(".", description="the folder there")
    password_env: str | None = Field(None, description="environment variable with the password")
    key_env: str | None = Field(None, description="environment variable with a private key in OpenSSH or PEM form")
    settle: timedelta = Field(
        timedelta(minutes=1),
        ge=timedelta(0),
        description="a file younger than this, by its own clock, is being written",
    )
    timeout: timedelta = Field(timedelta(seconds=30), gt=timedelta(0), description="for connecting and logging in")

    @field_validator("host_key")
    @classmethod
    def _public(cls, value: str) -> str:
        if not re.match(r"(?:ssh|ecdsa|sk-)\S* [A-Za-z0-9+/=]{40,}", value):
            raise ValueError("应为主机公钥，形如 ssh-ed25519 AAAA…，可用 ssh-keyscan 取得并向对方核实")
        return value

    @field_validator("password_env", "key_env")
    @classmethod
    def _named(cls, value: str | None) -> str | None:
        return _variable(value)

    @model_validator(mode="after")
    def _one_secret(self) -> "SftpDefinition":
        if (self.password_env is None) == (self.key_env is None):
            raise ValueError("password_env 与 key_env 必须且只能写一个")
        return self


class RecordDefinition(Definition):
    """What every source of records says: which of their names mean what, and what holds for all of them."""

    columns: Mapping[str, str] = Field(
        {}, description="our field = their name, e.g. name = 'xm', where ours do not fit"
    )
    constants: Mapping[str, str] = Field(
        {}, description="our field = what holds for every record, e.g. item, audit, unit"
    )

    @field_validator("columns", "constants")
    @classmethod
    def _fields(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        if odd := [name for name in value if not _FIELD_NAME.fullmatch(name)]:
            raise ValueError(f"{odd[0]} 不是字段名；字段见 config/headers.toml 的 [payments.columns]")
        return value


class PaymentApiDefinition(RecordDefinition):
    """A JSON API that gives payment records page by page behind a cursor."""

    kind: Literal["payment_api"]
    url: str = Field(description="its address; {cursor} stands where the cursor goes, also {size}")
    items: str = Field("items", description="path to the list of records, with dots: data.records")
    next: str | None = Field("next", description="path to the next cursor; none: the greatest `key` of the page")
    key: str | None = Field(None, description="their name of a field that only grows, when there is no next cursor")
    start: str = Field("", description="the cursor of the first page")
    size: int = Field(500, ge=1, le=5000, description="records a page, where the address has {size}")
    max_pages: int = Field(200, ge=1, le=10_000, description="pages read in one look")
    token_env: str | None = Field(None, description="environment variable with the token")
    token_header: str = Field("Authorization", description="header that carries it")
    token_form: str = Field("Bearer {token}", description="how it stands there")
    allow_private: bool = Field(False, description="true: loopback and private addresses are allowed (intranet)")
    timeout: timedelta = Field(timedelta(seconds=30), gt=timedelta(0), description="for one page")

    @field_validator("url")
    @classmethod
    def _web(cls, value: str) -> str:
        if not re.match(r"https?://[^/\s]+", value) or "{cursor}" not in value:
            raise ValueError("应为 http:// 或 https:// 开头的完整网址，并含有 {cursor}")
        return value

    @field_validator("token_env")
    @classmethod
    def _named(cls, value: str | None) -> str | None:
        return _variable(value)

    @model_validator(mode="after")
    def _one_cursor(self) -> "PaymentApiDefinition":
        if self.next is None and self.key is None:
            raise ValueError("next 与 key 至少写一个，否则不知道读到了哪里")
        return self


class SqlQueryDefinition(RecordDefinition):
    """One SELECT on another database, read behind a key that only grows."""

    kind: Literal["sql_query"]
    url: str = Field(description="sqlite:///FILE or postgresql://USER@HOST:PORT/NAME, without a password")
    query: str = Field(description="one SELECT; it is run read-only")
    key: str = Field(
        description="its column that is unique and only grows: a serial number, or a time with enough digits"
    )
    password_env: str | None = Field(None, description="environment variable with the password")
    size: int = Field(2000, ge=1, le=20_000, description="rows a page")
    max_pages: int = Field(200, ge=1, le=10_000, description="pages read in one look")
    timeout: timedelta = Field(timedelta(seconds=60), gt=timedelta(0), description="for one page")

    @field_validator("url")
    @classmethod
    def _database(cls, value: str) -> str:
        if not re.fullmatch(r"sqlite:///\S+|postgresql://[^\s/:@]+@[^\s/@]+/\S+", value):
            raise ValueError(
                "应为 sqlite:///文件 或 postgresql://用户@主机:端口/库名；密码写在 password_env 指的环境变量里"
            )
        return value

    @field_validator("query")
    @classmethod
    def _select(cls, value: str) -> str:
        bare = value.strip().rstrip(";").strip()
        if not re.match(r"(?:SELECT|WITH)\b", bare, re.IGNORECASE):
            raise ValueError("只能是一条 SELECT 查询")
        return bare

    @field_validator("key")
    @classmethod
    def _column(cls, value: str) -> str:
        if not re.fullmatch(r"\w{1,60}", value):
            raise ValueError("应为查询结果中的一个列名")
        return value

    @field_validator("password_env")
    @classmethod
    def _named(cls, value: str | None) -> str | None:
        return _variable(value)


class PushDefinition(RecordDefinition):
    """A system that pushes payment records to us, signed with a secret that both know."""

    kind: Literal["push"]
    secret_env: str = Field(description="environment variable with the secret, at least 32 characters")
    age: timedelta = Field(timedelta(minutes=5), gt=timedelta(0), description="how far its clock may be from ours")

    @field_validator("secret_env")
    @classmethod
    def _named(cls, value: str) -> str:
        return _variable(value) or ""


def _variable(name: str | None) -> str | None:
    if name is not None and not _VARIABLE.fullmatch(name):
        raise ValueError("应为环境变量名（大写字母、数字、_），密钥本身不要写进文件")
    return name
