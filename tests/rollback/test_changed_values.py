"""Values that a rollback changes or loses when it alters a column."""

import pytest

from tests.rollback.helpers import GO_ON, NEEDS_CONSENT, destroyed, refusal, rollback
from tests.support.lab import Lab
from tests.support.migrations import migrate, run_sql

ITEM = """
class Item(models.Model):
    value = models.{}
    class Meta:
        db_table = "item"
"""


@pytest.mark.parametrize(
    ("old", "new", "value", "type_name"),
    [
        ("DecimalField(max_digits=5, decimal_places=1)", "FloatField()", "1.25", "numeric(5,1)"),
        ("DateField()", "DateTimeField()", "'2026-01-01 10:00'", "date"),
    ],
)
def test_value_that_does_not_fit_the_old_type__named(
    lab: Lab, old: str, new: str, value: str, type_name: str
) -> None:
    lab.write_models(ITEM.format(old))
    lab.migrate()
    lab.write_models(ITEM.format(new))
    lab.migrate()
    run_sql(f"INSERT INTO item (value) VALUES ({value})")
    assert refusal("--to", "lab.0001", "--noinput") == NEEDS_CONSENT
    lines = rollback("--to", "lab.0001", *GO_ON, "--no-backup")
    assert destroyed(lines) == [f"1 value in column item.value, converted to {type_name}"]


def test_value_that_is_too_long_for_the_old_type__refused(lab: Lab) -> None:
    lab.write_models(ITEM.format("CharField(max_length=3)"))
    lab.migrate()
    lab.write_models(ITEM.format("TextField()"))
    lab.migrate()
    run_sql("INSERT INTO item (value) VALUES ('abcd')")
    assert refusal("--to", "lab.0001", *GO_ON) == (
        "Cannot unapply lab.0002_alter_item_value: column item.value has values that do not fit "
        "type varchar(3) in 1 row, for example 'abcd' in the row with id 1. Nothing was changed. "
        'Correct the rows, then run rollback again. To find them: SELECT * FROM "item" '
        "WHERE char_length(rtrim(\"value\"::text, ' ')) > 3;"
    )


def test_values_that_fit_the_old_type__nothing_destroyed(lab: Lab) -> None:
    lab.write_models(ITEM.format("IntegerField()"))
    lab.migrate()
    lab.write_models(ITEM.format("BigIntegerField()"))
    lab.migrate()
    run_sql("INSERT INTO item (value) VALUES (7)")
    assert "This destroys no rows." in rollback("--to", "lab.0001", "--noinput", "--no-backup")


def test_values_that_a_cast_does_not_convert__all_named(lab: Lab) -> None:
    lab.write_models(ITEM.format("IntegerField()"))
    lab.make_migrations()
    reverse = "ALTER TABLE item ALTER value TYPE jsonb USING to_jsonb(value)"
    lab.write_migration("0002_x", f"migrations.RunSQL('SELECT 1', '{reverse}'),")
    migrate("lab")
    run_sql("INSERT INTO item (value) VALUES (7)")
    lines = rollback("--to", "lab.0001", *GO_ON, "--no-backup")
    assert destroyed(lines)[0] == "1 value in column item.value, converted to jsonb"


def test_nulls_that_are_filled__reported(lab: Lab) -> None:
    lab.write_models(ITEM.format("IntegerField(default=1)"))
    lab.migrate()
    lab.write_models(ITEM.format("IntegerField(default=1, null=True)"))
    lab.migrate()
    run_sql("INSERT INTO item (value) VALUES (NULL), (7)")
    lines = rollback("--to", "lab.0001", "--noinput", "--no-backup")
    assert "This changes 1 row of item." in lines


def test_rows_deleted_while_track_counts_is_off__named(lab: Lab) -> None:
    lab.write_models(ITEM.format("IntegerField()"))
    lab.make_migrations()
    lab.write_migration("0002_x", "migrations.RunSQL('SELECT 1', 'DELETE FROM item'),")
    migrate("lab")
    run_sql("INSERT INTO item (value) VALUES (7)")
    run_sql("SET track_counts = off")
    lines = rollback("--to", "lab.0001", *GO_ON, "--no-backup")
    assert destroyed(lines)[0] == "1 row of item; the table stays"
