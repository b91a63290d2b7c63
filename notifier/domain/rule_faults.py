"""What is wrong with a rule's text, pointing at the word."""

import re
import unicodedata

from lark import Token, UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from notifier.domain.errors import InputError
from notifier.domain.rule_grammar import EXPECTED, STARTS_A_CONDITION

_WORD = re.compile(r"[^\s()]+")
_A_CONDITION = "一个条件，例如 低保、耕地亩 >= 5、居住在 「城阳乡」、领过 「耕地地力保护补贴」、在名单 「名单名称」"
_MOST_SHOWN = 20


class RuleError(InputError):
    """A rule's text cannot be read. `line` and `column` (from 1, in characters) and `length` say which word.

    `said` is the fault in a sentence; the message also shows the line, with carets under the word.
    """

    def __init__(self, said: str, text: str, start: int, end: int) -> None:
        before = text[:start]
        self.line = before.count("\n") + 1
        self.column = start - (before.rfind("\n") + 1) + 1
        self.length = max(1, end - start)
        self.said = said
        shown = text.split("\n")[self.line - 1]
        under = _wide(shown[: self.column - 1], " ") + _wide(text[start:end].split("\n")[0] or " ", "^")
        super().__init__(f"第{self.line}行第{self.column}字：{said}\n  {shown}\n  {under}")


def _wide(text: str, character: str) -> str:
    """The character as often as the text is columns wide on a terminal."""
    return character * sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def word_before(problem: UnexpectedInput) -> Token | None:
    """The unquoted word before the misplaced one, when a condition begins with it; else None."""
    if not isinstance(problem, UnexpectedToken) or problem.interactive_parser is None:
        return None
    if "OPERATOR" not in (problem.accepts or problem.expected):
        return None
    last = problem.interactive_parser.parser_state.value_stack[-1]
    return last if isinstance(last, Token) and last.type == "WORD" else None


def misplaced(problem: UnexpectedInput, text: str) -> RuleError:
    """The error of a word that the grammar does not expect where it stands, with what may stand there."""
    if isinstance(problem, UnexpectedToken):
        expected = _expected(set(problem.accepts or problem.expected))
        token = problem.token
        if token.type == "$END":
            end = len(text.rstrip())
            return RuleError(f"规则没有写完；后面应是{expected}", text, end, end + 1)
        lead = len(token) - len(token.lstrip(",， \n"))
        start, end = (token.start_pos or 0) + lead, token.end_pos or 0
    else:
        expected = _expected(set(problem.allowed or ()) if isinstance(problem, UnexpectedCharacters) else set())
        start = problem.pos_in_stream or 0
        found = _WORD.match(text, start)
        end = found.end() if found else start + 1
    return RuleError(f"这里不应是“{text[start:end][:_MOST_SHOWN]}”；可以是{expected}", text, start, end)


def _expected(terminals: set[str]) -> str:
    if terminals >= STARTS_A_CONDITION:
        return _A_CONDITION
    return "、".join(said for one, said in EXPECTED.items() if one in terminals) or "结束"
