"""Tables of other schemas, which models name by db_table = 'schema"."table'."""

import pytest

from config.drift.other_schemas import SEPARATOR
from tests.drift.test_migration_objects import found
from tests.support.lab import Lab
from tests.support.migrations import run_sql
from tests.support.verify_schema import verify_schema

MODELS = """
class Tag(models.Model):
    class Meta:
        db_table = 'My Schema-1"."tag'

class Item(models.Model):
    name = models.CharField(max_length=90, db_index=True, db_default="x")
    amount = models.PositiveIntegerField(db_comment="how many")
    kind = EnumField(models.TextChoices("Size", {"S": "s", "L": "l"}))
    parent = models.ForeignKey("self", models.CASCADE, null=True)
    user = models.ForeignKey("users.User", models.CASCADE, null=True)
    tags = models.ManyToManyField(Tag)

    class Meta:
        db_table = 'sales"."item'
        indexes = [models.Index(fields=["name"], name="shared_name")]
        constraints = [models.CheckConstraint(condition=models.Q(amount__lt=9), name="few")]

class Other(models.Model):
    name = models.CharField(max_length=90)
    item = models.ForeignKey(Item, models.CASCADE)
    tag = models.OneToOneField(Tag, models.CASCADE)

    class Meta:
        db_table = "item"
        indexes = [models.Index(fields=["name"], name="other_name")]

class Order(models.Model):
    class Meta:
        db_table = 'public"."order'

class Line(models.Model):
    order = models.ForeignKey(Order, models.CASCADE)

    class Meta:
        db_table = 'sales"."Line'
"""
CHANGES = {
    "VS202 sales.item.extra": "ALTER TABLE sales.item ADD extra int",
    "VS201 sales.item.kind": "ALTER TABLE sales.item DROP kind",
    "VS203 sales.item.name": "ALTER TABLE sales.item ALTER name SET DEFAULT 'y'",
    "VS203 sales.item.amount": "COMMENT ON COLUMN sales.item.amount IS 'x'",
    "VS401 sales.item.item_user_id_fk": "ALTER TABLE sales.item DROP CONSTRAINT item_user_id_fk",
    "VS601 sales.item.shared_name": "DROP INDEX sales.shared_name",
    "VS602 sales.item.more": "CREATE INDEX more ON sales.item (amount)",
    "VS603 sales.item.item_name_idx": "COMMENT ON INDEX sales.item_name_idx IS 'x'",
    "VS501 sales.item.few": "ALTER TABLE sales.item DROP CONSTRAINT few",
    "VS902 sales.item.added": "CREATE TRIGGER added BEFORE UPDATE ON sales.item"
    " FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "VS103 My Schema-1.tag": """COMMENT ON TABLE "My Schema-1".tag IS 'x'""",
    "VS101 sales.Line": 'DROP TABLE sales."Line"',
    "VS202 public.order.extra": 'ALTER TABLE "order" ADD extra int',
}


@pytest.fixture
def tables_of_schemas(lab: Lab) -> Lab:
    lab.write_models(MODELS)
    lab.write_migration(
        "0001_schemas", """migrations.RunSQL('CREATE SCHEMA sales; CREATE SCHEMA "My Schema-1"'),"""
    )
    lab.migrate()
    return lab


def test_tables_of_other_schemas__compared_and_repaired(tables_of_schemas: Lab) -> None:
    assert found() == []
    run_sql("; ".join(CHANGES.values()))
    assert sorted(finding.replace('"."', ".") for finding in found()) == sorted(CHANGES)
    run_sql(verify_schema("--sql").out.replace("-- DESTRUCTIVE: ", ""))
    assert found() == []


def test_other_objects_in_schemas_of_models__not_compared(tables_of_schemas: Lab) -> None:
    run_sql('CREATE TABLE sales.extra (id int); CREATE VIEW "My Schema-1".extra AS SELECT 1')
    assert found() == []
    run_sql("SET search_path = public, sales")
    assert found() == []
    run_sql("SET search_path = sales, public")
    assert found() == ["VS103 item"]  # the search path finds sales.item first


def test_tables_of_a_missing_schema__reported_as_missing(lab: Lab) -> None:
    lab.write_models(MODELS)
    lab.make_migrations()
    assert 'VS101 sales"."item' in found()


NAMESAKES = """
class Item(models.Model):
    name = models.SlugField(unique=True)
    class Meta:
        db_table = 'sales"."item'

class Other(models.Model):
    name = models.SlugField(unique=True)
    class Meta:
        db_table = "item"

class Third(models.Model):
    name = models.SlugField(unique=True)
    item = models.ForeignKey(Item, models.CASCADE)
    other = models.ForeignKey(Other, models.CASCADE)
    class Meta:
        db_table = 'ext"."item'
"""


def test_tables_of_one_name_in_three_schemas__compared(lab: Lab) -> None:
    run_sql("CREATE SCHEMA sales; CREATE SCHEMA ext")
    lab.write_models(NAMESAKES)
    lab.migrate()
    assert found() == []
    run_sql("ALTER TABLE ext.item DROP CONSTRAINT item_name_uniq")
    assert [each.replace(SEPARATOR, ".") for each in found()] == ["VS311 ext.item.item_name_uniq"]


LONG = """
class Item(models.Model):
    name = models.SlugField(unique=True)
    size = models.PositiveIntegerField()
    class Meta:
        db_table = 'sales"."{}'
"""


@pytest.mark.parametrize("length", [50, 58, 63])
def test_table_of_a_schema_with_a_long_name__compared(lab: Lab, length: int) -> None:
    run_sql("CREATE SCHEMA sales")
    lab.write_models(LONG.format("t" * length))
    lab.migrate()
    assert found() == []
