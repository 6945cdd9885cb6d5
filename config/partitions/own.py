"""What the default partition has and its table lacks, which an exchange would lose."""

from django.db.backends.base.base import BaseDatabaseWrapper

from config.partitions.month_error import MonthError
from config.partitions.table_locks import rows


def check_nothing_own(connection: BaseDatabaseWrapper, table: str, default: str) -> None:
    """Raise MonthError if `default` has a trigger, policy or the like that `table` lacks.

    Names are quoted.
    """
    own = [thing for (thing,) in rows(connection, OWN, [default] * 3)]
    if own:
        raise MonthError(
            f"{default} is exchanged for a new one, as many rows leave it, and would lose what "
            f"{table} does not have: {', '.join(own)}.",
            f"Drop that, or make it for {table}. Then run the same command again.",
        )


# What belongs to one of the table depends on that, too: as a part (P), or by inheritance.
OWN = """
    SELECT pg_describe_object(classid, objid, 0) FROM pg_depend AS own
     WHERE refclassid = 'pg_class'::regclass AND refobjid = %s::regclass AND deptype = 'a'
       AND classid IN ('pg_trigger'::regclass, 'pg_policy'::regclass, 'pg_rewrite'::regclass,
                       'pg_publication_rel'::regclass, 'pg_class'::regclass)
       AND NOT EXISTS (SELECT FROM pg_depend AS of_table
                        WHERE (of_table.classid, of_table.objid) = (own.classid, own.objid)
                          AND of_table.deptype = 'P')
       AND NOT EXISTS (SELECT FROM pg_trigger WHERE oid = own.objid AND tgisinternal)
     UNION
    SELECT pg_describe_object('pg_constraint'::regclass, oid, 0) FROM pg_constraint
     WHERE conrelid = %s::regclass AND coninhcount = 0
     UNION
    SELECT 'row level security' FROM pg_class WHERE oid = %s::regclass AND relrowsecurity
     ORDER BY 1
"""
