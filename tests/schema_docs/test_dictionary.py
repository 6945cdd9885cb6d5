"""The data dictionary: the models, as PostgreSQL's catalog describes them."""

from collections.abc import Sequence

import pytest
from django.apps import apps
from django.db import connection
from pytest_django import DjangoDbBlocker

from config.postgres.catalog import Catalog, Key
from config.schema_docs.dictionary import (
    Column,
    Domain,
    Partitions,
    Relation,
    Table,
    TableRule,
    describe_domains,
    read_dictionary,
    relations,
)
from tests.support.contract import COLUMNS, ENUMS


@pytest.fixture(scope="module")
def domains(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Sequence[Domain]:
    """Return the dictionary, read once because PostgreSQL creates all tables for it."""
    with django_db_blocker.unblock():
        return read_dictionary(connection)


def table(domains: Sequence[Domain], name: str) -> Table:
    [found] = [table for domain in domains for table in domain.tables if table.name == name]
    return found


def column(domains: Sequence[Domain], name: str) -> Column:
    owner, _, name = name.partition(".")
    [found] = [column for column in table(domains, owner).columns if column.name == name]
    return found


def test_tables__all_of_the_contract(domains: Sequence[Domain]) -> None:
    assert {table.name for domain in domains for table in domain.tables} == set(COLUMNS)


def test_enums__all_of_the_contract(domains: Sequence[Domain]) -> None:
    found = {enum.name: " ".join(enum.labels) for domain in domains for enum in domain.enums}
    assert found == ENUMS


def test_domains__in_the_order_of_the_settings(domains: Sequence[Domain]) -> None:
    labels = [config.label for config in apps.get_app_configs()]
    assert [d.label for d in domains] == [label for label in labels if label in DOMAINS]


DOMAINS = {
    "users",
    "courses",
    "enrollments",
    "assessments",
    "communication",
    "notifications",
    "analytics",
    "payments",
}


def test_column__as_postgresql_writes_it(domains: Sequence[Domain]) -> None:
    assert column(domains, "courses.price") == Column(
        "price", "numeric(10,2)", True, "0", "In `currency`; 0 if the course is free.", []
    )


def test_default_of_an_id__is_uuidv7_on_any_version(domains: Sequence[Domain]) -> None:
    assert column(domains, "users.id").default == "uuidv7()"


def test_generated_column__its_expression(domains: Sequence[Domain]) -> None:
    default = column(domains, "messages.is_read").default
    assert default == "generated: (read_at IS NOT NULL) STORED"


@pytest.mark.parametrize(
    ("name", "marks"),
    [
        ("users.id", ["PK"]),
        ("courses.instructor_id", ["FK"]),
        ("courses.slug", ["UK"]),
        ("user_profiles.user_id", ["FK", "UK"]),
        ("course_analytics.course_id", ["PK", "FK"]),
        ("enrollments.student_id", ["FK"]),
        ("courses.title", []),
        ("analytics_events.id", ["PK"]),
        ("analytics_events.timestamp", ["PK"]),
    ],
)
def test_column__has_its_marks(domains: Sequence[Domain], name: str, marks: list[str]) -> None:
    assert column(domains, name).marks == marks


def test_index__definition_and_remark(domains: Sequence[Domain]) -> None:
    assert table(domains, "notifications").indexes[0] == TableRule(
        "index",
        "notifications_unread_idx",
        "btree (recipient_id) WHERE (read_at IS NULL)",
        "Query 15: the unread badge counts with an index-only scan.",
    )


def test_partial_unique_constraint__a_unique_index(domains: Sequence[Domain]) -> None:
    [rule] = [rule for rule in table(domains, "discussion_posts").indexes if "uniq" in rule.name]
    assert rule.definition == "UNIQUE btree (thread_id) WHERE is_solution"


def test_partitions__of_the_table_in_months_only(domains: Sequence[Domain]) -> None:
    partitioned = {table.name: table.partitions for domain in domains for table in domain.tables}
    assert {name: found for name, found in partitioned.items() if found} == {
        "analytics_events": Partitions(
            "timestamp",
            "analytics_events_default",
            "The command `partitions` creates coming months, and drops old ones.",
        )
    }


def test_rules__keys_first_and_then_as_declared(domains: Sequence[Domain]) -> None:
    assert [rule.name for rule in table(domains, "lessons").rules][:4] == [
        "lessons_module_id_fk",
        "lessons_pkey",
        "lessons_order_uniq",
        "lessons_title_check",
    ]


@pytest.mark.parametrize(
    "relation",
    [
        Relation("courses", "instructor_id", "users", nullable=False, unique=False),
        Relation("enrollments", "payment_id", "payments", nullable=True, unique=False),
        Relation("certificates", "enrollment_id", "enrollments", nullable=False, unique=True),
    ],
)
def test_relation__of_a_foreign_key(relation: Relation) -> None:
    assert relation in relations()


def test_referrers__the_relations_to_a_table(domains: Sequence[Domain]) -> None:
    assert [referrer.table for referrer in table(domains, "lessons").referrers] == [
        "lesson_progress",
        "quizzes",
        "assignments",
        "course_analytics",
    ]


def test_table_that_the_catalog_lacks__without_columns() -> None:
    assert table(describe_domains({}), "users").columns == []


def test_column_that_only_the_catalog_has__shown() -> None:
    nothing = dict.fromkeys(["default", "generated", "comment"])
    catalog: Catalog = {Key("column", "users", "x"): {"type": "text", "not null": False, **nothing}}
    assert column(describe_domains(catalog), "users.x") == Column("x", "text", False, "", "", [])
