"""A rollback's plan for people. Pure."""

from collections.abc import Iterable, Iterator
from textwrap import wrap

from django.core.management.color import Style

from config.console import counted, counted_bytes, printable
from config.postgres.catalog import Schema
from config.rollback.objects import Gone, Undone
from config.rollback.plan import Rollback
from config.rollback.size import Size, Sizes

COUNT, BYTES = 20, 12  # widths of the columns on the right
NARROWEST = 70


class PlanText:
    """Each migration with its operations and what they destroy, and the totals last."""

    def __init__(
        self, schema: Schema, rollback: Rollback, gone: Gone, sizes: Sizes, style: Style, width: int
    ) -> None:
        self.schema, self.rollback, self.gone, self.sizes = schema, rollback, gone, sizes
        self.style = style
        self.width = max(width, NARROWEST)

    def render(self) -> str:
        return "\n".join([*self._head(), "", *self._steps(), "", *self._totals()])

    def _head(self) -> Iterator[str]:
        version = f"{self.schema.server_version // 10000}.{self.schema.server_version % 10000}"
        yield printable(
            f"PostgreSQL {version}, database {self.schema.database}, schema {self.schema.name}"
        )
        yield ""
        count = counted(len(self.rollback.migrations), "migration")
        yield f"Rolling back {self.rollback.what} undoes {count}, in this order:"

    def _steps(self) -> Iterator[str]:
        for migration, undone in self.gone.steps:
            yield self.style.MIGRATE_HEADING(str(migration))
            for item in undone:
                yield from self._operation(item)

    def _operation(self, undone: Undone) -> Iterator[str]:
        room = self.width - COUNT - BYTES - 4
        first, *others = wrap(printable(undone.operation.describe()), room) or [""]
        line = f"  {first:{room}}  {self._loss(undone)}".rstrip()
        yield self.style.WARNING(line) if undone.parts or undone.runs_code else line
        yield from (f"    {other}" for other in others)

    def _loss(self, undone: Undone) -> str:
        if undone.runs_code:
            return f"{'runs code':>{COUNT}}"
        if not undone.parts:
            return ""
        size = self.sizes.total(undone.parts)
        kind = "value" if undone.parts[0].column else "row"
        return f"{shown_count(size, kind):>{COUNT}}{counted_bytes(size.bytes):>{BYTES}}"

    def _totals(self) -> Iterator[str]:
        lines = list(totals(self.gone, self.sizes))
        yield self.style.ERROR("This destroys") if lines else "This destroys no rows."
        for line in lines:
            yield from wrap(line, self.width, initial_indent="  ", subsequent_indent="    ")
        if any(item.runs_code for _, undone in self.gone.steps for item in undone):
            yield "  whatever the code of its migrations does backwards, which nobody can foresee"
        if self.rollback.unknown and not self.rollback.after.models:
            names = ", ".join(".".join(node) for node in self.rollback.unknown)
            yield f"Not in the code, so what they made stays: {names}."


def totals(gone: Gone, sizes: Sizes) -> Iterator[str]:
    """What is destroyed in all, one line for each kind of thing."""
    tables = [part for part in gone.parts if not part.column]
    if tables:
        size = sizes.total(tables)
        yield (
            f"{shown_count(size, 'row')} in {counted(len(tables), 'table')}, "
            f"{counted_bytes(size.bytes)} with indexes"
        )
    for part in gone.columns:
        size = sizes.parts[part]
        yield f"{shown_count(size, 'value')} in column {part}, {counted_bytes(size.bytes)}"
    if gone.enum_types:
        yield f"{counted(len(gone.enum_types), 'enum type')}: {', '.join(gone.enum_types)}"
    for table, count in sizes.forgotten.items():
        yield f"{counted(count, 'row')} of {table}, which is about the models that go"


def success(rollback: Rollback, gone: Gone, sizes: Sizes) -> str:
    """What was looked for and not found, and how much it was in the end."""
    looked_for = [
        counted(len(gone.tables), "table"),
        counted(len(gone.columns), "column"),
        counted(len(gone.enum_types), "enum type"),
        f"the content types and permissions of {counted(len(gone.models), 'model')}",
        counted(len(rollback.migrations), "migration record"),
    ]
    found = [item for item in looked_for if not item.startswith("0 ") and " 0 " not in item]
    tables = [part for part in gone.parts if not part.column]
    rows = f", with {shown_count(sizes.total(tables), 'row')}" if tables else ""
    return f"Nothing is left of {rollback.what}. Gone are {enumerated(found)}{rows}."


def enumerated(items: Iterable[str]) -> str:
    *first, last = items
    return f"{', '.join(first)} and {last}" if first else last


def shown_count(size: Size, kind: str) -> str:
    return ("" if size.is_exact else "about ") + counted(size.count, kind)
