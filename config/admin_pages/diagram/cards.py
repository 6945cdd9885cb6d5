"""The content of the box of each table, and the size of the box."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from django.db.models import TextChoices

from config.schema_docs import Column, Table, short_type

GRID = 8  # distance between the places on the side of a box where lines may end
HEAD = 28  # height of the name of a table
ENTRY = HEAD // 2  # distance from the top of a box to the point where lines to the table end
ROW = 2 * GRID
FIRST = ENTRY + 3 * GRID  # distance of the middle of the first row from the top of the box
LETTER = 8.2  # width of a letter of the name
SMALL_LETTER = 6.9  # width of a letter of a row
PADDING = 24  # total space on the sides of a box
NOTE_GAP = 12  # space between the name of a column and its note


class Detail(TextChoices):
    """The columns of a table that a diagram shows: none, keys only, or all."""

    NAMES = "names", "Names"
    KEYS = "keys", "Keys"
    COLUMNS = "columns", "Columns"


@dataclass(frozen=True)
class CardRow:
    """A column of a table."""

    y: int
    """The distance of the middle of the row from the top of the box."""
    name: str
    note: str
    is_key: bool
    target: str
    """The table that a foreign key refers to."""


@dataclass(frozen=True)
class Card:
    """The content of the box of a table."""

    table: Table
    rows: Sequence[CardRow]
    ports: Mapping[str, int]
    """The distance from the top at which the line of each foreign key begins, by column.

    The key '' is the entry, where lines to the table end.
    """
    width: int
    height: int


@dataclass(frozen=True)
class Block:
    """A domain, divided into stacks of tables that stand next to each other."""

    title: str
    color: int
    stacks: Sequence[Sequence[Card]]


def make_card(table: Table, detail: Detail) -> Card:
    """Return a card with the columns that `detail` asks for."""
    targets = {relation.column: relation.target for relation in table.relations}
    rows = [
        CardRow(FIRST + ROW * n, c.name, _note(c, detail), bool(c.marks), targets.get(c.name, ""))
        for n, c in enumerate(_shown(table, detail))
    ]
    # If the box does not show its foreign keys, their lines begin below the entry.
    below = {name: ENTRY + GRID * n for n, name in enumerate(targets, 1)}
    ports = {"": ENTRY} | below | {row.name: row.y for row in rows if row.target}
    height = ENTRY + (rows[-1].y if rows else max(ports.values()))
    return Card(table, rows, ports, _width(table, rows), height)


def make_block(title: str, color: int, cards: Sequence[Card], height: float) -> Block:
    """Return the tables of a domain as stacks of about this height."""
    heights = [card.height for card in cards]
    count = max(round(sum(heights) / height), 1)
    stack_height = sum(heights) / count
    stacks: list[list[Card]] = [[] for _ in range(count)]
    for card, end in zip(cards, accumulate(heights), strict=True):
        middle = end - card.height / 2  # as if all cards were in one stack
        stacks[int(middle / stack_height)].append(card)
    return Block(title, color, [stack for stack in stacks if stack])


def _shown(table: Table, detail: Detail) -> Sequence[Column]:
    if detail == Detail.NAMES:
        return []
    return [c for c in table.columns if c.marks or detail == Detail.COLUMNS]


def _note(column: Column, detail: Detail) -> str:
    kind = [short_type(column.type)] if detail == Detail.COLUMNS else []
    return " ".join([*kind, *([] if column.not_null else ["null"]), *column.marks])


def _width(table: Table, rows: Sequence[CardRow]) -> int:
    head = len(table.name) * LETTER
    texts = [len(row.name + row.note) * SMALL_LETTER + NOTE_GAP for row in rows]
    return int(max([head, *texts]) + PADDING)
