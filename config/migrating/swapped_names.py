"""The names that RenameModel and RenameIndex swap while they are undone."""

from collections.abc import Iterator
from contextlib import contextmanager

from config.postgres import Plan
from config.postgres.enums import database_operations


@contextmanager
def names_kept(plan: Plan) -> Iterator[None]:
    """Restore the operations of `plan` if an error ends the block.

    Otherwise the names stay swapped after the error, and the next attempt renames in the wrong
    direction.
    """
    operations = [op for migration, _ in plan for op in database_operations(migration.operations)]
    kept = [(operation, vars(operation).copy()) for operation in operations]
    try:
        yield
    except BaseException:
        for operation, attributes in kept:
            vars(operation).clear()  # also the cached names
            vars(operation).update(attributes)
        raise
