"""An understanding as plain JSON, for the ledger and for pages."""

import json
from typing import Any

from notifier.domain.rule_forms import to_form
from notifier.match.elements import Element
from notifier.match.understanding import Understanding


def to_json(one: Understanding) -> str:
    """Keys: topic field region groups left_out amounts deadlines elements missing rule confidence evidence unread
    summary pieces.

    Amounts and deadlines carry their phrase; elements are sentences by 对象 标准 程序 材料 电话 时限.
    """
    said: dict[str, Any] = {
        "topic": one.topic,
        "field": one.field,
        "region": one.region_code,
        "groups": list(one.groups),
        "left_out": list(one.left_out),
        "amounts": [{"said": str(a), "fen": a.fen, "per": a.per, "phrase": a.phrase} for a in one.amounts],
        "deadlines": [{"on": d.on.isoformat(), "phrase": d.phrase} for d in one.deadlines],
        "elements": {element.value: sentence for element, sentence in one.elements.items()},
        "missing": [element.value for element in Element if element not in one.elements],
        "rule": None if one.rule is None else to_form(one.rule),
        "confidence": one.confidence,
        "evidence": [
            {"phrase": e.phrase, "where": e.where, "context": e.context, "topic": e.topic} for e in one.evidence
        ],
        "unread": [{"phrase": e.phrase, "where": e.where, "context": e.context} for e in one.unread],
        "summary": one.summary,
        "pieces": list(one.pieces),
    }
    return json.dumps(said, ensure_ascii=False)
