"""Charts: sizes, positions within the chart, and escaped labels."""

import re
from xml.etree import ElementTree

import pytest

from config.admin_pages.charts import (
    CHART_WIDTH,
    Bar,
    bars,
    columns,
    heat_map,
    rounded_up,
    short,
)


def rectangles(svg: str, css: str) -> list[dict[str, float]]:
    """Return the rectangles with the CSS class `css`, in order."""
    return [
        {name: float(rect.attrib[name]) for name in ("x", "y", "width", "height")}
        for rect in ElementTree.fromstring(svg).iter("rect")  # noqa: S314
        if re.fullmatch(css, rect.attrib["class"])
    ]


def test_column_of_half_the_value__is_half_as_high() -> None:
    [high, low] = rectangles(columns([Bar("a", [10], ["a"]), Bar("b", [5], ["b"])], 1), "series-0")
    assert (high["height"], low["height"]) == (160, 80)


def test_columns__have_the_same_baseline() -> None:
    found = rectangles(columns([Bar("a", [10], ["a"]), Bar("b", [5], ["b"])], 1), "series-0")
    assert {rect["y"] + rect["height"] for rect in found} == {172}


def test_columns_of_nothing__are_flat() -> None:
    [rect] = rectangles(columns([Bar("a", [0], ["a"])], 1), "series-0")
    assert rect["height"] == 0


def test_chart_without_columns__has_no_rectangles() -> None:
    assert rectangles(columns([], 1), ".*") == []


def test_parts_of_a_bar__follow_each_other() -> None:
    [first] = rectangles(bars([Bar("a", [1, 3], ["x", "y"])]), "series-0")
    [second] = rectangles(bars([Bar("a", [1, 3], ["x", "y"])]), "series-1")
    assert (first["x"], first["width"], second["x"], second["width"]) == (0, 90, 90, 270)


def test_bars_of_a_whole__are_as_long_as_their_share() -> None:
    [rect] = rectangles(bars([Bar("a", [25], ["x"])], whole=100), "series-0")
    assert rect["width"] == CHART_WIDTH / 4


def test_bars_of_nothing__have_no_width() -> None:
    [rect] = rectangles(bars([Bar("a", [0], ["x"])]), "series-0")
    assert rect["width"] == 0


def test_cell_of_a_heat_map__is_darkest_for_the_highest_value() -> None:
    svg = heat_map(["Mon"], {0: "0:00"}, [[0, 1, 50, 100]])
    assert re.findall("level-.", svg) == ["level-0", "level-1", "level-3", "level-5"]


def test_heat_map_of_nothing__has_only_empty_cells() -> None:
    assert set(re.findall("level-.", heat_map(["Mon"], {}, [[0, 0]]))) == {"level-0"}


def test_heat_map__fits_the_chart() -> None:
    cells = rectangles(heat_map(["Mon"], {}, [[1] * 24]), "level-.")
    assert max(cell["x"] + cell["width"] for cell in cells) <= CHART_WIDTH


@pytest.mark.parametrize("markup", ["<script>alert(1)</script>", '"><b>', "a & b"])
def test_label_with_markup__is_shown_as_text(markup: str) -> None:
    chart = ElementTree.fromstring(bars([Bar(markup, [1], [markup])]))  # noqa: S314
    texts = [element.text for element in chart.iter() if element.tag in ("text", "title")]
    assert texts.count(markup) == 2


@pytest.mark.parametrize(
    ("value", "top"),
    [(0, 1), (1, 1), (1.5, 2), (3, 4), (5, 6), (7, 8), (9, 10), (11, 20), (100, 100)],
)
def test_top_of_a_scale__is_round(value: float, top: float) -> None:
    assert rounded_up(value) == top


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (0.5, "0.5"), (999, "999"), (1500, "1.5k"), (2_500_000, "2.5M")]
)
def test_number_on_a_scale__is_short(value: float, text: str) -> None:
    assert short(value) == text


def test_long_label__is_shortened() -> None:
    drawn = bars([Bar("A course with a name that is too long", [1], ["a"])])
    assert ">A course with a name that is to…</text>" in drawn
