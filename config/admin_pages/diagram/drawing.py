"""The finished drawing: frames, boxes and lines with their coordinates, in units of the SVG."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from math import sqrt
from typing import NamedTuple

from config.admin_pages.diagram.cards import CardRow, Detail, make_block, make_card
from config.admin_pages.diagram.lanes import Lanes, count_lanes
from config.admin_pages.diagram.placement import (
    FRAME,
    KERB,
    LANE,
    SHAPE,
    FrameSite,
    Stop,
    TableSite,
    arrange,
)
from config.admin_pages.diagram.routes import Route, find_routes
from config.schema_docs import Domain, Relation, Table

COLORS = 8  # colours in pages.css
BIG = 30  # largest font size of the name of a table in a small diagram
WIDE = 0.65  # width of a letter, divided by its size
CORNER = 5  # radius of the corners of lines
ROOM = 1.6  # area of a diagram, divided by the area of its boxes


class Point(NamedTuple):
    """A corner or end of a line."""

    x: int
    y: int


@dataclass(frozen=True)
class Box:
    """The box of a table."""

    table: Table
    rows: Sequence[CardRow]
    color: int
    x: int
    y: int
    width: int
    height: int

    @property
    def middle(self) -> int:
        return self.x + self.width // 2

    @property
    def words(self) -> Sequence[str]:
        """The words of the name. A small diagram shows them below each other."""
        return self.table.name.replace("_", "_ ").split()

    @property
    def big(self) -> int:
        """The size of the letters with which the words of the name fill the box."""
        longest = max(map(len, self.words))
        return min(BIG, self.height // len(self.words), int(self.width / longest / WIDE))

    @property
    def baselines(self) -> Sequence[tuple[int, str]]:
        """The y position of each word of the name."""
        top = self.y + (self.height - self.big * len(self.words)) // 2
        return [(top + self.big * (4 * n + 3) // 4, word) for n, word in enumerate(self.words)]

    @property
    def label(self) -> str:
        """The description of the table for screen readers."""
        to = list(dict.fromkeys(relation.target for relation in self.table.relations))
        by = list(dict.fromkeys(relation.table for relation in self.table.referrers))
        related = [("refers to", to), ("referred to by", by)]
        parts = [f"{words} {', '.join(names)}" for words, names in related if names]
        return "; ".join([self.table.name, *parts])


@dataclass(frozen=True)
class Frame:
    """The frame of a domain."""

    title: str
    color: int
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Edge:
    """The line of a foreign key, from its column to the table that it refers to."""

    relation: Relation
    color: int
    points: Sequence[Point]

    @property
    def path(self) -> str:
        """The line as a path of SVG, with round corners."""
        start, *corners, end = self.points
        parts = [f"M{start.x} {start.y}"]
        for before, corner, after in zip(self.points, corners, self.points[2:], strict=False):
            one, other = _towards(corner, before), _towards(corner, after)
            parts.append(f"L{one.x} {one.y}Q{corner.x} {corner.y} {other.x} {other.y}")
        return "".join([*parts, f"L{end.x} {end.y}"])


@dataclass(frozen=True)
class Diagram:
    """The drawing of all domains."""

    width: int
    height: int
    frames: Sequence[Frame]
    boxes: Sequence[Box]
    edges: Sequence[Edge]


def draw(domains: Sequence[Domain], detail: Detail = Detail.KEYS) -> Diagram:
    """Draw all domains, with the columns that `detail` asks for."""
    cards = [[make_card(table, detail) for table in domain.tables] for domain in domains]
    area = sum(card.width * card.height for own in cards for card in own)
    height = sqrt(area * ROOM / SHAPE)
    plan = arrange(
        [
            make_block(domain.title, n % COLORS, own, height)
            for n, (domain, own) in enumerate(zip(domains, cards, strict=True))
            if own
        ]
    )
    routes = find_routes(plan)
    return _Drawing(Lanes(plan.with_lanes(count_lanes(routes)), routes)).finish()


class _Drawing:
    """The x positions of the streets and columns of a plan, and the drawing of the plan."""

    def __init__(self, lanes: Lanes) -> None:
        self.lanes, self.plan = lanes, lanes.plan
        counts = [lanes.count(street) for street in range(self.plan.columns + 1)]
        streets = [2 * (KERB + FRAME) + LANE * max(count - 1, 0) for count in counts]
        # A street alternates with a column. There is no column after the last street.
        widths = zip(streets, [*self.plan.widths, 0], strict=True)
        ends = list(accumulate(chain.from_iterable(widths)))
        self.columns = ends[::2]  # a column begins where the street to its left ends
        self.streets = [0, *ends[1::2]]

    def finish(self) -> Diagram:
        edges = [self._edge(route) for route in self.lanes.routes]
        lowest = max((point.y for edge in edges for point in edge.points), default=0)
        return Diagram(
            self.columns[-1],
            max(self.plan.height, lowest) + KERB,
            [self._frame(site) for site in self.plan.frames],
            sorted(map(self._box, self.plan.sites.values()), key=lambda box: (box.x, box.y)),
            edges,
        )

    def _frame(self, site: FrameSite) -> Frame:
        last = site.column + len(site.block.stacks) - 1
        left = self.columns[site.column] - FRAME
        width = self.streets[last + 1] + FRAME - left
        return Frame(site.block.title, site.block.color, left, site.y, width, site.height)

    def _box(self, site: TableSite) -> Box:
        left, width = self.columns[site.column], self.plan.widths[site.column]
        card = site.card
        return Box(card.table, card.rows, site.color, left, site.y, width, card.height)

    def _edge(self, route: Route) -> Edge:
        color = self.plan.sites[route.relation.target].color
        return Edge(route.relation, color, _ends_and_corners(self._points(route)))

    def _points(self, route: Route) -> Iterator[Point]:
        target = route.relation.target
        start, end = route.legs[0], route.legs[-1]
        yield Point(self._side(start.enter, start.street), self.lanes.y(target, start.enter))
        for leg in route.legs:
            lane = self.lanes.street(target, leg.street)
            x = self.streets[leg.street] + FRAME + KERB + LANE * lane
            yield Point(x, self.lanes.y(target, leg.enter))
            yield Point(x, self.lanes.y(target, leg.leave))
        yield Point(self._side(end.leave, end.street), self.lanes.y(target, end.leave))

    def _side(self, stop: Stop, street: int) -> int:
        """Return the x position of the side of the box that faces the street."""
        is_left = self.plan.column(stop) == street
        return self.columns[street] if is_left else self.streets[street]


def _ends_and_corners(points: Iterator[Point]) -> list[Point]:
    """Return the points of a line, without points in the middle of a straight part."""
    found: list[Point] = []
    for point in points:
        if len(found) > 1 and (
            found[-2].x == found[-1].x == point.x or found[-2].y == found[-1].y == point.y
        ):
            found.pop()
        found.append(point)
    return found


def _towards(corner: Point, other: Point) -> Point:
    """Return the point on the way to `other` where the round corner begins."""
    x, y = other.x - corner.x, other.y - corner.y
    length = max(abs(x), abs(y))
    share = min(CORNER, length / 2) / length
    return Point(round(corner.x + x * share), round(corner.y + y * share))
