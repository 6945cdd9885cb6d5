"""The diagram of docs/architecture.md, compared with the imports of the code."""

import re
from itertools import product

import grimp

from config.project import own_apps
from tests.support.processes import PROJECT

APPS = tuple(config.label for config in own_apps())
ARROW = re.compile(r"^ *(\w+) --> (\w+)", re.MULTILINE)

type Arrow = tuple[str, str]


def test_diagram__has_the_arrows_of_the_code() -> None:
    document = (PROJECT / "docs" / "architecture.md").read_text()
    drawn = set(ARROW.findall(document))
    assert drawn == without_shortcuts(imports_between_rooms())


def imports_between_rooms() -> set[Arrow]:
    """Return the pairs of a room and a room that it imports."""
    graph = grimp.build_graph("config", *APPS, cache_dir=None)
    pairs = (
        (room(importer), room(imported))
        for importer in graph.modules
        for imported in graph.find_modules_directly_imported_by(importer)
    )
    return {(above, below) for above, below in pairs if above and below and above != below}


def room(module: str) -> str | None:
    """Return the room of `module`, or None for a module outside of rooms, such as settings.

    `project` is a module, but counts as a room because rooms import it.
    """
    package, _, rest = module.partition(".")
    if package in APPS:
        return "apps"
    name = rest.partition(".")[0]
    is_room = name and (PROJECT / "config" / name).is_dir()
    return name if is_room or name == "project" else None


def without_shortcuts(arrows: set[Arrow]) -> set[Arrow]:
    """Return `arrows` without each arrow that a longer path can replace."""
    reachable = set(arrows)
    while (
        more := {
            (start, end)
            for (start, middle), (other, end) in product(reachable, arrows)
            if middle == other
        }
        - reachable
    ):
        reachable |= more
    rooms = {name for arrow in arrows for name in arrow}
    return {
        (start, end)
        for start, end in arrows
        if not any((start, middle) in reachable and (middle, end) in reachable for middle in rooms)
    }
