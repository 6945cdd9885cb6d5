"""The comparison of two catalogs, which queries no database."""

from config.drift.difference import KIND_CODES, Drift, differences
from config.postgres.catalog import Attributes, Catalog, Key

TABLE = Key("table", "", "courses")
COLUMN = Key("column", "courses", "title")
VIEW = Key("view", "", "courses")


def test_equal_catalogs__do_not_differ() -> None:
    assert differences({TABLE: {"comment": None}}, {TABLE: {"comment": None}}) == []


def test_different_attributes__are_one_drift_each() -> None:
    expected: Attributes = {"type": "text", "not null": True}
    live: Attributes = {"type": "uuid", "not null": False}
    assert differences({TABLE: {}, COLUMN: expected}, {TABLE: {}, COLUMN: live}) == [
        Drift(COLUMN, "different", "not null", True, False),
        Drift(COLUMN, "different", "type", "text", "uuid"),
    ]


def test_lists_of_texts_as_printed_before_and_after_a_dump__do_not_differ() -> None:
    before = "CHECK ((a)::text = ANY ((ARRAY['x]'::character varying, 'it''s'::character varying"
    after = (
        "CHECK ((a)::text = ANY (ARRAY[('x]'::character varying)::text, ('it''s'::character varyi"
    )
    expected: Attributes = {"definition": f"{before}])::text[]))"}
    live: Attributes = {"definition": f"{after}ng)::text]))"}
    assert differences({COLUMN: expected}, {COLUMN: live}) == []


def test_missing_table__reported_without_its_parts() -> None:
    assert differences({TABLE: {}, COLUMN: {}}, {}) == [Drift(TABLE, "missing")]


def test_extra_table__reported_without_its_parts() -> None:
    assert differences({}, {TABLE: {}, COLUMN: {}}) == [Drift(TABLE, "extra")]


def test_view_in_place_of_a_table__table_reported_without_its_parts() -> None:
    rule = Key("rule", "courses", "notify")
    assert differences({TABLE: {}, COLUMN: {}}, {VIEW: {}, rule: {}}) == [
        Drift(TABLE, "missing"),
        Drift(VIEW, "extra"),
    ]


def test_table_of_another_kind__reported_without_its_parts() -> None:
    expected: Catalog = {TABLE: {"kind": "table", "persistence": "logged"}, COLUMN: {}}
    live: Catalog = {TABLE: {"kind": "partitioned table", "persistence": "unlogged"}}
    assert differences(expected, live) == [
        Drift(TABLE, "different", "kind", "table", "partitioned table")
    ]


def test_code__consists_of_kind_and_problem() -> None:
    assert [Drift(COLUMN, "missing").code, Drift(VIEW, "extra").code] == ["VS201", "VS812"]


def test_codes_of_kinds__are_unique() -> None:
    assert len(set(KIND_CODES.values())) == len(KIND_CODES)
