"""A share over time as a picture, written by hand: an SVG needs no library."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from xml.sax.saxutils import escape

from scripts.benchmarks.brownout import ILL, Brownout, Minute

_LEFT, _TOP, _WIDTH, _HEIGHT = 60, 40, 860, 320
_TINT = {"well": "#e8f5e9", "slow": "#fff8e1", "bad": "#ffebee"}
_LINE, _OPEN, _INK = "#1565c0", "#c62828", "#37474f"


def svg(run: Brownout) -> str:
    """The ill gateway's share by minute: phases as bands, minutes with an open circuit marked."""
    parts = "\n".join([*_bands(run.minutes), *_axes(len(run.minutes)), *_curve(run.minutes)])
    title = escape(f"Share of {ILL} during a brownout")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_LEFT + _WIDTH + 40}" height="{_TOP + _HEIGHT + 60}" '
        f'font-family="sans-serif" font-size="13" fill="{_INK}">\n<title>{title}</title>\n'
        f'<rect width="100%" height="100%" fill="white"/>\n{parts}\n</svg>\n'
    )


def _x(minute: float, n: int) -> float:
    return round(_LEFT + _WIDTH * minute / n, 1)


def _y(share: float) -> float:
    return round(_TOP + _HEIGHT * (100 - share) / 100, 1)


def _bands(minutes: Sequence[Minute]) -> Iterator[str]:
    begins = 0
    for name, group in groupby(minutes, key=lambda one: one.phase):
        ends = begins + len(list(group))
        x, width = _x(begins, len(minutes)), round(_WIDTH * (ends - begins) / len(minutes), 1)
        tint = _TINT.get(name, "#eceff1")
        yield f'<rect x="{x}" y="{_TOP}" width="{width}" height="{_HEIGHT}" fill="{tint}"/>'
        yield f'<text x="{x + 4}" y="{_TOP - 8}">{escape(name)}</text>'
        begins = ends


def _axes(n: int) -> Iterator[str]:
    for share in range(0, 101, 25):
        y = _y(share)
        yield f'<line x1="{_LEFT}" y1="{y}" x2="{_LEFT + _WIDTH}" y2="{y}" stroke="#cfd8dc"/>'
        yield f'<text x="{_LEFT - 8}" y="{y + 4}" text-anchor="end">{share}%</text>'
    for minute in range(0, n + 1, max(1, n // 10)):
        yield f'<text x="{_x(minute, n)}" y="{_TOP + _HEIGHT + 20}" text-anchor="middle">{minute}</text>'
    yield f'<text x="{_LEFT + _WIDTH / 2}" y="{_TOP + _HEIGHT + 44}" text-anchor="middle">minutes</text>'


def _curve(minutes: Sequence[Minute]) -> Iterator[str]:
    n = len(minutes)
    points = " ".join(f"{_x(i, n)},{_y(one.share)} {_x(i + 1, n)},{_y(one.share)}" for i, one in enumerate(minutes))
    yield f'<polyline points="{points}" fill="none" stroke="{_LINE}" stroke-width="2.5"/>'
    for i, one in enumerate(minutes):
        if one.is_open:
            yield f'<circle cx="{_x(i + 0.5, n)}" cy="{_y(one.share)}" r="5" fill="{_OPEN}"/>'
    if any(one.is_open for one in minutes):
        x = _LEFT + _WIDTH - 150
        yield f'<circle cx="{x}" cy="{_TOP + 16}" r="5" fill="{_OPEN}"/>'
        yield f'<text x="{x + 12}" y="{_TOP + 20}">circuit open</text>'
