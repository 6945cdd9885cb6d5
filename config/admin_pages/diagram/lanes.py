"""The lanes of lines that run next to each other in a street or gap."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from statistics import fmean
from typing import NamedTuple

from config.admin_pages.diagram.placement import LANE, Gap, Stop, TownPlan
from config.admin_pages.diagram.routes import Route


class Traffic(NamedTuple):
    """All lines to a table within a street or gap."""

    target: str
    place: int | Gap


@dataclass
class Use:
    """The y positions at which the lines to a table join a street, on its left and right side."""

    traffic: Traffic
    left: set[int] = field(default_factory=set)
    right: set[int] = field(default_factory=set)

    @property
    def top(self) -> int:
        return min(self.left | self.right)

    @property
    def bottom(self) -> int:
        return max(self.left | self.right)

    def reaches(self, y: int) -> bool:
        return self.top <= y <= self.bottom


@dataclass
class Lanes:
    """The number of each lane, counted from the left of a street or from the top of a gap."""

    plan: TownPlan
    routes: Sequence[Route]

    def __post_init__(self) -> None:
        self.stops = self.plan.stops
        self.lanes: dict[Traffic, int] = {}
        # Begin with the gaps, because their lanes determine where lines join the streets.
        for found in _in_gaps(self.routes).values():
            ordered = sorted(found, key=lambda traffic: (fmean(self._ends(traffic)), traffic))
            self.lanes |= {traffic: lane for lane, traffic in enumerate(ordered)}
        for uses in self._in_streets().values():
            self.lanes |= _allot(_order(uses))

    def y(self, target: str, stop: Stop) -> int:
        """Return the y position at which the lines to a table pass a stop."""
        lane = self.lanes[Traffic(target, stop)] if isinstance(stop, Gap) else 0
        return self.stops[stop] + LANE * lane

    def street(self, target: str, street: int) -> int:
        """Return the lane of the lines to a table in a street."""
        return self.lanes[Traffic(target, street)]

    def count(self, street: int) -> int:
        return max((n + 1 for (_, place), n in self.lanes.items() if place == street), default=0)

    def _ends(self, traffic: Traffic) -> Iterator[int]:
        """Yield the y positions of both ends of each leg that touches the gap of `traffic`."""
        routes = [route for route in self.routes if route.relation.target == traffic.target]
        for leg in chain.from_iterable(route.legs for route in routes):
            if traffic.place in (leg.enter, leg.leave):
                yield from (self.stops[leg.enter], self.stops[leg.leave])

    def _in_streets(self) -> dict[int, list[Use]]:
        found: dict[int, dict[str, Use]] = {}
        for route in self.routes:
            target = route.relation.target
            for leg in route.legs:
                uses = found.setdefault(leg.street, {})
                use = uses.setdefault(target, Use(Traffic(target, leg.street)))
                for stop in (leg.enter, leg.leave):
                    side = use.right if self.plan.column(stop) == leg.street else use.left
                    side.add(self.y(target, stop))
        return {street: list(uses.values()) for street, uses in found.items()}


def count_lanes(routes: Sequence[Route]) -> dict[Gap, int]:
    """Return the number of lanes that each gap needs."""
    return {gap: len(found) for gap, found in _in_gaps(routes).items()}


def _in_gaps(routes: Sequence[Route]) -> dict[Gap, set[Traffic]]:
    found: defaultdict[Gap, set[Traffic]] = defaultdict(set)
    for route in routes:
        for leg in route.legs:
            if isinstance(leg.leave, Gap):
                found[leg.leave].add(Traffic(route.relation.target, leg.leave))
    return found


def _order(uses: Sequence[Use]) -> list[Use]:
    """Order uses from left to right so that few lines cross. Insert the longest uses first."""
    order: list[Use] = []
    for use in sorted(uses, key=lambda use: use.top - use.bottom):
        costs = [
            sum(_crossings(other, use) for other in order[:n])
            + sum(_crossings(use, other) for other in order[n:])
            for n in range(len(order) + 1)
        ]
        order.insert(costs.index(min(costs)), use)
    return order


def _crossings(one: Use, other: Use) -> int:
    """Count the crossings of two uses if `one` has the left lane."""
    return sum(map(one.reaches, other.left)) + sum(map(other.reaches, one.right))


def _allot(uses: Sequence[Use]) -> dict[Traffic, int]:
    """Give each use the leftmost lane to the right of all earlier uses that overlap with it."""
    lanes: dict[Traffic, int] = {}
    for n, use in enumerate(uses):
        met = [o for o in uses[:n] if use.top - LANE < o.bottom and o.top - LANE < use.bottom]
        lanes[use.traffic] = max((lanes[other.traffic] + 1 for other in met), default=0)
    return lanes
