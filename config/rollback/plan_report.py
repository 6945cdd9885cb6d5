"""The texts about a rollback: its plan, and its outcome."""

from collections.abc import Iterator, Sequence
from textwrap import wrap

from django.core.management.color import Style
from django.db.migrations.operations import AddField, CreateModel

from config.console import counted, counted_bytes, printable
from config.postgres.catalog import read_schema
from config.postgres.enums import CreateEnum
from config.rollback.dropped_objects import Dropped, UndoneOperation
from config.rollback.inventory import HOLDS_ROWS, HOLDS_VALUES, DroppedObject
from config.rollback.losses import FILLED_BY_MIGRATE, Losses, RowCount
from config.rollback.rollback_transaction import Job

COUNT, BYTES = 20, 12  # the widths of the columns on the right
MIN_WIDTH = 70
NAMING = (CreateModel, AddField, CreateEnum)
"""The operations whose description already names the dropped object."""


class PlanReport:
    """The plan of a rollback: each operation with its losses, and the sums of all losses."""

    def __init__(self, job: Job, losses: Losses, style: Style, width: int) -> None:
        self.schema = read_schema(job.connection)
        self.rollback, self.dropped, self.losses = job.rollback, job.dropped, losses
        self.style, self.width = style, max(width, MIN_WIDTH)

    def render(self) -> str:
        return "\n".join([*self._head(), "", *self._operations(), "", *self._ending()])

    def _head(self) -> Iterator[str]:
        yield printable(self.schema.description)
        yield ""
        count = counted(len(self.rollback.migrations), "migration")
        yield f"Rolling back {self.rollback.scope} undoes {count}, in this order:"

    def _operations(self) -> Iterator[str]:
        for migration, operations in self.dropped.migrations:
            yield self.style.MIGRATE_HEADING(str(migration))
            for undone in operations:
                yield from self._operation(undone)

    def _operation(self, undone: UndoneOperation) -> Iterator[str]:
        room = self.width - COUNT - BYTES - 4
        first, *others = wrap(printable(undone.operation.describe()), room) or [""]
        line = f"  {first:{room}}  {self._loss(undone)}".rstrip()
        yield self.style.WARNING(line) if undone.objects or undone.runs_code else line
        yield from (f"    {other}" for other in others)
        if not isinstance(undone.operation, NAMING):
            for obj in undone.objects:
                line = f"    {printable(obj.described):{room - 2}}  {self._counted([obj])}"
                yield self.style.WARNING(line.rstrip())

    def _loss(self, undone: UndoneOperation) -> str:
        if undone.runs_code:
            return f"{'runs code':>{COUNT}}"
        return self._counted(undone.objects) if isinstance(undone.operation, NAMING) else ""

    def _counted(self, objects: Sequence[DroppedObject]) -> str:
        """Return the number of rows or values in `objects`, or '' if there is no data."""
        holding = [obj for obj in objects if obj in self.losses.objects]
        if not holding:
            return ""
        lost = self.losses.total(holding)
        unit = "row" if holding[0].kind == HOLDS_ROWS else "value"
        count = _count_text(lost, unit)
        return f"{count:>{COUNT}}{counted_bytes(lost.bytes):>{BYTES}}"

    def _ending(self) -> Iterator[str]:
        lines = list(_totals(self.dropped, self.losses))
        yield self.style.ERROR("This destroys") if lines else "This destroys no rows."
        for line in lines:
            yield from wrap(line, self.width, initial_indent="  ", subsequent_indent="    ")
        for table, count in self.dropped.rows.updated.items():
            if table not in FILLED_BY_MIGRATE:
                yield f"This changes {counted(count, 'row')} of {printable(table)}."
        for change in self.dropped.unbacked:
            yield f"This changes {printable(change)}, which no backup contains."
        if self.rollback.unknown and not self.rollback.after.models:
            names = ", ".join(".".join(node) for node in self.rollback.unknown)
            yield f"Not unapplied, because the code does not contain them: {names}."


def _totals(dropped: Dropped, losses: Losses) -> Iterator[str]:
    """Yield a line for each kind of destroyed objects, values and rows."""
    tables = [obj for obj in losses.objects if obj.kind == HOLDS_ROWS]
    if tables:
        lost = losses.total(tables)
        yield (
            f"{_count_text(lost, 'row')} in {counted(len(tables), 'table')}, "
            f"{counted_bytes(lost.bytes)} with indexes"
        )
    for column in dropped.of_kind(HOLDS_VALUES):
        lost = losses.objects[column]
        yield (
            f"{_count_text(lost, 'value')} in column {printable(str(column))}, "
            f"{counted_bytes(lost.bytes)}"
        )
    for kind in dropped.kinds:
        if kind != HOLDS_VALUES:
            objects = dropped.of_kind(kind)
            yield f"{counted(len(objects), kind)}: {printable(', '.join(map(str, objects)))}"
    for change, count in dropped.rows.converted.items():
        yield f"{counted(count, 'value')} in {printable(change)}"
    for table, count in dropped.rows.deleted.items():
        yield f"{counted(count, 'row')} of {printable(table)}; the table stays"
    for table, count in dropped.rows.forgotten.items():
        yield f"{counted(count, 'row')} of {printable(table)} about the models that are removed"
    if dropped.runs_code:
        yield "other data that the code of the migrations changes when they are unapplied"


def success(job: Job, losses: Losses) -> str:
    """Return the outcome in one line: the removed objects and the number of their rows."""
    dropped = job.dropped
    models = counted(len(job.rollback.removed_models), "model")
    removed = [
        *(counted(len(dropped.of_kind(kind)), kind) for kind in dropped.kinds),
        f"the content types and permissions of {models}",
        counted(len(job.rollback.migrations), "migration record"),
    ]
    *others, last = [item for item in removed if " 0 " not in item]
    tables = [obj for obj in losses.objects if obj.kind == HOLDS_ROWS]
    rows = f", with {_count_text(losses.total(tables), 'row')}" if tables else ""
    listed = f"{', '.join(others)} and {last}" if others else last
    return f"Rolled back {job.rollback.scope}. Removed: {listed}{rows}."


def _count_text(lost: RowCount, kind: str) -> str:
    return ("" if lost.is_exact else "about ") + counted(lost.count, kind)
