"""What a county writes about watched sites: feeds and lists of every shape, by configuration alone."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator
from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from notifier.sources.definitions import Definition

_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
CREATE_PAGE = "createPageHTML"
"""As `next_page`: the page's own script says how many pages there are and what they are called."""


def _selector(value: str) -> str:
    try:
        LexborHTMLParser("<p></p>").css(value)
    except SelectolaxError:
        raise ValueError("不是有效的 CSS 选择器") from None
    return value


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error:
        raise ValueError("不是有效的正则表达式") from None
    return value


Selector = Annotated[str, AfterValidator(_selector)]
Pattern = Annotated[str, AfterValidator(_pattern)]


class WebDefinition(Definition):
    """What every watched address says."""

    preset: str | None = Field(None, description="a shipped pattern whose keys hold unless they are written here")
    url: str = Field(description="the page or feed that lists new items; {n} {start} {end} {size} stand for the page")
    issuer: str | None = Field(None, description="发文机关 when a page does not name one")
    allow_private: bool = Field(False, description="true: loopback and private addresses are allowed (tests, intranet)")
    allow_hosts: Sequence[str] = Field((), description="other hosts to which items may link, e.g. mp.weixin.qq.com")
    timeout: timedelta = Field(timedelta(seconds=20), gt=timedelta(0), description="for one page")
    pause: timedelta = Field(timedelta(seconds=0.5), ge=timedelta(0), description="between two pages of one look")
    headers: Mapping[str, str] = Field({}, description="request headers that the site asks for")
    certificate: str | None = Field(None, description="SHA-256 of the one certificate to trust, 64 hexadecimal digits")
    body: Selector | None = Field(None, description="CSS selector of the text on an item's page")
    page_title: Selector | None = Field(None, description="CSS selector of the title on an item's page")
    date_formats: Sequence[str] = Field((), description="strptime formats besides the usual ones")
    encoding: str | None = Field(None, description="overrides what the server and the page say")
    attachments: bool = Field(True, description="false: attachments are not fetched")
    attachment_limit: int = Field(20_000_000, ge=1, le=100_000_000, description="bytes of one attachment")
    recheck_every: timedelta = Field(timedelta(days=1), description="how often a page is read again for corrections")
    recheck_for: timedelta = Field(timedelta(days=30), description="how long after its date; 0: never")

    @field_validator("url")
    @classmethod
    def _web(cls, value: str) -> str:
        if not re.match(r"https?://[^/\s]+", value):
            raise ValueError("应为 http:// 或 https:// 开头的完整网址")
        return value

    @field_validator("certificate")
    @classmethod
    def _printed(cls, value: str | None) -> str | None:
        bare = None if value is None else value.replace(":", "").lower()
        if bare is not None and not _FINGERPRINT.fullmatch(bare):
            raise ValueError("应为证书的 SHA-256 指纹，64 位十六进制")
        return bare


class FeedDefinition(WebDefinition):
    """An RSS or Atom feed."""

    kind: Literal["feed"]
    date: Selector | None = Field(None, description="CSS selector of the date on an item's page")
    fetch_pages: bool = Field(False, description="true: each item's page is fetched for the whole text")


class ListDefinition(WebDefinition):
    """A list of items, page after page."""

    page_date: Selector | None = Field(None, description="CSS selector of the date on an item's page")
    keep: Pattern | None = Field(None, description="regular expression; links in which it is not found are no items")
    send: str | None = Field(None, description="a body to POST, with the placeholders of url; absent: GET")
    send_as: Literal["form", "json"] = Field("form", description="how `send` is written")
    next_page: str | None = Field(
        None, description="address of further pages, {n} is page_from, then one more; or createPageHTML"
    )
    page_from: int = Field(1, ge=0, description="{n} of the second page (next_page), or of the first (url, send)")
    page_size: int = Field(20, ge=1, le=500, description="{size}: items on a page")
    max_pages: int = Field(1, ge=1, le=50, description="list pages read in one look")
    max_items: int = Field(100, ge=1, le=500, description="items read in one look, the newest")


class HtmlListDefinition(ListDefinition):
    """A list in HTML: a page, the records of a 大汉 window, or a fragment inside JSON."""

    kind: Literal["html_list"]
    item: Selector = Field(description="CSS selector of one item in the list; may be the link itself")
    link: Selector = Field("a", description="CSS selector of the link inside an item")
    title_at: Selector | None = Field(None, description="CSS selector of the title inside an item; else the link's")
    date: Selector | None = Field(None, description="CSS selector of the date in an item")
    wrapped: Literal["no", "records", "json"] = Field(
        "no", description="records: in <record><![CDATA[…]]>; json: the text at `fragment`"
    )
    fragment: str = Field("data.html", description="path of the HTML in a JSON answer, for wrapped = json")


class JsonListDefinition(ListDefinition):
    """A list in JSON. Paths are names with dots, numbers count from 0: result.data.middle.list"""

    kind: Literal["json_list"]
    items: str = Field(description="path of the list")
    title_at: str = Field("title", description="path of the title in an item")
    link: str = Field("url", description="path of the link in an item, or an address with {path} in it")
    date: str | None = Field(None, description="path of the date in an item")


class ScriptListDefinition(ListDefinition):
    """A list in JavaScript: an array of objects (`items`), or arrays that run side by side."""

    kind: Literal["script_list"]
    items: str | None = Field(None, description="name of the array of objects; absent: one array a field")
    title_at: str = Field("title", description="path of the title in an object, or name of the array of titles")
    link: str = Field("url", description="path of the link in an object, or name of the array of links")
    date: str | Sequence[str] | None = Field(None, description="path or array of the date; year, month, day as a list")
