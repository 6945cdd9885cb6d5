"""python -m benchmarks.verify_schema: measure the time and memory of verify_schema.

It compares the time with that of other programs, and measures the growth with the number of tables.
For a larger schema, it adds copies of the project's models and tables.
"""

import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import batched
from statistics import median
from typing import Any

from django.apps import apps
from django.db import connection, models
from django.db.migrations.state import ModelState, ProjectState

from benchmarks.databases import migrated_database
from benchmarks.program import seconds, set_up

RUNS = 5
OWN_TABLES = 31
COPIES = (0, 11, 124)
"""The numbers of copies of 24 tables next to the project's own: 31, 295 and 3,007 tables in all."""
STATEMENTS_AT_ONCE = 500


def main() -> None:
    set_up()
    with migrated_database():
        compare_with_peers()
    print("\ntables   seconds  ms a table  KiB a table  queries")
    for copies in COPIES:
        with migrated_database():
            measure_growth(copies)


# Comparison with other programs


def compare_with_peers() -> None:
    peers: dict[str, Callable[[], Any]] = {
        "pg_dump --schema-only": pg_dump,
        "verify_schema in a process that runs already": verify_once,
        "manage.py verify_schema": lambda: manage("verify_schema", "--verbosity=0"),
        "manage.py migrate --check": lambda: manage("migrate", "--check"),
    }
    rounds = [{name: seconds(run) for name, run in peers.items()} for _ in range(RUNS)]
    medians = {name: median(times[name] for times in rounds) for name in peers}
    print(f"{OWN_TABLES} tables, median of {RUNS} runs   seconds   ratio")
    for name, value in medians.items():
        print(f"{name:45} {value:7.3f} {value / medians['pg_dump --schema-only']:7.1f}")


def pg_dump() -> None:
    from config.embedded import BIN

    parameters = connection.get_connection_params()
    options = {"host": "host", "port": "port", "user": "username", "dbname": "dbname"}
    where = [f"--{options[key]}={parameters[key]}" for key in options if key in parameters]
    environment = os.environ | {"PGPASSWORD": str(parameters.get("password", ""))}
    command = [str(BIN / "pg_dump"), "--schema-only", *where]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)  # noqa: S603


def manage(*arguments: str) -> None:
    """Run a command of manage.py in a separate process, on the same database."""
    code = (
        "import sys; from django.conf import settings; "
        f"settings.DATABASES['default']['NAME'] = {connection.settings_dict['NAME']!r}; "
        "from django.core.management import execute_from_command_line as run; run(sys.argv)"
    )
    command = [sys.executable, "-c", code, *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603


def verify_once() -> None:
    from config.drift import verify

    if findings := verify(connection).findings:
        raise SystemExit(f"The benchmark's own schema drifts: {findings[0]}")


# Growth


def measure_growth(copies: int) -> None:
    from config.drift import expected

    expected_models = expected.expected_models
    more = copied_models(copies)
    make_live(expected.creation_sql(connection, more))
    expected.expected_models = lambda alias: [*expected_models(alias), *more]
    try:
        queries = count_queries(verify_once)
        duration = median(seconds(verify_once) for _ in range(RUNS if copies < 100 else 1))
        tracemalloc.start()
        verify_once()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    finally:
        expected.expected_models = expected_models
    tables = OWN_TABLES + len(more)
    print(
        f"{tables:6} {duration:9.2f} {1000 * duration / tables:11.1f} "
        f"{peak / 1024 / tables:12.0f} {queries:8}",
        flush=True,
    )


def copied_models(copies: int) -> list[type[models.Model]]:
    state = ProjectState()
    for number in range(copies):
        for model in own_models():
            state.add_model(copied(ModelState.from_model(model), number))
    return list(state.apps.get_models())


def own_models() -> Iterator[type[models.Model]]:
    from config.drift import read_apps

    for app in read_apps():
        if not app.package:
            yield from apps.get_app_config(app.label).get_models()


def copied(state: ModelState, number: int) -> ModelState:
    """Return the model with another name, and with relations to the models of the same copy."""
    fields = {name: field.clone() for name, field in state.fields.items()}
    field: Any
    for field in fields.values():
        if field.remote_field:
            field.remote_field.model = f"{field.remote_field.model}{number}"
            field.remote_field.related_name = "+"
    options = state.options | {"db_table": f"{state.options['db_table']}{number}"}
    for kind in ("indexes", "constraints"):
        options[kind] = [renamed(item, number) for item in options.get(kind, ())]
    return ModelState(state.app_label, f"{state.name}{number}", fields, options)


def renamed(item: Any, number: int) -> Any:
    item = item.clone()
    item.name = f"{item.name}{number}"
    return item


def make_live(statements: list[str]) -> None:
    """Create the tables of the copies; their enum types already exist."""
    statements = [statement for statement in statements if "CREATE TYPE" not in statement]
    with connection.cursor() as cursor:
        for batch in batched(statements, STATEMENTS_AT_ONCE):
            cursor.execute("\n".join(batch))
        cursor.execute("ANALYZE")


def count_queries(run: Callable[[], object]) -> int:
    queries: list[str] = []

    def note(execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        queries.append(sql)
        return execute(sql, *arguments)

    with connection.execute_wrapper(note):
        run()
    return len(queries)


if __name__ == "__main__":
    main()
