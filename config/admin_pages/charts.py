"""Numbers -> SVG, for pages.css to colour. Pure.

A chart is as wide as its place; its text is of a size that a phone, which shrinks it a little,
still shows well.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

WIDTH = 360
LEFT = 52  # for the numbers beside columns
LEVELS = 5  # of a heat map


@dataclass(frozen=True)
class Bar:
    """A value, or several on top of each other, with what a pointer on it shows."""

    label: str
    values: Sequence[float]
    hints: Sequence[str]
    note: str = ""


def columns(bars: Sequence[Bar], every: int) -> SafeString:
    """A column for each bar, labelled every so many, below lines at round numbers."""
    height, bottom = 200, 172
    top = rounded_up(max((sum(bar.values) for bar in bars), default=0))
    step = (WIDTH - LEFT) / max(len(bars), 1)
    parts = [_scale(top, bottom)]
    for n, bar in enumerate(bars):
        x = LEFT + n * step
        parts.append(_column(bar, x + step * 0.12, step * 0.76, bottom, (bottom - 12) / top))
        if n % every == 0 and n + every * 0.6 < len(bars):  # or else it would end outside
            parts.append(text(bar.label, x, height - 8))
    return svg(height, parts)


def _scale(top: float, bottom: int) -> SafeString:
    lines = ((share, bottom - share * (bottom - 12)) for share in (0, 0.5, 1))
    return format_html_join(
        "",
        '<path class="rule" d="M{} {}H{}"/>{}',
        (
            (LEFT, round(y, 1), WIDTH, text(short(share * top), LEFT - 8, y + 4, "end"))
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
    """A bar for each row, its parts one after the other, below its label and note.

    The longest is as long as there is room, or `whole` is.
    """
    longest = whole or max((sum(row.values) for row in rows), default=0) or 1
    parts = []
    for n, row in enumerate(rows):
        y = n * 40
        parts.append(text(shortened(row.label), 0, y + 14))
        parts.append(text(row.note, WIDTH, y + 14, "end", "note"))
        parts.append(rect(0, y + 20, WIDTH, 12, "track"))
        x = 0.0
        for m, (value, hint) in enumerate(zip(row.values, row.hints, strict=True)):
            width = value / longest * WIDTH
            parts.append(rect(x, y + 20, width, 12, f"series-{m}", hint))
            x += width
    return svg(max(len(rows), 1) * 40, parts)


def heat_map(
    rows: Sequence[str], heads: Mapping[int, str], values: Sequence[Sequence[int]]
) -> SafeString:
    """A cell for each value, the darker the higher; `heads` are above some of the columns."""
    highest = max((value for row in values for value in row), default=0) or 1
    width = (WIDTH - LEFT) / max(len(row) for row in values)
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
    """Its place names and describes it."""
    return format_html(
        '<svg viewBox="0 0 {} {}" class="picture" aria-hidden="true" focusable="false">{}</svg>',
        WIDTH,
        height,
        SafeString("".join(parts)),
    )


def rect(x: float, y: float, width: float, height: float, css: str, hint: str = "") -> SafeString:
    title = format_html("<title>{}</title>", hint) if hint else ""
    return format_html(
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="2">{}</rect>',
        css,
        round(x, 1),
        round(y, 1),
        round(max(width, 0), 1),
        round(max(height, 0), 1),
        title,
    )


def text(content: str, x: float, y: float, anchor: str = "start", css: str = "") -> SafeString:
    return format_html(
        '<text class="{}" x="{}" y="{}" text-anchor="{}">{}</text>',
        css,
        round(x, 1),
        round(y, 1),
        anchor,
        content,
    )


def rounded_up(value: float) -> float:
    """The next number of which half is round, too."""
    power = 1
    while power * 10 < value:
        power *= 10
    return next(n * power for n in (1, 2, 4, 6, 8, 10) if n * power >= value)


def short(value: float) -> str:
    """`1250000` -> `1.2M`."""
    for unit, name in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if value >= unit:
            return f"{value / unit:.3g}{name}"
    return f"{value:.3g}"


def shortened(label: str, length: int = 32) -> str:
    return label if len(label) <= length else f"{label[: length - 1].rstrip()}…"
