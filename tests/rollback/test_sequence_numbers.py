"""Sequences whose numbers the code of a migration draws or sets."""

from pathlib import Path

import pytest
from django.core.management import CommandError

from tests.rollback.helpers import GO_ON, contents, restore, rollback, rollback_until, session
from tests.support.lab import Lab
from tests.support.migrations import migrate, run_sql

BACKWARDS = """
    SELECT setval('tickets', 7), nextval('up'), setval('lab_item_id_seq', 900), nextval('t_id_seq')
"""


def test_sequence_numbers_that_reverse_sql_sets__unchanged_by_a_dry_run_and_restored(
    lab: Lab,
) -> None:
    lab.write_models("class Item(models.Model): ...")
    lab.make_migrations()
    lab.write_migration("0002_x", f"migrations.RunSQL('SELECT 1', {BACKWARDS!r}),")
    migrate("lab")
    run_sql("CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY)")
    run_sql("CREATE SEQUENCE tickets CACHE 5; CREATE SEQUENCE up; SELECT setval('tickets', 42)")
    run_sql("INSERT INTO lab_item DEFAULT VALUES")
    before = contents()
    rollback("--to", "lab.0001", "--dry-run")
    assert contents() == before
    lines = rollback("--to", "lab.0001", *GO_ON)
    assert [row for row in contents()["sequences"] if row not in before["sequences"]] == [
        ("lab_item_id_seq", 900),
        ("t_id_seq", 1),
        ("tickets", 7),
        ("up", 1),
    ]
    restore(lines)
    assert contents() == before


def test_sequence_locked_after_the_plan__refused_before_the_backup(lab: Lab, backups: Path) -> None:
    lab.write_models("class Item(models.Model): ...")
    lab.make_migrations()
    lab.write_migration("0002_x", "migrations.RunSQL('SELECT 1', 'SELECT 2'),")
    migrate("lab")
    run_sql("CREATE SEQUENCE tickets")
    with session() as other, pytest.raises(CommandError, match="could not lock tickets within"):
        rollback_until(
            "This destroys",
            lambda: other.execute("SELECT nextval('tickets')"),
            *("--to", "lab.0001", *GO_ON),
        )
    assert not backups.exists()
