"""One partition while it is being made.

It begins as an ordinary table, gets its rows, and is attached in the end: CREATE TABLE ...
PARTITION OF would keep readers, too, away from the whole table until the rows have moved.
"""

from typing import Any

from django.db import models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import split_identifier

from config.partitions.table_locks import rows, run
from config.postgres import UNFINISHED, monthly_partitions
from config.postgres.catalog import literal, quote


class Part:
    """A partition that is going to have the rows of the default one that are `within`."""

    def __init__(
        self,
        connection: BaseDatabaseWrapper,
        model: type[models.Model],
        name: str,
        *,
        bounds: str,
        within: str,
    ) -> None:
        self.connection = connection
        partitions: Any = monthly_partitions(model)
        named = connection.ops.quote_name
        self.sql_name, self.table = named(name), named(model._meta.db_table)
        self.default = named(partitions.default_partition(model))
        self.key = [named(str(model._meta.pk.column)), named(partitions.column(model))]
        self.bounds, self.within = bounds, within

    def create(self) -> None:
        """Create the table, as one whose rows are elsewhere, too.

        Its check tells PostgreSQL that all rows fit, without a look at each.
        """
        with transaction.atomic(using=self.connection.alias):
            self._run(
                f"CREATE TABLE {self.sql_name} (LIKE {self.table} INCLUDING ALL EXCLUDING IDENTITY,"
                f" CONSTRAINT partition_bounds CHECK ({self.within}))"
            )
            self._run(f"COMMENT ON TABLE {self.sql_name} IS {literal(UNFINISHED)}")
            for (owner,) in rows(self.connection, OTHER_OWNER, [self.table]):
                self._run(f"ALTER TABLE {self.sql_name} OWNER TO {quote(owner)}")

    def insert(self, some: str) -> None:
        """Copy those rows of the default partition that fulfil `some`, and are not there yet."""
        names = ", ".join(name for (name,) in rows(self.connection, WRITTEN, [self.table]))
        self._run(
            f"INSERT INTO {self.sql_name} ({names})"
            f" SELECT {names} FROM ONLY {self.default} WHERE {self.within} AND {some}"
            " ON CONFLICT DO NOTHING"
        )

    def take_privileges(self) -> None:
        """Grant what is granted on the default partition, for example on all tables of a schema."""
        for (grant,) in rows(self.connection, GRANTS, [self.sql_name, self.default]):
            self._run(grant)

    def become_default(self) -> None:
        """Take the name of the default partition, which has been dropped."""
        name = quote(split_identifier(self.default)[1])
        self._run(f"ALTER TABLE {self.sql_name} RENAME TO {name}")
        self.sql_name = self.default

    def attach(self) -> None:
        self._run(f"ALTER TABLE {self.table} ATTACH PARTITION {self.sql_name} {self.bounds}")

    def finish(self) -> None:
        """Make an attached partition like any other."""
        self._run(f"ALTER TABLE {self.sql_name} DROP CONSTRAINT partition_bounds")
        self._run(f"COMMENT ON TABLE {self.sql_name} IS NULL")

    def _run(self, sql: str) -> int:
        return run(self.connection, sql)


# A superuser can make months of a table that is another role's, which has to own them, too.
OTHER_OWNER = """
    SELECT pg_get_userbyid(relowner) FROM pg_class
     WHERE oid = %s::regclass AND relowner <> current_user::regrole
"""
GRANTS = """
    SELECT format('GRANT %%s ON %%s TO %%s', privilege_type, %s::text,
                  CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE grantee::regrole::text END)
           || CASE WHEN is_grantable AND grantee <> relowner THEN ' WITH GRANT OPTION' ELSE '' END
      FROM pg_class, aclexplode(relacl)
     WHERE pg_class.oid = %s::regclass
"""
WRITTEN = """
    SELECT quote_ident(attname) FROM pg_attribute
     WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
     ORDER BY attnum
"""
