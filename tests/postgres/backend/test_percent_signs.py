"""Percent signs in models and SQL that are not placeholders of psycopg."""

from tests.rollback.helpers import GO_ON, rollback
from tests.support.lab import Lab
from tests.support.migrations import migrate, run_sql
from tests.support.verify_schema import IDENTICAL, verify_schema

MODELS = """
    from django.contrib.postgres.fields import ArrayField
    from django.db.models.functions import Concat

    class Share(models.TextChoices):
        WHOLE = "100%"
        TEXT = "%s"
        NAMED = "%(name)s"

    class Item(models.Model):
        share = EnumField(Share, db_default=Share.WHOLE, db_comment="100% old %s %(name)s")
        shares = ArrayField(EnumField(Share), db_default=[Share.WHOLE])
        name = models.CharField("5%", max_length=20, db_default="5% old %s", help_text="%d")
        data = models.JSONField(db_default=models.Value({"a%": "%s old"}, models.JSONField()))
        label = models.GeneratedField(
            expression=Concat("name", models.Value("% %s")),
            output_field=models.TextField(),
            db_persist=True,
        )

        class Meta:
            db_table_comment = "100% old %s %(name)s"
            verbose_name = "5%"
            indexes = [
                models.Index("id", condition=models.Q(share=Share.WHOLE), name="partial"),
                models.Index(Concat("name", models.Value("% old")), name="expression"),
            ]
            constraints = [
                models.CheckConstraint(
                    condition=models.Q(share=Share.WHOLE) | models.Q(name__startswith="% old"),
                    name="checked",
                    violation_error_message="%d",
                ),
                models.UniqueConstraint("id", condition=~models.Q(name="% old"), name="unique"),
            ]
"""
SQL = """
    migrations.RunSQL("COMMENT ON COLUMN lab_item.id IS '5% %s'", migrations.RunSQL.noop),
    migrations.RunSQL([("COMMENT ON TABLE lab_item IS %s", ["5% %s"])], migrations.RunSQL.noop),
    migrations.RunSQL([("SELECT 1 WHERE '5' LIKE '5%%'", [])], migrations.RunSQL.noop),
"""
COMMENTS = """
    SELECT obj_description('lab_item'::regclass), col_description('lab_item'::regclass, attnum)
      FROM pg_attribute WHERE attrelid = 'lab_item'::regclass AND attname = 'share'
"""


def test_percent_signs_in_all_text_of_a_model__migrated_forwards_and_backwards(lab: Lab) -> None:
    lab.write_models(MODELS)
    lab.migrate()
    assert verify_schema().verdict == IDENTICAL
    lab.write_models(MODELS.replace("old", "new").replace('"%(name)s"', '"%%"'))
    lab.migrate()
    assert verify_schema().verdict == IDENTICAL
    assert run_sql(COMMENTS) == [("100% new %s %(name)s", "100% new %s %(name)s")]
    migrate("lab", "0001")
    assert run_sql(COMMENTS) == [("100% old %s %(name)s", "100% old %s %(name)s")]
    rollback("lab", *GO_ON, "--no-backup")


def test_percent_signs_in_sql_of_a_migration__sent_as_its_author_wrote_them(lab: Lab) -> None:
    lab.write_models("class Item(models.Model): ...")
    lab.make_migrations()
    lab.write_migration("0002_sql", SQL)
    migrate("lab")
    descriptions = "SELECT description FROM pg_description WHERE objoid = 'lab_item'::regclass"
    assert run_sql(descriptions) == [("5% %s",), ("5% %s",)]
