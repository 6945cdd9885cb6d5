"""Hazards as text, for `check_migrations` and for `migrate`."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from textwrap import indent, wrap

from config.console import counted, counted_bytes
from config.hazards.checked_migrations import CheckedMigrations
from config.hazards.operation_hazards import OperationHazards, reasons_of
from config.hazards.replacements import replacement_files
from config.hazards.rules import Hazard
from config.hazards.tables_in_use import TableSizes
from config.postgres.catalog import DiskUsage

LINE_LENGTH = 100


def verdict(checked: CheckedMigrations) -> str:
    """Return the line that ends each report."""
    count = sum(len(item.dangers) for item in checked.hazards)
    accepted = sum(len(item.accepted) for item in checked.hazards)
    remarks = f" {counted(accepted, 'hazard')} accepted." if accepted else ""
    if checked.mistakes:
        remarks += f" {counted(len(checked.mistakes), 'mistake')} in hazards_accepted."
    migrations = counted(len(checked.migrations), "migration")
    return f"{counted(count, 'hazard') if count else 'No hazards'} in {migrations}.{remarks}"


def text_report(checked: CheckedMigrations) -> str:
    """Return the hazards with their alternatives, the mistakes, and the verdict."""
    blocks = [
        "\n".join(_block(list(found)))
        for _, found in groupby(checked.hazards, lambda item: item.migration)
    ]
    blocks += [f"{mistake.migration}\n  {mistake.message}" for mistake in checked.mistakes]
    return "\n\n".join([*filter(None, blocks), verdict(checked)])


def _block(found: Sequence[OperationHazards]) -> Iterator[str]:
    """Yield the lines about one migration."""
    for item in found:
        if item.shown:
            yield item.title
        for hazard in item.shown:
            yield _wrapped(f"{_label(hazard)}: {hazard.danger}")
        if item.dangers:
            yield _wrapped(f"Instead: {item.alternative.advice}")
    codes = dict.fromkeys(hazard.code for item in found for hazard in item.dangers)
    if not codes:
        return
    files = replacement_files(found)
    for file in files:
        yield ""
        yield indent(file, "    ")
    if files:
        yield ""
    yield "  Or accept it, in class Migration:"
    yield "    hazards_accepted = {"
    yield from (f'        "{code}": "why it is acceptable",' for code in codes)
    yield "    }"


def _label(item: Hazard) -> str:
    return f"advice, {item.code}" if item.is_advice else item.code


def _wrapped(line: str) -> str:
    return "\n".join(wrap(line, LINE_LENGTH, initial_indent="  ", subsequent_indent="    "))


def plan_lines(hazards: Sequence[OperationHazards], sizes: TableSizes) -> list[str]:
    """Return the lines that `migrate --plan` shows below an operation."""
    lines = []
    for found in hazards:
        for item in found.hazards:
            size = sizes.get(item.table)
            reason = reasons_of(found.migration).get(item.code)
            about = f" (table {item.table}: {size_in_words(size)})" if size else ""
            accepted = f" Accepted: {reason}" if reason else ""
            lines.append(f"{_label(item)}: {item.danger}{about}{accepted}")
        if found.dangers:
            lines.append(f"Instead: {found.alternative.advice}")
    return lines


def size_in_words(size: DiskUsage) -> str:
    total = counted_bytes(size.total)
    return total if size.rows is None else f"about {counted(size.rows, 'row')}, {total}"


def plan_summary(hazards: Sequence[OperationHazards]) -> str:
    """Return the line that `migrate` prints about its plan, or '' if nothing is dangerous."""
    codes = [item.code for found in hazards for item in found.dangers]
    if not codes:
        return ""
    names = ", ".join(dict.fromkeys(codes))
    return f"  Hazards: {len(codes)} ({names}). To read about them: migrate --plan"
