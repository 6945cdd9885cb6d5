"""The report as a repair script for psql."""

from collections.abc import Iterator, Sequence

from config.console import counted
from config.drift.comparison import Comparison
from config.drift.repair import Statement
from config.drift.reports.phrases import safe_sql
from config.postgres.catalog import quote
from config.postgres.citus import SEQUENTIAL, TRIGGERS_ALLOWED, layout_of

NOT_WHOLE = (
    "-- This is not one transaction. If it fails, correct the cause, and run verify_schema again."
)


def repair_script(comparison: Comparison) -> str:
    """Return the script that repairs all findings, or '' if there are none."""
    if not comparison.findings:
        return ""
    statements = comparison.script()
    return "\n".join([*_header(comparison, statements), *_body(comparison, statements)])


def _body(comparison: Comparison, statements: Sequence[Statement]) -> list[str]:
    """Return the statements in one transaction, if possible."""
    lines = [safe_sql(statement) for statement in statements]
    adds_label = any(" ADD VALUE " in statement.sql for statement in statements)
    if adds_label or layout_of(comparison.live):  # a transaction cannot use a label that it adds
        return [NOT_WHOLE, *lines]
    # PostgreSQL refuses to alter a table that has pending checks of deferred constraints.
    return ["BEGIN;", "SET CONSTRAINTS ALL IMMEDIATE;", *lines, "COMMIT;"] if lines else []


def _header(comparison: Comparison, statements: Sequence[Statement]) -> Iterator[str]:
    schema = comparison.schema
    destructive = sum(statement.destructive for statement in statements)
    unrepaired = sum(not finding.repairs for finding in comparison.findings)
    differences = counted(len(comparison.findings), "difference")
    target = ascii(f"{schema.name} of database {schema.database}")[1:-1]
    yield f"-- verify_schema: {differences} in schema {target}."
    yield "-- Read this script, and then run: psql --set ON_ERROR_STOP=on --file FILE"
    if destructive:
        yield f"-- Destructive statements, commented out: {destructive}. Search for DESTRUCTIVE."
    if unrepaired:
        yield f"-- Differences that this script does not repair: {unrepaired}. Run verify_schema."
    yield f"SET search_path = {', '.join(filter(None, [quote(schema.name), schema.search_path]))};"
    if layout_of(comparison.live):
        yield f"SET {SEQUENTIAL};"
        if any("DROP TRIGGER " in statement.sql for statement in statements):
            yield f"SET {TRIGGERS_ALLOWED};"
