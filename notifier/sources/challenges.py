"""Pages that stand before the page: a script that wants a browser, or a firewall that refused. They are no news."""

import re

from selectolax.lexbor import LexborHTMLParser

_MOST_BYTES = 60_000
_MOST_WORDS = 200
_SCRIPT = re.compile(
    rb"acw_sc__v2|__jsl_clearance|\$_ts\b|document\.cookie|location\.reload|location\.replace|"
    rb"(?:window\.|self\.|top\.)?location(?:\.href)?\s*=|\beval\s*\(|_waf_|challenge-platform",
    re.IGNORECASE,
)
_REFUSED = re.compile(
    r"安全验证|人机验证|滑动验证|请完成验证|访问(?:被|已被)?(?:拦截|阻断|拒绝|禁止)|网站防火墙|Web应用防火墙|云防护|"
    r"请求(?:被|存在).{0,12}(?:拦截|威胁)|(?:开启|启用|打开)\s*JavaScript|enable JavaScript|Access Denied",
    re.IGNORECASE,
)


def challenge(body: bytes, text: str) -> str | None:
    """Why an answered page is none a program can read (Chinese, for a person), or None when it is an ordinary page.

    `text` is `body` decoded. Only short pages are suspected: a long one that speaks of 安全验证 is an article.
    """
    if len(body) > _MOST_BYTES or b"<" not in body[:2000]:
        return None
    words = "".join(_visible(text).split())
    if len(words) > _MOST_WORDS:
        return None
    if _REFUSED.search(words):
        return "网站的防护系统拦下了程序访问"
    if not words and _SCRIPT.search(body):
        return "网站先要浏览器运行一段脚本"
    return None


def _visible(text: str) -> str:
    tree = LexborHTMLParser(text)
    if tree.body is None:
        return ""
    for unseen in tree.css("script, style, title"):
        unseen.decompose()
    return tree.body.text(deep=True) if tree.body else ""
