"""Pure functions that lay out the entity-relationship diagram.

A domain is a frame around stacks of tables. The first domain is at the top left. The others follow,
the tallest first, each at the highest free place, which leaves the least space empty. Under the
boxes, a line leads from each foreign key to the table that it refers to.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from config.schema_docs import Column, Domain, Relation, Table, short_type

STACKS = 6  # next to each other
TABLE_WIDTH = 260
GUTTER = 66  # between stacks, for the lines
HEAD = 30  # height of the head of a table
ROW = 18
BIG = 36  # height of a line of the name that a zoomed-out diagram shows
GAP = 26  # between the tables of a stack
FRAME = 18  # between a frame and its tables
TITLE = 34  # height of the title of a frame
BETWEEN = 30  # between two frames, one above the other
TALLEST = 1200  # height of a stack at which its domain starts another
COLORS = 8  # colours in pages.css


@dataclass(frozen=True)
class Line:
    """A column in the box of its table."""

    y: int
    name: str
    type: str
    mark: str


@dataclass(frozen=True)
class Box:
    """The box of a table."""

    table: Table
    color: int
    x: int
    y: int
    lines: Sequence[Line]

    width = TABLE_WIDTH

    @property
    def height(self) -> int:
        return _height(self.table)

    @property
    def middle(self) -> int:
        return self.x + TABLE_WIDTH // 2

    @property
    def words(self) -> list[tuple[int, str]]:
        """The words of the name, each with its y position, for a zoomed-out diagram."""
        parts = self.table.name.replace("_", "_ ").split()
        top = self.y + (self.height - BIG * len(parts)) // 2
        return [(top + BIG * n + BIG * 3 // 4, part) for n, part in enumerate(parts)]


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
    """The curve of a foreign key, from its column to the table that it refers to."""

    relation: Relation
    color: int
    path: str


@dataclass(frozen=True)
class Diagram:
    """The layout of all domains, in units of the SVG."""

    width: int
    height: int
    frames: Sequence[Frame]
    boxes: Sequence[Box]
    edges: Sequence[Edge]


def draw(domains: Sequence[Domain]) -> Diagram:
    """Lay out all domains without overlaps."""
    frames: list[Frame] = []
    boxes: list[Box] = []
    bottoms = [0] * STACKS
    divided = [_stacks(domain.tables) for domain in domains]
    for number in sorted(range(len(domains)), key=lambda n: (n > 0, -_tallest(divided[n]))):
        stacks = divided[number]
        column = _highest_place(bottoms, len(stacks))
        top = max(bottoms[column : column + len(stacks)])
        frame = _frame(domains[number], stacks, number % COLORS, column, top)
        below = frame.y + frame.height + BETWEEN
        bottoms[column : column + len(stacks)] = [below] * len(stacks)
        frames.append(frame)
        boxes += _boxes(frame, stacks)
    edges = _edges({box.table.name: box for box in boxes})
    right = max((frame.x + frame.width for frame in frames), default=0)
    return Diagram(right, max(bottoms) - BETWEEN, frames, boxes, list(edges))


type Stacks = Sequence[Sequence[Table]]


def _tallest(stacks: Stacks) -> int:
    return max(sum(_height(table) + GAP for table in stack) - GAP for stack in stacks)


def _stacks(tables: Sequence[Table]) -> list[list[Table]]:
    """Divide tables into as few stacks as possible, of about the same height."""
    heights = [_height(table) + GAP for table in tables]
    count = min(-(-sum(heights) // TALLEST), STACKS)
    share = sum(heights) / count
    middles = (end - height / 2 for end, height in zip(accumulate(heights), heights, strict=True))
    stacks: list[list[Table]] = [[] for _ in range(count)]
    for table, middle in zip(tables, middles, strict=True):
        stacks[int(middle / share)].append(table)
    return [stack for stack in stacks if stack]


def _highest_place(bottoms: Sequence[int], width: int) -> int:
    """Return the first of `width` adjacent stacks at the highest free place."""
    return min(range(STACKS - width + 1), key=lambda n: max(bottoms[n : n + width]))


def _frame(domain: Domain, stacks: Stacks, color: int, column: int, top: int) -> Frame:
    return Frame(
        domain.title,
        color,
        column * (TABLE_WIDTH + GUTTER),
        top,
        len(stacks) * (TABLE_WIDTH + GUTTER) - GUTTER + 2 * FRAME,
        TITLE + _tallest(stacks) + FRAME,
    )


def _boxes(frame: Frame, stacks: Stacks) -> Iterator[Box]:
    for number, stack in enumerate(stacks):
        y = frame.y + TITLE
        for table in stack:
            x = frame.x + FRAME + number * (TABLE_WIDTH + GUTTER)
            lines = [_line(column, y, n) for n, column in enumerate(table.columns)]
            yield Box(table, frame.color, x, y, lines)
            y += _height(table) + GAP


def _height(table: Table) -> int:
    return HEAD + max(len(table.columns), 1) * ROW + 6


def _line(column: Column, top: int, number: int) -> Line:
    y = top + HEAD + number * ROW + 14
    return Line(y, column.name, short_type(column.type), " ".join(column.marks))


def _edges(boxes: Mapping[str, Box]) -> Iterator[Edge]:
    for box in boxes.values():
        lines = {line.name: line.y - 5 for line in box.lines}
        for relation in box.table.relations:
            if target := boxes.get(relation.target):
                start = lines.get(relation.column, box.y + HEAD // 2)
                yield Edge(relation, box.color, _curve(box, start, target))


def _curve(box: Box, start: int, target: Box) -> str:
    """Draw a curve between the facing sides of two boxes, or along the left side of a stack."""
    end = target.y + HEAD // 2
    if box.x == target.x:
        x = box.x
        out = x - GUTTER * 3 // 5
        return f"M{x} {start} C{out} {start} {out} {end} {x} {end}"
    x, to, way = (
        (box.x, target.x + TABLE_WIDTH, -1)
        if target.x < box.x
        else (box.x + TABLE_WIDTH, target.x, 1)
    )
    bend = way * max(GUTTER, abs(to - x) // 3)
    return f"M{x} {start} C{x + bend} {start} {to - bend} {end} {to} {end}"
