"""The keys of rows that are written while they are copied, noted by a trigger."""

from collections.abc import Sequence

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from config.partitions.new_partition import Part
from config.partitions.table_locks import rows, run
from config.postgres import UNFINISHED
from config.postgres.catalog import literal


class Touched:
    """The keys of the rows of `source` that were inserted, updated or deleted since begin().

    All names are quoted. The trigger writes for all roles, to the table of the keys by its full
    name.
    """

    def __init__(
        self, connection: BaseDatabaseWrapper, source: str, name: str, key: Sequence[str]
    ) -> None:
        self.connection = connection
        self.source, self.name, self.key = source, name, ", ".join(key)
        self.old, self.new = (
            ", ".join(f"{row}.{column}" for column in key) for row in ("OLD", "NEW")
        )

    def begin(self) -> None:
        """Note the keys from now on; what was written before is committed."""
        name, source = self.name, self.source
        with transaction.atomic(using=self.connection.alias):
            run(
                self.connection,
                f"CREATE TABLE {name} AS SELECT {self.key}, false AS taken FROM {source}"
                " WITH NO DATA",
            )
            run(self.connection, f"COMMENT ON TABLE {name} IS {literal(UNFINISHED)}")
            self.note()
            run(
                self.connection,
                f"CREATE TRIGGER touched AFTER INSERT OR UPDATE OR DELETE ON {source}"
                f" FOR EACH ROW EXECUTE FUNCTION {name}()",
            )
            # Replicated rows count, too.
            run(self.connection, f"ALTER TABLE {source} ENABLE ALWAYS TRIGGER touched")

    def note(self, parts: Sequence[Part] = ()) -> None:
        """Let the trigger note keys, and delete their rows from `parts`, if any."""
        insert = f"INSERT INTO {self._full(self.name)} VALUES"
        deletes = "".join(
            f" DELETE FROM {self._full(part.sql_name)} WHERE ({self.key}) = ({self.old});"
            for part in parts
        )
        run(
            self.connection,
            f"CREATE OR REPLACE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql"
            " SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$ BEGIN"
            f" IF TG_OP <> 'INSERT' THEN {insert} ({self.old}, false);{deletes} END IF;"
            f" IF TG_OP <> 'DELETE' THEN {insert} ({self.new}, false); END IF;"
            " RETURN NULL; END $function$",
        )

    def _full(self, name: str) -> str:
        [(full_name,)] = rows(self.connection, FULL_NAME, [name])
        return str(full_name)

    def copy_again(self, parts: Sequence[Part]) -> int:
        """Make the parts equal to the source in the noted keys; return how many there were."""
        taken = f"SELECT {self.key} FROM {self.name} WHERE taken"
        with transaction.atomic(using=self.connection.alias):
            number = run(self.connection, f"UPDATE {self.name} SET taken = true")
            run(self.connection, f"ANALYZE {self.name}")  # so that few are found by an index
            for part in parts:
                run(self.connection, f"DELETE FROM {part.sql_name} WHERE ({self.key}) IN ({taken})")
                part.insert(f"({self.key}) IN ({taken})")
            run(self.connection, f"DELETE FROM {self.name} WHERE taken")
        return number

    def end(self) -> None:
        """Stop noting keys."""
        run(self.connection, f"DROP TRIGGER touched ON {self.source}")
        remove_unfinished(self.connection, self.name)


def remove_unfinished(connection: BaseDatabaseWrapper, name: str) -> None:
    """Drop a table that a run has left, with the trigger that writes to it, if there is one."""
    with transaction.atomic(using=connection.alias):
        run(connection, f"DROP FUNCTION IF EXISTS {name}() CASCADE")
        run(connection, f"DROP TABLE {name}")


FULL_NAME = """
    SELECT relnamespace::regnamespace || '.' || quote_ident(relname) FROM pg_class
     WHERE oid = %s::regclass
"""
