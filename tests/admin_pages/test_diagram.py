"""The layout of the diagram: complete, without overlaps, and with lines that cross no table."""

from collections.abc import Iterator
from itertools import combinations, pairwise

import pytest
from django.db import connection

from config.admin_pages.diagram import Box, Detail, Diagram, Edge, Frame, draw, focus
from config.schema_docs import Column, Domain, Relation, Table
from config.schema_docs.dictionary import describe_domains, relations, sketch
from tests.support import contract

DOMAINS = describe_domains(sketch(connection))
CANVAS = (1120, 660)
"""Pixels of the diagram on a screen of 1440 by 900."""


def large_schema() -> list[Domain]:
    """Return a hundred tables in domains of 1 to 36 tables."""
    domains: list[Domain] = []
    tables: list[Table] = []
    for n in range(100):
        targets = {f"to_{k}": f"table_{n * k // 7 % 100}" for k in range(n % 5)}
        name = f"table_{n}"
        found = [
            Relation(name, c, to, nullable=n % 3 == 0, unique=False) for c, to in targets.items()
        ]
        columns = [Column(c, "uuid", True, "", "", ["FK"]) for c in targets]
        tables.append(Table(name, name, "", columns, [], found, []))
        if n in (0, 2, 9, 30, 34, 60, 63, 99):
            domains.append(Domain(name, name, tables, []))
            tables = []
    return domains


@pytest.fixture(scope="module", params=Detail)
def diagram(request: pytest.FixtureRequest) -> Diagram:
    return draw(DOMAINS, request.param)


@pytest.fixture(scope="module", params=["ours", "one domain", "large"])
def any_diagram(request: pytest.FixtureRequest) -> Diagram:
    domains = {"ours": DOMAINS, "one domain": focus(DOMAINS, "courses"), "large": large_schema()}
    return draw(domains[request.param])


def apart(one: Box | Frame, other: Box | Frame) -> bool:
    return (
        one.x + one.width <= other.x
        or other.x + other.width <= one.x
        or one.y + one.height <= other.y
        or other.y + other.height <= one.y
    )


def within(box: Box | Frame, frame: Frame) -> bool:
    return (
        frame.x <= box.x
        and frame.y <= box.y
        and box.x + box.width <= frame.x + frame.width
        and box.y + box.height <= frame.y + frame.height
    )


def pieces(edge: Edge) -> Iterator[Frame]:
    """Yield the straight pieces of `edge`, as frames whose width or height is 0."""
    for one, other in pairwise(edge.points):
        x, y = min(one.x, other.x), min(one.y, other.y)
        yield Frame("", 0, x, y, abs(one.x - other.x), abs(one.y - other.y))


def covers(one: Frame, other: Frame) -> bool:
    """Return whether two straight pieces are parallel and overlap."""
    if one.width and other.width:
        return one.y == other.y and one.x < other.x + other.width and other.x < one.x + one.width
    if one.height and other.height:
        return one.x == other.x and one.y < other.y + other.height and other.y < one.y + one.height
    return False


def box_of(diagram: Diagram, table: str) -> Box:
    [found] = [box for box in diagram.boxes if box.table.name == table]
    return found


def test_boxes__are_all_tables_of_the_contract(diagram: Diagram) -> None:
    assert sorted(box.table.name for box in diagram.boxes) == sorted(contract.COLUMNS)


def test_edges__are_all_foreign_keys(diagram: Diagram) -> None:
    assert {edge.relation for edge in diagram.edges} == set(relations())
    assert len(diagram.edges) == len(relations())


def test_boxes_with_columns__have_those_of_the_contract() -> None:
    for box in draw(DOMAINS, Detail.COLUMNS).boxes:
        columns = [line.split()[0] for line in contract.COLUMNS[box.table.name].split(";")]
        assert sorted(row.name for row in box.rows) == sorted(columns)


def test_box_with_keys__says_which_may_be_null() -> None:
    rows = box_of(draw(DOMAINS, Detail.KEYS), "enrollments").rows
    assert [(row.name, row.note, row.target) for row in rows] == [
        ("id", "PK", ""),
        ("student_id", "FK", "users"),
        ("course_id", "FK", "courses"),
        ("payment_id", "null FK", "payments"),
    ]


def test_box_with_columns__says_their_types() -> None:
    rows = box_of(draw(DOMAINS, Detail.COLUMNS), "certificates").rows
    assert [(row.name, row.note) for row in rows][:3] == [
        ("id", "uuid PK"),
        ("enrollment_id", "uuid FK UK"),
        ("certificate_id", "varchar UK"),
    ]


def test_boxes_with_names__have_no_rows() -> None:
    assert [box.rows for box in draw(DOMAINS, Detail.NAMES).boxes] == [[]] * len(contract.COLUMNS)


def test_label_of_a_box__names_its_neighbours() -> None:
    assert box_of(draw(DOMAINS), "payments").label == (
        "payments; refers to users, courses; referred to by enrollments, refunds"
    )


@pytest.mark.parametrize(("detail", "least"), [(Detail.NAMES, 1), (Detail.KEYS, 0.75)])
def test_whole_diagram__can_be_read_on_a_laptop(detail: Detail, least: float) -> None:
    drawn = draw(DOMAINS, detail)
    assert min(CANVAS[0] / drawn.width, CANVAS[1] / drawn.height) > least


def test_boxes_and_frames__do_not_overlap(any_diagram: Diagram) -> None:
    assert all(apart(one, other) for one, other in combinations(any_diagram.boxes, 2))
    assert all(apart(one, other) for one, other in combinations(any_diagram.frames, 2))


def test_boxes__are_in_the_order_in_which_columns_are_read(any_diagram: Diagram) -> None:
    places = [(box.x, box.y) for box in any_diagram.boxes]
    assert places == sorted(places)


def test_frames_and_lines__are_within_the_diagram(any_diagram: Diagram) -> None:
    whole = Frame("", 0, 0, 0, any_diagram.width, any_diagram.height)
    lines = [piece for edge in any_diagram.edges for piece in pieces(edge)]
    assert all(within(found, whole) for found in [*any_diagram.frames, *lines])


def test_boxes__are_in_the_frame_of_their_domain(diagram: Diagram) -> None:
    frames = {frame.title: frame for frame in diagram.frames}
    domains = {table.name: domain.title for domain in DOMAINS for table in domain.tables}
    assert all(within(box, frames[domains[box.table.name]]) for box in diagram.boxes)


def test_rows__are_in_their_box(diagram: Diagram) -> None:
    for box in diagram.boxes:
        assert all(0 < row.y < box.height for row in box.rows)


def test_lines__run_at_right_angles(any_diagram: Diagram) -> None:
    for edge in any_diagram.edges:
        assert all(not piece.width or not piece.height for piece in pieces(edge))


def test_lines__cross_no_box(any_diagram: Diagram) -> None:
    for edge in any_diagram.edges:
        for piece in pieces(edge):
            assert all(apart(piece, box) for box in any_diagram.boxes)


def test_lines_to_different_tables__do_not_cover_each_other(any_diagram: Diagram) -> None:
    drawn = [(edge.relation.target, piece) for edge in any_diagram.edges for piece in pieces(edge)]
    for (target, piece), (other_target, other) in combinations(drawn, 2):
        assert target == other_target or not covers(piece, other)


def test_line__leads_from_its_column_to_the_name_of_its_table() -> None:
    drawn = draw(DOMAINS)
    [edge] = [edge for edge in drawn.edges if edge.relation.column == "instructor_id"]
    courses, users = box_of(drawn, "courses"), box_of(drawn, "users")
    [row] = [row for row in courses.rows if row.name == "instructor_id"]
    start, end = edge.points[0], edge.points[-1]
    assert start.x in (courses.x, courses.x + courses.width)
    assert start.y == courses.y + row.y
    assert end.x in (users.x, users.x + users.width)
    assert users.y < end.y < users.y + users.rows[0].y


def test_line__has_round_corners() -> None:
    [edge] = draw([Domain("d", "D", [_referring_to_itself()], [])]).edges
    [start, one, other, end] = edge.points
    assert edge.path == (
        f"M{start.x} {start.y}L{one.x + 5} {one.y}Q{one.x} {one.y} {one.x} {one.y - 5}"
        f"L{other.x} {other.y + 5}Q{other.x} {other.y} {other.x + 5} {other.y}L{end.x} {end.y}"
    )


def _referring_to_itself() -> Table:
    relation = Relation("tree", "parent_id", "tree", nullable=True, unique=False)
    column = Column("parent_id", "uuid", False, "", "", ["FK"])
    return Table("tree", "Tree", "", [column], [], [relation], [relation])


def test_line_to_a_table_that_is_not_drawn__is_omitted() -> None:
    [courses] = [domain for domain in DOMAINS if domain.label == "courses"]
    assert {edge.relation.target for edge in draw([courses]).edges} == {"courses", "course_modules"}


def test_one_domain__has_its_columns_and_the_names_of_its_neighbours() -> None:
    drawn = draw(focus(DOMAINS, "payments"), Detail.KEYS)
    assert {box.table.name: len(box.rows) for box in drawn.boxes} == {
        "users": 0,
        "courses": 0,
        "enrollments": 0,
        "payments": 5,
        "subscriptions": 3,
        "refunds": 4,
    }


def test_one_domain__has_only_its_own_relations() -> None:
    drawn = draw(focus(DOMAINS, "payments"))
    assert sorted((edge.relation.table, edge.relation.column) for edge in drawn.edges) == [
        ("enrollments", "payment_id"),
        ("payments", "course_id"),
        ("payments", "user_id"),
        ("refunds", "enrollment_id"),
        ("refunds", "payment_id"),
        ("subscriptions", "user_id"),
    ]


def test_one_domain__keeps_its_colour() -> None:
    whole = {box.table.name: box.color for box in draw(DOMAINS).boxes}
    assert {
        box.color == whole[box.table.name] for box in draw(focus(DOMAINS, "payments")).boxes
    } == {True}


def test_no_domain__makes_an_empty_diagram() -> None:
    assert draw([]).boxes == []
