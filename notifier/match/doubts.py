"""Words that look like conditions and got into no rule: they make a suggestion less sure; pure."""

import re
from collections.abc import Iterator, Mapping

from notifier.domain.regions import level_of
from notifier.domain.rules import Has
from notifier.match.groups import Audience
from notifier.match.sentences import Span, sentences
from notifier.match.taxonomy import Taxonomy
from notifier.match.topics import Evidence, context

_NUMBER, _UNIT = r"(?:\d+(?:\.\d+)?|[一二两三四五六七八九十百千]+)", r"(?:只|头|亩|人|口)"
_THRESHOLD = re.compile(
    rf"(?:不低于|不少于|不足|超过|达到|大于|小于|满)\s*{_NUMBER}\s*{_UNIT}"
    rf"|{_NUMBER}\s*{_UNIT}\s*(?:[（(][^）)]{{0,8}}[）)])?\s*及?\s*(?:以上|以下|以内)"
)
_NOT_FOR = re.compile(r"除外|以外|除[^，]*外|不在|不予|不得|不含|不包括|不纳入|不再|不享受|不属于|不符合|另行")
_BECOMES = re.compile(r"(?<!已)(?<!已经)(?:纳入|认定为|确定为|识别为|列为)[^，]{0,4}$")
_UNREAD = "可能是条件，没有读进规则"


def doubts(body: str, whom: Audience, taxonomy: Taxonomy) -> list[Evidence]:
    """What of the body `whom` did not take up, in order: thresholds, groups left out, groups one is yet to enter."""
    spans = [*_thresholds(body, whom), *_left_out(body, whom, taxonomy), *_yet_to_enter(body, whom)]
    found = sorted(spans, key=lambda span: span.at)
    return [Evidence(one.words, "正文", context(body, one.at, one.words), _UNREAD) for one in found]


def places_unread(title: str, body: str, whom: Audience, tree: Mapping[str, str]) -> list[Evidence]:
    """Townships named anywhere that do not limit the rule, each once; one of the title may be the issuer's own."""
    limiting = {code for code, _, _ in whom.places}
    others = [name for code, name in tree.items() if level_of(code) == "township" and code not in limiting]
    texts = {"标题": title, "正文": body}
    return [
        Evidence(name, where, context(text, text.index(name), name), _UNREAD)
        for where, text in texts.items()
        for name in others
        if name in text and (where == "标题" or name not in title)
    ]


def _thresholds(body: str, whom: Audience) -> Iterator[Span]:
    read = [(one.at, one.at + len(one.phrase)) for one in whom.named if isinstance(one.rule, Has)]
    for match in _THRESHOLD.finditer(body):
        if not any(start < match.end() and match.start() < end for start, end in read):
            yield Span(match[0], match.start())


def _left_out(body: str, whom: Audience, taxonomy: Taxonomy) -> Iterator[Span]:
    """The first word of a group the register knows, in a sentence that leaves somebody out, nobody knows whom."""
    known = [one.at for one in whom.named if one.is_left_out]
    groups = [group for group in taxonomy.groups if group.rule is not None]
    for sentence in sentences(body):
        is_read = any(sentence.at <= at < sentence.at + len(sentence.words) for at in known)
        if is_read or not _NOT_FOR.search(sentence.words):
            continue
        for group in groups:
            places = [(sentence.words.find(word), word) for word in group.words if word in sentence.words]
            for at, word in sorted(places)[:1]:
                yield Span(word, sentence.at + at)


def _yet_to_enter(body: str, whom: Audience) -> Iterator[Span]:
    """纳入监测对象的: a group that somebody may come to belong to is not the one the text is for."""
    for one in whom.named:
        if one.at >= 0 and _BECOMES.search(body[: one.at]):
            yield Span(one.phrase, one.at)
