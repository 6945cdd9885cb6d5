"""The placement of tables that models declare, and the keys that it changes."""

import pytest

from config.postgres.catalog import Key
from config.postgres.citus import (
    Placement,
    declared_layout,
    key_on_cluster,
    move,
    on_cluster,
    place,
    referred_table,
    take_back,
)

DISTRIBUTED = {
    "lesson_progress": Placement("enrollment_id", colocated=True),
    "quiz_submissions": Placement("student_id", colocated=True),
    "assignment_submissions": Placement("student_id", colocated=True),
    "notifications": Placement("recipient_id", colocated=True),
    "messages": Placement("conversation_id"),
    "discussion_posts": Placement("thread_id"),
    "analytics_events": Placement("id"),
}
LAYOUT = {
    "posts": Placement("thread_id"),
    "events": Placement("id"),
    "items": Placement("Owner"),
    "users": Placement(),
}


def test_declared_layout__distributes_the_tables_that_grow() -> None:
    layout = declared_layout()
    assert len(layout) == 24
    assert {name: layout[name] for name in layout if layout[name].column} == DISTRIBUTED


PLACEMENTS = (
    Placement(),
    Placement("id"),
    Placement("owner_id", colocated=True),
    Placement(other="on one server"),
    Placement(other="distributed in ranges"),
)


@pytest.mark.parametrize("placement", PLACEMENTS, ids=str)
def test_placement__can_be_parsed_from_its_text(placement: Placement) -> None:
    assert Placement.parse(str(placement)) == placement


ACTS = "DEFERRABLE INITIALLY DEFERRED"
KEYS = {
    ("users", "PRIMARY KEY (id)"): "PRIMARY KEY (id)",
    ("posts", "PRIMARY KEY (id)"): 'PRIMARY KEY ("thread_id", id)',
    ("posts", "PRIMARY KEY (thread_id, id)"): "PRIMARY KEY (thread_id, id)",
    ("events", 'PRIMARY KEY (id, "timestamp")'): 'PRIMARY KEY (id, "timestamp")',
    ("items", "PRIMARY KEY (id)"): 'PRIMARY KEY ("Owner", id)',
    ("items", 'PRIMARY KEY ("Owner", id)'): 'PRIMARY KEY ("Owner", id)',
    ("items", 'FOREIGN KEY ("Owner") REFERENCES users(id) ON DELETE SET NULL'): "",
    (
        "posts",
        f"FOREIGN KEY (parent_id) REFERENCES posts(id) ON DELETE CASCADE {ACTS}",
    ): 'FOREIGN KEY ("thread_id", parent_id) REFERENCES posts("thread_id", id) '
    f"ON DELETE CASCADE {ACTS}",
    ("posts", "FOREIGN KEY (parent_id) REFERENCES posts(id) ON DELETE SET NULL"): "",
    (
        "posts",
        "FOREIGN KEY (author_id) REFERENCES users(id) ON DELETE SET NULL",
    ): "FOREIGN KEY (author_id) REFERENCES users(id) ON DELETE SET NULL",
    ("users", "FOREIGN KEY (post_id) REFERENCES posts(id)"): "",
    ("events", "FOREIGN KEY (post_id) REFERENCES posts(id)"): "",
    ("admin_log", "FOREIGN KEY (user_id) REFERENCES users(id)"): "",
    (
        "admin_log",
        "FOREIGN KEY (type_id) REFERENCES types(id)",
    ): "FOREIGN KEY (type_id) REFERENCES types(id)",
}


@pytest.mark.parametrize(("table", "definition"), KEYS)
def test_key_on_cluster__holds_the_distribution_column(table: str, definition: str) -> None:
    assert key_on_cluster(table, definition, LAYOUT) == KEYS[table, definition]


def test_catalog_on_cluster__lacks_the_foreign_keys_that_citus_does_not_allow() -> None:
    kept, lost = Key("primary key", "posts", "a"), Key("foreign key", "users", "b")
    catalog = {
        kept: {"definition": "PRIMARY KEY (id)"},
        lost: {"definition": "FOREIGN KEY (post_id) REFERENCES posts(id)"},
        Key("table", "", "posts"): {},
    }
    assert on_cluster(catalog, LAYOUT) == {
        kept: {"definition": 'PRIMARY KEY ("thread_id", id)'},
        Key("table", "", "posts"): {},
    }


PRINTED = {
    "thread_id": ("PRIMARY KEY (thread_id, id)", "PRIMARY KEY (thread_id, id)"),
    "order": ('PRIMARY KEY ("order", id)', 'PRIMARY KEY ("order", id)'),
    "other": ("PRIMARY KEY (id)", 'PRIMARY KEY ("other", id)'),
}


@pytest.mark.parametrize("column", PRINTED)
def test_catalog_on_cluster__quotes_names_as_the_live_catalog(column: str) -> None:
    live, expected = PRINTED[column]
    key = Key("primary key", "posts", "a")
    catalogs = ({key: {"definition": definition}} for definition in ("PRIMARY KEY (id)", live))
    catalog, printed = catalogs
    layout = {"posts": Placement(column)}
    assert on_cluster(catalog, layout, printed) == {key: {"definition": expected}}


COLOCATED = Placement("a_id", colocated=True)
STATEMENTS = {
    "create a reference table": (
        place("a", Placement(), {}),
        "SELECT create_reference_table('\"a\"');",
    ),
    "distribute the first table of a group": (
        place("a", COLOCATED, {"b": Placement("b_id")}),
        "SELECT create_distributed_table('\"a\"', 'a_id', colocate_with => 'none');",
    ),
    "colocate with a group": (
        place("a", COLOCATED, {"b": COLOCATED}),
        "SELECT create_distributed_table('\"a\"', 'a_id', colocate_with => '\"b\"');",
    ),
    "change the distribution column": (
        move("a", Placement("b_id"), Placement("a_id"), {}),
        "SELECT alter_distributed_table('\"a\"', distribution_column => 'a_id', "
        "colocate_with => 'none');",
    ),
    "move to a group": (
        move("a", Placement("a_id"), COLOCATED, {"b": COLOCATED}),
        "SELECT alter_distributed_table('\"a\"', distribution_column => 'a_id', "
        "colocate_with => '\"b\"');",
    ),
    "move out of a group": (
        move("a", COLOCATED, Placement("a_id"), {"b": COLOCATED}),
        "SELECT update_distributed_table_colocation('\"a\"', colocate_with => 'none');",
    ),
    "distribute a reference table": (move("a", Placement(), COLOCATED, {}), None),
    "undistribute with the tables that foreign keys connect": (
        take_back("a"),
        "SELECT undistribute_table('\"a\"', cascade_via_foreign_keys => true);",
    ),
}


@pytest.mark.parametrize(("statement", "expected"), STATEMENTS.values(), ids=STATEMENTS)
def test_statement_that_places_a_table__is_as_expected(
    statement: str | None, expected: str | None
) -> None:
    assert statement == expected


@pytest.mark.parametrize(
    ("definition", "table"),
    [
        ("FOREIGN KEY (owner) REFERENCES users(id) ON DELETE CASCADE", "users"),
        ('FOREIGN KEY (owner) REFERENCES "Users"(id)', "Users"),
        ("PRIMARY KEY (id)", ""),
    ],
)
def test_referred_table__is_that_of_a_foreign_key(definition: str, table: str) -> None:
    assert referred_table(definition) == table
