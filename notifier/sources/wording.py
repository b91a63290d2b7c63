"""The words of a piece of HTML."""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

_BLOCKS = "p, div, br, tr, li, h1, h2, h3, h4, h5, h6, section, article, table, dd, dt"
_BLANKS = re.compile(r"[ \t\r\f\v\u00a0\u3000]+")


def text_of(fragment: str) -> str:
    """The text of an HTML fragment, a block a line; empty for nothing."""
    body = LexborHTMLParser(fragment).body
    return block_text(body) if body else ""


def block_text(node: LexborNode) -> str:
    """The text under a node, a block a line, without scripts, styles and empty lines. The tree is used up by it."""
    for unread in node.css("script, style, noscript"):
        unread.decompose()
    for block in node.css(_BLOCKS):
        block.insert_before("\n")
        block.insert_after("\n")
    lines = (_BLANKS.sub(" ", line).strip() for line in node.text(deep=True, separator="").split("\n"))
    return "\n".join(line for line in lines if line)


def one_line(text: str) -> str:
    """A text without line breaks and doubled blanks."""
    return " ".join(text.split())
