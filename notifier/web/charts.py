"""What the charts draw, as plain numbers and words; `static/console.js` turns it into pictures. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from notifier.domain.lifecycle import Level
from notifier.report.rate import Place, Report
from notifier.report.rates import Figures
from notifier.report.words import reason_text

BANDS: Sequence[tuple[str, str]] = (
    ("acknowledged", "本人已确认"),
    ("handset", "已到达手机"),
    ("unreached", "未通知"),
    ("pending", "进行中"),
    ("excused", "免予通知"),
)
"""The parts of a stacked bar in their order: key (also its colour's name in the stylesheet) and words."""


def bands(of: Figures) -> Mapping[str, int]:
    """The parts of owed by the keys of BANDS; they add up to owed when the report is in order."""
    acknowledged = of.by_level.get(Level.ACKNOWLEDGED.value, 0)
    return {
        "acknowledged": acknowledged,
        "handset": of.reached - acknowledged,
        "unreached": of.unreached,
        "pending": of.pending,
        "excused": of.excused,
    }


def chart(report: Report) -> dict[str, Any]:
    """Stacked bars a township (a village, when there is one township) and slices by reason of what is unreached."""
    places: Sequence[Place] = report.townships if len(report.townships) > 1 else report.villages
    parts = [bands(place.figures) for place in places]
    reasons = sorted(report.total.by_reason.items(), key=lambda item: -item[1])
    return {
        "places": [place.name for place in places],
        "bands": [{"key": key, "name": words, "values": [part[key] for part in parts]} for key, words in BANDS],
        "reasons": [{"name": reason_text(reason), "value": n} for reason, n in reasons],
    }


def bar(of: Figures) -> Sequence[tuple[str, str, int, float, float]]:
    """(key, words, households, start, width) of the parts of one bar of 1000 units; empty when nothing is owed."""
    if of.owed <= 0:
        return []
    start, found = 0.0, []
    for key, words in BANDS:
        n = bands(of)[key]
        width = n * 1000 / of.owed
        if n > 0:
            found.append((key, words, n, round(start, 2), round(width, 2)))
        start += width
    return found
