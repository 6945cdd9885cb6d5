"""Special characters, such as % and quotes, in all text that a schema can have."""

import json
from pathlib import Path

import pytest

from tests.support.lab import Lab
from tests.support.migrations import run_sql
from tests.support.verify_schema import IDENTICAL, verify_schema

MODELS = r"""
ODD = "100% {x} %s %(a)s %% \\ ' \" $$ -- ; \n next"

class Item(models.Model):
    name = models.CharField(max_length=90, db_default=ODD, unique=True)
    replaced = models.GeneratedField(
        expression=models.functions.Replace("name", models.Value("5%"), models.Value(ODD)),
        output_field=models.TextField(), db_persist=True,
    )
    kind = EnumField(
        models.TextChoices("Kind", {"A": ("50%", "x"), "B": ("it's", "y"), "C": ('"{}"', "z")}),
        db_default="50%",
    )
    odd = models.IntegerField(db_column='{odd} $$', default=0)

    class Meta:
        db_table = "it{}em $$"
        constraints = [
            models.CheckConstraint(condition=~models.Q(name__contains="5%"), name="{check}")
        ]
        indexes = [models.Index("name", name="{index}", condition=~models.Q(name__in=["%s", ODD]))]
"""
CHANGES = r'''
    ALTER TABLE "it{}em $$" DROP CONSTRAINT "{check}", ALTER replaced DROP EXPRESSION,
        ALTER name SET DEFAULT '%s {} \ ', ALTER kind DROP DEFAULT, DROP "{odd} $$",
        ADD "%s ""extra"" {}" int;
    DROP INDEX "{index}";
    CREATE INDEX "{more} % ""x""" ON "it{}em $$" (replaced) WHERE replaced <> '%s {}';
    COMMENT ON TABLE "it{}em $$" IS '%s {} $$
        next';
    COMMENT ON COLUMN "it{}em $$".name IS '%(a)s \ ';
    ALTER TYPE kind RENAME VALUE '50%' TO '%s {}';
    CREATE TYPE "odd % {} type" AS ENUM ('%s', '{}');
    CREATE FUNCTION "%s {} f"() RETURNS text LANGUAGE sql AS $f$SELECT '%s $$'$f$;
    CREATE VIEW "%s {} $$" AS SELECT '%s {}';
    CREATE DOMAIN "%% {d}" AS text DEFAULT '%s';
    CREATE TABLE "%s {} extra" ("%s" text DEFAULT '%s');
'''


@pytest.fixture
def items(lab: Lab) -> Lab:
    lab.write_models(MODELS)
    lab.migrate()
    return lab


def test_odd_text__compared_reported_and_repaired(items: Lab, tmp_path: Path) -> None:
    assert verify_schema("-v0").verdict == IDENTICAL
    verify_schema("--snapshot", tmp_path / "schema.txt")
    assert verify_schema("--expect", tmp_path / "schema.txt", "-v0").verdict == IDENTICAL
    run_sql(CHANGES)
    found = json.loads(verify_schema("--format", "json").out)["drifts"]
    script = verify_schema("--sql").out
    for options in (["--format", "github"], ["-v2"]):
        assert verify_schema(*options).verdict[1] == (
            f"Drift: {len(found)} differences between the models and the live schema."
        )
    run_sql(uncommented(script))
    assert verify_schema("-v0").verdict == IDENTICAL


def uncommented(script: str) -> str:
    """Return the script with its destructive statements."""
    lines = script.splitlines()
    first = next(n for n, line in enumerate(lines) if not line.startswith("-- "))
    return "\n".join(
        line.removeprefix("-- DESTRUCTIVE: ").removeprefix("-- ") for line in lines[first:]
    )
