"""What may be in our schema, or change in it, without being drift; see also tests/verify."""

import pytest
from django.db import connection

from tests.drift.conftest import Verify

NO_DRIFT = {
    "extended statistics": "CREATE STATISTICS extra ON title, slug FROM courses",
    "function of an extension": "CREATE FUNCTION extra() RETURNS int LANGUAGE sql AS 'SELECT 1';"
    " ALTER EXTENSION plpgsql ADD FUNCTION extra()",
    "table of an extension": "CREATE TABLE extra (id int PRIMARY KEY);"
    " CREATE RULE extra AS ON DELETE TO extra DO INSTEAD NOTHING;"
    " CREATE POLICY extra ON extra;"
    " CREATE TRIGGER extra BEFORE UPDATE ON extra"
    " FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();"
    " ALTER EXTENSION plpgsql ADD TABLE extra",
    "types of an extension": "CREATE TYPE extra AS ENUM ('a'); CREATE DOMAIN extra_domain AS text;"
    " ALTER EXTENSION plpgsql ADD TYPE extra; ALTER EXTENSION plpgsql ADD DOMAIN extra_domain",
    "sequence and view of an extension": "CREATE SEQUENCE extra; CREATE VIEW extra_view AS SELECT;"
    " ALTER EXTENSION plpgsql ADD SEQUENCE extra; ALTER EXTENSION plpgsql ADD VIEW extra_view",
    "order of columns": "ALTER TABLE user_profiles DROP bio, ADD bio text NOT NULL DEFAULT ''",
    "value of a sequence": "SELECT setval('auth_group_id_seq', 1000)",
    "name of the sequence of an identity": "ALTER SEQUENCE auth_group_id_seq RENAME TO extra",
    "index to cluster by": "ALTER TABLE users CLUSTER ON users_pkey",
}


@pytest.mark.parametrize("sql", NO_DRIFT.values(), ids=NO_DRIFT)
def test_what_changes_no_behaviour__is_no_drift(sql: str, verify_live: Verify) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
    assert verify_live().findings == []
