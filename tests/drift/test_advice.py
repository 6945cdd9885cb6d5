"""The advice of verify_schema, which does not affect the verdict."""

from typing import LiteralString

import pytest

from config.drift import advice as advice_module
from config.drift.advice import Advice, read_advice
from config.postgres.catalog import read_schema
from config.postgres.citus import Placement
from tests.support.databases import Database
from tests.support.verify_schema import IDENTICAL

TABLES = (
    "analytics_events",
    "courses",
    "lessons",
    "notifications",
    "payments",
    "refunds",
    "users",
)


def advice(database: Database, own: tuple[str, ...] = TABLES) -> list[Advice]:
    schema = read_schema(database.connection)
    return read_advice(database.connection, schema, [*TABLES, "auth_group"], own)


def test_advice_on_fresh_database__none(shared_clone: Database) -> None:
    assert advice(shared_clone) == []


ADVICE: dict[str, tuple[tuple[LiteralString, ...], str]] = {
    "VA01": (
        ("DROP INDEX refunds_payment_idx",),
        "Foreign key refunds_payment_id_fk of table refunds has no index, so deleting a referenced "
        "row reads the whole table.",
    ),
    "VA02": (
        ("CREATE INDEX again ON refunds (payment_id)",),
        "Index again of table refunds is redundant: refunds_payment_idx begins with the same "
        "columns.",
    ),
    "VA04": (
        ("ALTER SEQUENCE auth_group_id_seq RESTART 1717986918",),
        "Sequence auth_group_id_seq has used 1717986918 of 2147483647 values. "
        "Migrate its column to bigint.",
    ),
    "VA05": (
        ("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'users_pkey'::regclass",),
        "Index users_pkey of table users is invalid. If no session is building the index, drop it "
        "or REINDEX it.",
    ),
    "VA07": (
        (
            "INSERT INTO users (email, password_hash, role) VALUES ('a@a.org', 'x', 'educator')",
            "INSERT INTO courses (instructor_id, title, slug, category, difficulty)"
            " SELECT id, 'x', slug, 'x', 'beginner' FROM users, unnest('{a,b}'::text[]) AS slug",
            "UPDATE courses SET enrollment_count = 2000000000 WHERE slug = 'a'",
            "ANALYZE courses",
        ),
        "Column enrollment_count of table courses holds values up to 2000000000; its type allows "
        "at most 2147483647. Migrate the column to bigint.",
    ),
}


@pytest.mark.parametrize("code", ADVICE)
def test_each_code_of_advice__is_given(shared_clone: Database, code: str) -> None:
    statements, message = ADVICE[code]
    with shared_clone.changed(*statements):
        assert advice(shared_clone) == [Advice(code, message)]


def test_advice_on_a_sequence_that_is_smaller_than_its_column__names_its_statement(
    shared_clone: Database,
) -> None:
    statement = "ALTER SEQUENCE auth_group_id_seq MAXVALUE 1000 RESTART 900"
    with shared_clone.changed(statement):
        [found] = advice(shared_clone)
    assert found.message == (
        "Sequence auth_group_id_seq has used 900 of 1000 values. "
        "Run ALTER SEQUENCE auth_group_id_seq AS integer NO MAXVALUE;"
    )
    *_, repair = found.message.partition("Run ")
    with shared_clone.changed(statement, repair):
        assert advice(shared_clone) == []


def test_advice_from_usage_statistics__is_given(clone: Database) -> None:
    clone.execute(
        "INSERT INTO users (email, password_hash, role)"
        " SELECT md5(n::text) || repeat('x', 190) || '@example.org', 'x', 'student'"
        "   FROM generate_series(1, 5000) AS n",
        "CREATE INDEX big_idx ON users (email, id, created_at)",
        "CREATE TABLE ever PARTITION OF analytics_events FOR VALUES FROM (MINVALUE) TO (MAXVALUE)",
        "INSERT INTO analytics_events (event_type) SELECT 'x' FROM generate_series(1, 2000)",
        "SELECT pg_stat_force_next_flush()",
    )
    assert advice(clone) == [
        Advice(
            "VA03", "Index big_idx of table users has not been used since the statistics began."
        ),
        Advice(
            "VA06",
            "Table analytics_events has rows but was never analysed, so query plans are guesses. "
            "Run ANALYZE analytics_events;",
        ),
        Advice(
            "VA06",
            "Table users has rows but was never analysed, so query plans are guesses. "
            "Run ANALYZE users;",
        ),
    ]


@pytest.mark.parametrize(("mode", "is_given"), [("parallel", True), ("sequential", False)])
def test_advice_on_setting_of_cluster__given_unless_set(
    shared_clone: Database, mode: str, is_given: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(advice_module, "read_layout", lambda *_: {"users": Placement()})
    name = shared_clone.connection.settings_dict["NAME"]
    wanted = Advice(
        "VA10",
        f"Database {name} lacks the setting citus.multi_shard_modify_mode = 'sequential', so "
        "transactions that change several tables fail. manage.py distribute sets it.",
    )
    with shared_clone.changed(f"SET LOCAL citus.multi_shard_modify_mode = {mode}"):
        assert advice(shared_clone) == [wanted] * is_given


def test_advice_on_the_design_of_third_party_tables__none(shared_clone: Database) -> None:
    with shared_clone.changed("CREATE INDEX again ON refunds (payment_id)"):
        assert advice(shared_clone, own=()) == []


def test_advice_on_partial_index_for_nullable_foreign_key__none(shared_clone: Database) -> None:
    index = "CREATE INDEX some_idx ON refunds (enrollment_id) WHERE enrollment_id IS NOT NULL"
    with shared_clone.changed("DROP INDEX refunds_enrollment_idx", index):
        assert advice(shared_clone) == []


def test_advice_on_index_of_exclusion_constraint__none(shared_clone: Database) -> None:
    constraint = "ALTER TABLE refunds ADD CONSTRAINT uniq EXCLUDE USING btree (payment_id WITH =)"
    with shared_clone.changed(constraint):
        assert advice(shared_clone) == []


@pytest.mark.usefixtures("models_read_once")
def test_advice__does_not_change_the_verdict(clone: Database) -> None:
    clone.execute("ALTER SEQUENCE auth_group_id_seq RESTART 2147483647")
    run = clone.verify()
    assert run.verdict == IDENTICAL
    assert run.out.split("\n\n")[-2] == (
        "Advice, not part of the verdict\n"
        "  VA04      Sequence auth_group_id_seq has used 2147483647 of 2147483647 values. Migrate "
        "its column\n            to bigint."
    )


def test_advice_that_cannot_be_read__replaced_by_the_reason(shared_clone: Database) -> None:
    schema = read_schema(shared_clone.connection)
    with shared_clone.changed("SET LOCAL statement_timeout = '1ms'"):
        assert read_advice(shared_clone.connection, schema, TABLES, TABLES) == [
            Advice(
                "VA00",
                "Not all advice could be read: canceling statement due to statement timeout. Raise "
                "statement_timeout for this role, or try again later.",
            )
        ]


def test_advice_before_a_part_that_cannot_be_read__is_kept(shared_clone: Database) -> None:
    statements, message = ADVICE["VA02"]
    with shared_clone.session() as session, shared_clone.changed(*statements):
        session.execute("SET search_path = public; BEGIN; LOCK TABLE analytics_events_default")
        with shared_clone.connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '1ms'")
        assert advice(shared_clone) == [
            Advice(
                "VA00",
                "Not all advice could be read: canceling statement due to lock timeout. Try again "
                "when the session that holds the lock has ended.",
            ),
            Advice("VA02", message),
        ]
