"""State in memory that a rehearsal leaves, and that must not affect the rollback itself."""

from tests.rollback.helpers import GO_ON, contents, rollback
from tests.support.lab import Lab
from tests.support.migrations import migrate, run_sql

MODELS = """
class Album(models.Model):
    code = models.CharField(max_length=9, unique=True)

class Song(models.Model):
    album = models.ForeignKey(Album, models.CASCADE, to_field="code")
"""
GRANT = """
def grant(apps, editor):
    types = apps.get_model("contenttypes", "ContentType").objects
    song = types.get_for_model(apps.get_model("lab", "Song"))
    apps.get_model("auth", "Permission").objects.create(codename="sing", content_type=song)
"""
LOOK = """
def look(apps, editor):
    assert not apps.get_model("lab", "Song").objects.filter(album__code="x")
"""
UNDO = "migrations.RunPython(migrations.RunPython.noop, __import__('lab.code').code.{}),"
RENAME = "migrations.RenameField('album', 'code', 'name'),"
MOVE = """
migrations.SeparateDatabaseAndState([], [
    migrations.CreateModel("Record", [
        ("id", models.BigAutoField(primary_key=True)),
        ("code", models.CharField(max_length=9, unique=True)),
    ], {"db_table": "lab_album"}),
    migrations.DeleteModel("Album"),
]),
migrations.AlterField("song", "album",
    models.ForeignKey("lab.Record", models.CASCADE, to_field="code")),
"""


def roll_back(lab: Lab, operations: str, dependencies: str = "") -> None:
    """Apply a migration of `operations`, and roll it back."""
    lab.write_models(MODELS)
    lab.migrate()
    before = contents()["catalog"]
    lab.write_migration("0002_x", operations, dependencies)
    migrate("lab")
    run_sql("DELETE FROM auth_permission WHERE codename LIKE '%song'")
    run_sql("DELETE FROM django_content_type WHERE model = 'song'")
    lab.reload()  # as in a new process
    rollback("--to", "lab.0001", *GO_ON, "--no-backup")
    assert contents()["catalog"] == before


def test_content_type_that_code_creates__created_again_after_the_rehearsal(lab: Lab) -> None:
    """The manager still caches the content type that the rehearsal has rolled back."""
    (lab.package / "code.py").write_text(GRANT)
    needs = '("lab", "0001_initial"), ("auth", "0012_alter_user_first_name_max_length")'
    roll_back(lab, UNDO.format("grant"), needs)
    joined = "auth_permission JOIN django_content_type AS type ON type.id = content_type_id"
    assert run_sql(f"SELECT model FROM {joined} WHERE codename = 'sing'") == [("song",)]


def test_field_renamed_within_another_operation__has_its_old_name_before(lab: Lab) -> None:
    """Django renames the field in place, and so in the earlier state as well."""
    (lab.package / "code.py").write_text(LOOK)
    rename = f"migrations.SeparateDatabaseAndState([{RENAME}], [{RENAME}]),"
    roll_back(lab, f"{UNDO.format('look')} {rename}")


def test_foreign_key_to_a_model_deleted_from_the_state__refers_to_it_again(lab: Lab) -> None:
    roll_back(lab, MOVE)
