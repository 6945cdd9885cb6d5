"""Pure functions that draw charts as SVG. Their colours are in pages.css.

A chart is as wide as its card. Its text stays readable when a phone shrinks the chart.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator

CHART_WIDTH = 360
LEFT = 52  # width of the numbers to the left of columns
LEVELS = 5  # shades of a heat map
LABEL = 32  # characters of a label


@dataclass(frozen=True)
class Bar:
    """A bar of one or several stacked values, each with a tooltip."""

    label: str
    values: Sequence[float]
    hints: Sequence[str]
    note: str = ""


def columns(bars: Sequence[Bar], every: int) -> SafeString:
    """Draw a column for each bar, a label below every `every`-th, and lines at round numbers."""
    height, bottom = 200, 172
    top = rounded_up(max((sum(bar.values) for bar in bars), default=0))
    step = (CHART_WIDTH - LEFT) / max(len(bars), 1)
    parts = [_scale(top, bottom)]
    for n, bar in enumerate(bars):
        x = LEFT + n * step
        parts.append(_column(bar, x + step * 0.12, step * 0.76, bottom, (bottom - 12) / top))
        if n % every == 0 and n + every * 0.6 < len(bars):  # later labels do not fit
            parts.append(text(bar.label, x, height - 8))
    return svg(height, parts)


def _scale(top: float, bottom: int) -> SafeString:
    lines = ((share, bottom - share * (bottom - 12)) for share in (0, 0.5, 1))
    return format_html_join(
        "",
        '<path class="rule" d="M{} {}H{}"/>{}',
        (
            (LEFT, round(y, 1), CHART_WIDTH, text(short(share * top), LEFT - 8, y + 4, "end"))
            for share, y in lines
        ),
    )


def _column(bar: Bar, x: float, width: float, bottom: float, unit: float) -> SafeString:
    parts = []
    for n, (value, hint) in enumerate(zip(bar.values, bar.hints, strict=True)):
        bottom -= value * unit
        parts.append(rect(x, bottom, width, value * unit, f"series-{n}", hint))
    return SafeString("".join(parts))


def bars(rows: Sequence[Bar], whole: float | None = None) -> SafeString:
    """Draw a horizontal bar for each row, below its label and note.

    A bar of the value `whole` fills the width. By default, the longest bar fills it.
    """
    longest = whole or max((sum(row.values) for row in rows), default=0) or 1
    parts = []
    for n, row in enumerate(rows):
        y = n * 40
        parts.append(text(Truncator(row.label).chars(LABEL), 0, y + 14))
        parts.append(text(row.note, CHART_WIDTH, y + 14, "end", "note"))
        parts.append(rect(0, y + 20, CHART_WIDTH, 12, "track"))
        x = 0.0
        for m, (value, hint) in enumerate(zip(row.values, row.hints, strict=True)):
            width = value / longest * CHART_WIDTH
            parts.append(rect(x, y + 20, width, 12, f"series-{m}", hint))
            x += width
    return svg(max(len(rows), 1) * 40, parts)


def heat_map(
    rows: Sequence[str], heads: Mapping[int, str], values: Sequence[Sequence[int]]
) -> SafeString:
    """Draw a cell for each value, darker for higher values, with `heads` above some columns."""
    highest = max((value for row in values for value in row), default=0) or 1
    width = (CHART_WIDTH - LEFT) / max(len(row) for row in values)
    parts = [text(head, LEFT + n * width, 14) for n, head in heads.items()]
    for n, (label, row) in enumerate(zip(rows, values, strict=True)):
        y = 22 + n * 24
        parts.append(text(label, 0, y + 16))
        for m, value in enumerate(row):
            level = -(-value * LEVELS // highest)
            hint = f"{label}, {m}:00: {value:,}"
            parts.append(rect(LEFT + m * width, y, width - 2, 21, f"level-{level}", hint))
    return svg(26 + len(rows) * 24, parts)


def svg(height: float, parts: Iterable[SafeString]) -> SafeString:
    """Return an SVG that screen readers skip, because the card describes the chart."""
    return format_html(
        '<svg viewBox="0 0 {} {}" class="picture" aria-hidden="true" focusable="false">{}</svg>',
        CHART_WIDTH,
        height,
        SafeString("".join(parts)),
    )


def rect(x: float, y: float, width: float, height: float, css: str, hint: str = "") -> SafeString:
    """Draw a rectangle with the class `css`, and `hint` as its tooltip."""
    title = format_html("<title>{}</title>", hint) if hint else ""
    x, y, width, height = (round(number, 1) for number in (x, y, max(width, 0), max(height, 0)))
    place = flatatt({"class": css, "x": x, "y": y, "width": width, "height": height})
    return format_html('<rect{} rx="2">{}</rect>', place, title)


def text(content: str, x: float, y: float, anchor: str = "start", css: str = "") -> SafeString:
    """Draw `content` on the baseline `y`; `x` is its start, or its end if `anchor` is "end"."""
    place = flatatt({"class": css, "x": round(x, 1), "y": round(y, 1), "text-anchor": anchor})
    return format_html("<text{}>{}</text>", place, content)


def rounded_up(value: float) -> float:
    """Return the first of 1, 2, 4, 6, 8, 10, 20, 40, ... that `value` does not exceed."""
    power = 1
    while power * 10 < value:
        power *= 10
    return next(n * power for n in (1, 2, 4, 6, 8, 10) if n * power >= value)


def short(value: float) -> str:
    """Return a number with at most three digits, and a suffix if it is large: `1.25M`."""
    for unit, name in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if value >= unit:
            return f"{value / unit:.3g}{name}"
    return f"{value:.3g}"
