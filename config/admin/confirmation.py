"""The confirmation of a deletion. It is repeated if the rows to delete have changed."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core import signing
from django.db import connection
from django.http import HttpRequest

from config.admin.deletion import Affected, Deletion
from config.postgres import read_rows

INPUT = "_counted"
SALT = "config.admin.confirmation"
NONE = ["0", 0]
"""The number and the digest of a table that loses no rows."""
# Rows of a partition count as rows of its partitioned table.
WRITTEN = """
SELECT c.relname, updated, sum(rows)::bigint
  FROM pg_stat_xact_user_tables AS s
  JOIN pg_class AS c ON c.oid = coalesce(pg_partition_root(relid), relid),
       LATERAL (VALUES (false, n_tup_del), (true, n_tup_upd)) AS written (updated, rows)
 WHERE pg_table_is_visible(c.oid)
 GROUP BY c.oid, c.relname, updated
"""
UNREADABLE = (
    "The numbers that you confirmed arrived damaged, so they cannot be compared. Check the numbers "
    "below."
)


class ChangedSinceError(Exception):
    """The rows to delete are not those that the user confirmed. `args[0]` lists the differences."""


def signed_counts(deletion: Deletion) -> str:
    """Return the value of the hidden input with the numbers that the page shows, signed."""
    return signing.dumps(_shown(deletion), salt=SALT)


def check_confirmed(deletion: Deletion, request: HttpRequest) -> None:
    """Raise ChangedSinceError if the rows to delete are no longer those that the page showed."""
    # The request that opens the confirmation page of an action is a POST as well.
    is_confirmed = request.POST and ("post" in request.POST or "action" not in request.POST)
    if is_confirmed and (found := differences(deletion, request.POST.get(INPUT, ""))):
        raise ChangedSinceError(found)


def differences(deletion: Deletion, value: str) -> list[str]:
    """Return a sentence for each difference between the confirmed deletion and the current one.

    `value` is the text of the hidden input. If it is empty, the page has shown only the selected
    rows.
    """
    try:
        before = signing.loads(value, salt=SALT) if value else _selected_rows(deletion)
    except signing.BadSignature:
        return [UNREADABLE]
    now = _shown(deletion)
    pairs = {name: (before.get(name, NONE), now.get(name, NONE)) for name in before | now}
    return [_difference(name, *pair) for name, pair in pairs.items() if _differ(*pair)]


def _selected_rows(deletion: Deletion) -> dict[str, list[Any]]:
    title = str(deletion.model._meta.verbose_name_plural)
    return {title: [f"{len(deletion.keys):,}", 0]}


@contextmanager
def exactly(deletion: Deletion) -> Iterator[None]:
    """Raise ChangedSinceError if the block writes more or fewer rows than were counted.

    Another session may add rows between the count and the deletion. PostgreSQL counts the rows that
    a transaction deletes and updates, including cascades, if `track_counts` is on (the default).
    """
    before = _written_so_far()
    yield
    written = _written_so_far() - before
    if not written:  # `track_counts` is off, or no rows were left to delete
        return
    for affected in _countable(deletion):
        number = written[_table(affected), bool(affected.field)]
        if affected.count.exact and number != affected.count.number:
            found = _difference(_name(affected), [str(affected), 0], [f"{number:,}", 0])
            raise ChangedSinceError([found])


def _countable(deletion: Deletion) -> list[Affected]:
    """Return the tables and foreign keys whose rows PostgreSQL counts separately.

    PostgreSQL counts updates by table. So leave out a foreign key if its table can also lose rows,
    or has another foreign key that can become NULL.
    """
    changes = Counter(map(_table, [*deletion.tables, *deletion.references]))
    return [*deletion.tables, *(link for link in deletion.references if changes[_table(link)] == 1)]


def ask_again(request: Any, error: ChangedSinceError) -> None:
    """Make `request` ask for the confirmation page again, with the differences of `error`."""
    request.changed_since = error.args[0]
    request.POST = request.POST.copy()
    for name in ("post", "email", INPUT):
        request.POST.pop(name, None)


def _shown(deletion: Deletion) -> dict[str, list[Any]]:
    return {
        _name(affected): [str(affected), affected.digest]
        for affected in [*deletion.deleted, *deletion.kept]
    }


def _name(affected: Affected) -> str:
    return f"{affected.title} ({affected.field_title})" if affected.field else affected.title


def _differ(before: list[Any], now: list[Any]) -> bool:
    """Return whether the numbers or the digests differ. A digest of 0 is unknown."""
    return before[0] != now[0] or (0 not in (before[1], now[1]) and before[1] != now[1])


def _difference(name: str, before: list[Any], now: list[Any]) -> str:
    if before[0] == now[0]:
        return f"{name}: {now[0]}, but not the same rows as before"
    return f"{name}: {now[0]} instead of {before[0]}"


def _table(affected: Affected) -> str:
    return affected.model._meta.db_table


def _written_so_far() -> Counter[tuple[str, bool]]:
    """Count the rows that this transaction has deleted (False) or updated (True), by table."""
    rows = read_rows(connection, WRITTEN)
    return Counter({(table, updated): number for table, updated, number in rows})
