"""The route of each foreign key through the streets between boxes."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count, pairwise
from typing import NamedTuple

from config.admin_pages.diagram.placement import STEP, Port, Stop, TownPlan
from config.schema_docs import Relation

TURNS = 40  # the cost of the two turns into and out of a gap, as a length
SHARED = 0.3  # the cost factor of a street in which a line to the same table already runs


class StreetStop(NamedTuple):
    """A stop in a street. A street has the number of the column to its right."""

    street: int
    stop: Stop


class Leg(NamedTuple):
    """The part of a route within one street."""

    street: int
    enter: Stop
    leave: Stop


@dataclass(frozen=True)
class Route:
    """The route of a foreign key, from its column to the table that it refers to."""

    relation: Relation
    legs: Sequence[Leg]


def find_routes(plan: TownPlan) -> list[Route]:
    """Return the cheapest route of each foreign key. Lines to the same table share streets."""
    links = _links(plan)
    shared: defaultdict[str, set[frozenset[StreetStop]]] = defaultdict(set)
    routes = []
    for relation in _nearest_first(plan):
        start = _both_sides(plan, Port(relation.table, relation.column))
        goal = _both_sides(plan, Port(relation.target))
        path = _shortest(links, start, goal, shared[relation.target])
        shared[relation.target] |= {frozenset(link) for link in pairwise(path)}
        routes.append(Route(relation, list(_legs(path))))
    return routes


def _links(plan: TownPlan) -> Mapping[StreetStop, Mapping[StreetStop, float]]:
    """Return the neighbours of each stop, each with the cost of the way there."""
    links: defaultdict[StreetStop, dict[StreetStop, float]] = defaultdict(dict)
    stops = sorted(plan.stops.items(), key=lambda stop: stop[1])
    for street in range(plan.columns + 1):
        here = [(stop, y) for stop, y in stops if plan.column(stop) in (street - 1, street)]
        for (above, top), (below, bottom) in pairwise(here):
            one, other = StreetStop(street, above), StreetStop(street, below)
            links[one][other] = links[other][one] = bottom - top
    widths = plan.widths
    for gap in plan.gaps:
        left, right = _both_sides(plan, gap)
        links[left][right] = links[right][left] = widths[gap.column] + TURNS
    return links


def _both_sides(plan: TownPlan, stop: Stop) -> list[StreetStop]:
    """Return the stop as a part of the street to its left and of the street to its right."""
    column = plan.column(stop)
    return [StreetStop(column, stop), StreetStop(column + 1, stop)]


def _nearest_first(plan: TownPlan) -> list[Relation]:
    def distance(relation: Relation) -> int:
        one, other = plan.sites[relation.table], plan.sites[relation.target]
        return abs(one.column - other.column) * STEP + abs(one.y - other.y)

    relations = [r for site in plan.sites.values() for r in site.card.table.relations]
    return sorted((r for r in relations if r.target in plan.sites), key=distance)


def _shortest(
    links: Mapping[StreetStop, Mapping[StreetStop, float]],
    start: Sequence[StreetStop],
    goal: Sequence[StreetStop],
    shared: set[frozenset[StreetStop]],
) -> list[StreetStop]:
    """Return the cheapest path, by Dijkstra's algorithm."""
    before: dict[StreetStop, StreetStop | None] = {}
    ties = count()  # order equal costs, because nodes cannot be compared
    queue: list[tuple[float, int, StreetStop, StreetStop | None]] = [
        (0, next(ties), n, None) for n in start
    ]
    while True:  # ends at the goal, because all streets are connected
        cost, _, node, origin = heappop(queue)
        if node in before:
            continue
        before[node] = origin
        if node in goal:
            return _backwards(before, node)
        for other, length in links[node].items():
            if other not in before:
                factor = SHARED if frozenset((node, other)) in shared else 1
                heappush(queue, (cost + length * factor, next(ties), other, node))


def _backwards(
    before: Mapping[StreetStop, StreetStop | None], last: StreetStop
) -> list[StreetStop]:
    path = [last]
    while (node := before[path[-1]]) is not None:
        path.append(node)
    return path[::-1]


def _legs(path: Sequence[StreetStop]) -> Iterator[Leg]:
    """Yield the part of a path in each street."""
    first = path[0]
    for one, other in pairwise(path):
        if one.street != other.street:
            yield Leg(one.street, first.stop, one.stop)
            first = other
    yield Leg(path[-1].street, first.stop, path[-1].stop)
