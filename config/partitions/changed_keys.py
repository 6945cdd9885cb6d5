"""The primary keys of rows that other sessions change while the rows are copied."""

from collections.abc import Sequence

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from config.partitions.new_partition import NewPartition
from config.postgres import UNFINISHED, execute, read_rows
from config.postgres.catalog import literal


class ChangedKeys:
    """The table `name`, in which a trigger of table `source` records the keys of changed rows.

    All names are quoted.
    """

    def __init__(
        self, connection: BaseDatabaseWrapper, source: str, name: str, key: Sequence[str]
    ) -> None:
        self.connection = connection
        self.source, self.name, self.key = source, name, ", ".join(key)
        self.old_key, self.new_key = (
            ", ".join(f"{row}.{column}" for column in key) for row in ("OLD", "NEW")
        )

    def start(self) -> None:
        """Create the table, then the trigger, which waits for transactions that change rows."""
        name, source = self.name, self.source
        with transaction.atomic(using=self.connection.alias):
            self._execute(
                f"CREATE TABLE {name} AS SELECT {self.key}, false AS taken FROM {source}"
                " WITH NO DATA"
            )
            self._execute(f"COMMENT ON TABLE {name} IS {literal(UNFINISHED)}")
            self.replace_trigger_function()
            self._execute(
                f"CREATE TRIGGER touched AFTER INSERT OR UPDATE OR DELETE ON {source}"
                f" FOR EACH ROW EXECUTE FUNCTION {name}()"
            )
            # Also record changes by logical replication.
            self._execute(f"ALTER TABLE {source} ENABLE ALWAYS TRIGGER touched")

    def replace_trigger_function(self, copies: Sequence[NewPartition] = ()) -> None:
        """Let the trigger record keys, and delete old versions of changed rows from `copies`.

        The function runs as its owner, because other roles may not write to these tables.
        """
        insert = f"INSERT INTO {self._full_name(self.name)} VALUES"
        deletes = "".join(
            f" DELETE FROM {self._full_name(copy.sql_name)} WHERE ({self.key}) = ({self.old_key});"
            for copy in copies
        )
        self._execute(
            f"CREATE OR REPLACE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql"
            " SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$ BEGIN"
            f" IF TG_OP <> 'INSERT' THEN {insert} ({self.old_key}, false);{deletes} END IF;"
            f" IF TG_OP <> 'DELETE' THEN {insert} ({self.new_key}, false); END IF;"
            " RETURN NULL; END $function$"
        )

    def _full_name(self, name: str) -> str:
        [(full_name,)] = read_rows(self.connection, FULL_NAME, [name])
        return str(full_name)

    def copy_again(self, copies: Sequence[NewPartition]) -> int:
        """Copy the rows with the recorded keys again, and return the number of these keys."""
        taken = f"SELECT {self.key} FROM {self.name} WHERE taken"
        with transaction.atomic(using=self.connection.alias):
            number = self._execute(f"UPDATE {self.name} SET taken = true")
            # With statistics, PostgreSQL uses an index to find the rows of a few keys.
            self._execute(f"ANALYZE {self.name}")
            for copy in copies:
                self._execute(f"DELETE FROM {copy.sql_name} WHERE ({self.key}) IN ({taken})")
                copy.insert(f"({self.key}) IN ({taken})")
            self._execute(f"DELETE FROM {self.name} WHERE taken")
        return number

    def stop(self) -> None:
        """Drop the trigger and the table."""
        self._execute(f"DROP TRIGGER touched ON {self.source}")
        drop_unfinished(self.connection, self.name)

    def _execute(self, sql: str) -> int:
        return execute(self.connection, sql)


def drop_unfinished(connection: BaseDatabaseWrapper, name: str) -> None:
    """Drop the table `name`, and a trigger that writes to this table, if there is one."""
    with transaction.atomic(using=connection.alias):
        execute(connection, f"DROP FUNCTION IF EXISTS {name}() CASCADE")
        execute(connection, f"DROP TABLE {name}")


FULL_NAME = """
    SELECT relnamespace::regnamespace || '.' || quote_ident(relname) FROM pg_class
     WHERE oid = %s::regclass
"""
