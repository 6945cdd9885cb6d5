"""The places of blocks and tables in columns that are filled from the top."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, cycle, islice
from typing import NamedTuple

from config.admin_pages.diagram.cards import ENTRY, GRID, Block, Card

LANE = GRID  # distance between two lines in a street
SHIFT = 4  # offset of the grid of every second column, so that lines of neighbours do not overlap
KERB = 12  # space between a line and a box or frame
FRAME = 12  # space between a frame and its boxes
TITLE = 30  # height of the title of a frame
ALLEY = 12  # distance between two boxes of a stack if no line runs between them
SHAPE = 1.6  # width of a diagram that fits a screen, divided by its height
LANES = 5  # assumed number of lanes in a street, before lines have routes
STEP = 300  # approximate distance from one column to the next
TRIES = 150  # number of times that two blocks are swapped to lower the cost


class Gap(NamedTuple):
    """The horizontal street above a box of a column, or below the last box of a column."""

    column: int
    number: int


class Port(NamedTuple):
    """A height at which lines meet the left or the right side of a box.

    The line of a foreign key begins at the port of its column. Lines to the table end at the port
    without a column, which is the entry.
    """

    table: str
    column: str = ""


type Stop = Gap | Port


@dataclass(frozen=True)
class TableSite:
    """The place of a table in its column."""

    card: Card
    color: int
    column: int
    y: int


@dataclass(frozen=True)
class FrameSite:
    """The place of the frame of a block."""

    block: Block
    column: int
    y: int
    height: int


@dataclass
class TownPlan:
    """The places of all blocks."""

    columns: int
    lanes: Mapping[Gap, int] = field(default_factory=dict)
    """The number of lanes that each gap has room for."""
    frames: list[FrameSite] = field(default_factory=list)
    sites: dict[str, TableSite] = field(default_factory=dict)
    gaps: dict[Gap, int] = field(default_factory=dict)
    """The y position of the first lane of each gap."""

    def __post_init__(self) -> None:
        self.bottoms = [0] * self.columns
        self.counts = [0] * self.columns

    @property
    def height(self) -> int:
        return max(self.bottoms)

    @property
    def widths(self) -> list[int]:
        """The width of the widest box in each column."""
        widths = [0] * self.columns
        for site in self.sites.values():
            widths[site.column] = max(widths[site.column], site.card.width)
        return widths

    @property
    def stops(self) -> dict[Stop, int]:
        """The y position of each place at which a line can leave or enter a street."""
        stops: dict[Stop, int] = dict(self.gaps.items())
        for name, site in self.sites.items():
            for column, y in site.card.ports.items():
                stops[Port(name, column)] = site.y + y
        return stops

    def column(self, stop: Stop) -> int:
        """Return the number of the column of a stop."""
        return stop.column if isinstance(stop, Gap) else self.sites[stop.table].column

    def add(self, block: Block, first: int) -> None:
        """Place a block in the columns from `first` on, below all blocks of these columns."""
        size = len(block.stacks)
        used = range(first, first + size)
        top = max(self.bottoms[n] + self._street_height(Gap(n, self.counts[n])) for n in used)
        ends = [
            self._stack(cards, block.color, column, top)
            for column, cards in zip(used, block.stacks, strict=True)
        ]
        self.bottoms[first : first + size] = [max(ends)] * size
        self.frames.append(FrameSite(block, first, top, max(ends) - top))

    def finish(self) -> "TownPlan":
        """Add the gap below the last box of each column."""
        for column, bottom in enumerate(self.bottoms):
            self.gaps[Gap(column, self.counts[column])] = _on_grid(bottom + KERB, column)
        return self

    def highest_place(self, block: Block) -> int:
        """Return the first column of the highest place at which the block fits."""
        size = len(block.stacks)
        starts = range(self.columns - size + 1)
        return min(starts, key=lambda n: max(self.bottoms[n : n + size]))

    def with_lanes(self, lanes: Mapping[Gap, int]) -> "TownPlan":
        """Return this plan with room for lines in the gaps."""
        plan = TownPlan(self.columns, lanes)
        for frame in self.frames:
            plan.add(frame.block, frame.column)
        return plan.finish()

    def _street_height(self, gap: Gap) -> int:
        return 2 * KERB + LANE * self.lanes.get(gap, 0)

    def _stack(self, cards: Sequence[Card], color: int, column: int, top: int) -> int:
        """Place tables below each other in a frame, and return the end of the frame."""
        y = top + TITLE
        for n, card in enumerate(cards):
            gap = Gap(column, self.counts[column])
            height = self._street_height(gap)
            if n == 0:  # this street is above the frame
                self.gaps[gap] = _on_grid(top - height + KERB, column)
            else:
                self.gaps[gap] = _on_grid(y + KERB, column)
                y += height if self.lanes.get(gap) else ALLEY
            y = _on_grid(y + ENTRY, column) - ENTRY
            self.sites[card.table.name] = TableSite(card, color, column, y)
            self.counts[column] += 1
            y += card.height
        return y + FRAME


def place_blocks(blocks: Iterable[Block], columns: int) -> TownPlan:
    """Place the blocks one after the other, each as high as possible."""
    plan = TownPlan(columns)
    for block in blocks:
        plan.add(block, plan.highest_place(block))
    return plan.finish()


def arrange(blocks: Sequence[Block]) -> TownPlan:
    """Return the plan that suits a screen best.

    Begin with the blocks in the given order. Swap two blocks if the swap lowers the cost.
    """
    most = max((len(block.stacks) for block in blocks), default=1)
    counts = range(most, max(most, len(blocks)) + 1)
    best = min((place_blocks(blocks, count) for count in counts), key=_size)
    pairs = list(combinations(range(len(blocks)), 2))
    for one, other in islice(cycle(pairs), TRIES):
        order = [frame.block for frame in best.frames]
        order[one], order[other] = order[other], order[one]
        best = min(best, place_blocks(order, best.columns), key=_cost)
    return best


def _size(plan: TownPlan) -> float:
    """Return the height of the smallest page of the right shape that holds the plan."""
    width = sum(plan.widths) + (2 * (FRAME + KERB) + LANES * LANE) * plan.columns
    return max(plan.height, width / SHAPE)


def _cost(plan: TownPlan) -> float:
    """Return the sum of the size of a plan and the mean length of its lines."""
    lengths = [
        abs(site.y - target.y) + STEP * abs(site.column - target.column)
        for site in plan.sites.values()
        for relation in site.card.table.relations
        if (target := plan.sites.get(relation.target))
    ]
    return _size(plan) + sum(lengths) / max(len(lengths), 1)


def _on_grid(y: int, column: int) -> int:
    """Round `y` up to a position for lines. Neighbouring columns have different positions."""
    return y + (SHIFT * (column % 2) - y) % GRID
