"""What a policy is about, with the very words that say so; pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from notifier.match.taxonomy import Taxonomy, Topic

_AROUND = 12
_MOST_EVIDENCE = 12
_BY_TITLE, _BY_TITLE_AND_BODY = 90, 95
_BY_BODY, _A_HIT, _MOST_BY_BODY = 40, 10, 70
_LEAST_HITS = 2


@dataclass(frozen=True, slots=True)
class Evidence:
    """One place where a keyword stands: `where` 标题 or 正文, `context` the words around it as they are written."""

    phrase: str
    where: str
    context: str
    topic: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """The topic (several joined by 、), the evidence and how sure it is, 0 to 95. None: a person decides."""

    topic: str | None
    evidence: Sequence[Evidence]
    confidence: int


NOBODY_KNOWS = Judgement(None, (), 0)


def judge(title: str, body: str, taxonomy: Taxonomy) -> Judgement:
    """What the policy is about. A keyword in the title decides; else the topic that its text names most."""
    in_title = {topic.name: _places(topic, title, "标题") for topic in taxonomy.topics}
    in_body = {topic.name: _places(topic, body, "正文") for topic in taxonomy.topics}
    if any(word in title for word in taxonomy.not_for_households):
        return NOBODY_KNOWS
    titled = [topic for topic in taxonomy.topics if in_title[topic.name]]
    if titled:
        found = [one for topic in titled for one in (*in_title[topic.name], *in_body[topic.name])]
        is_echoed = any(in_body[topic.name] for topic in titled)
        return _judgement(titled, found, _BY_TITLE_AND_BODY if is_echoed else _BY_TITLE)
    best = max(taxonomy.topics, key=lambda topic: len(in_body[topic.name]))
    hits = in_body[best.name]
    if len(hits) < _LEAST_HITS:
        return Judgement(None, tuple(hits), 0)
    return _judgement([best], hits, min(_MOST_BY_BODY, _BY_BODY + _A_HIT * len(hits)))


def _judgement(topics: Sequence[Topic], evidence: Sequence[Evidence], confidence: int) -> Judgement:
    return Judgement("、".join(topic.name for topic in topics), tuple(evidence[:_MOST_EVIDENCE]), confidence)


def _places(topic: Topic, text: str, where: str) -> list[Evidence]:
    """Every place where a keyword stands, none counted twice: the longer word takes it."""
    taken: list[tuple[int, str]] = []
    for word in sorted(set(topic.keywords), key=len, reverse=True):
        at = text.find(word)
        while at >= 0:
            if not any(start <= at < start + len(longer) for start, longer in taken):
                taken.append((at, word))
            at = text.find(word, at + len(word))
    return [Evidence(word, where, context(text, at, word), topic.name) for at, word in sorted(taken)]


def context(text: str, at: int, word: str) -> str:
    """The word with up to 12 characters on each side, on one line."""
    around = text[max(0, at - _AROUND) : at + len(word) + _AROUND]
    return " ".join(around.split())
