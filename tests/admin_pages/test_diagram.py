"""The layout of the diagram, which is complete and has no overlaps."""

from dataclasses import replace
from itertools import combinations

import pytest
from django.db import connection

from config.admin_pages.diagram import STACKS, Box, Diagram, Frame, draw
from config.schema_docs.dictionary import describe, relations, sketch
from tests.support import contract

DOMAINS = describe(sketch(connection))


@pytest.fixture(scope="module")
def diagram() -> Diagram:
    return draw(DOMAINS)


def apart(one: Box | Frame, other: Box | Frame) -> bool:
    return (
        one.x + one.width <= other.x
        or other.x + other.width <= one.x
        or one.y + one.height <= other.y
        or other.y + other.height <= one.y
    )


def within(box: Box, frame: Frame) -> bool:
    return (
        frame.x <= box.x
        and frame.y <= box.y
        and box.x + box.width <= frame.x + frame.width
        and box.y + box.height <= frame.y + frame.height
    )


def test_boxes__are_all_tables_of_the_contract(diagram: Diagram) -> None:
    assert sorted(box.table.name for box in diagram.boxes) == sorted(contract.COLUMNS)


def test_boxes__have_all_columns_of_the_contract(diagram: Diagram) -> None:
    for box in diagram.boxes:
        columns = [line.split()[0] for line in contract.COLUMNS[box.table.name].split(";")]
        assert sorted(line.name for line in box.lines) == sorted(columns)


def test_boxes__do_not_overlap(diagram: Diagram) -> None:
    assert all(apart(one, other) for one, other in combinations(diagram.boxes, 2))


def test_frames__do_not_overlap(diagram: Diagram) -> None:
    assert all(apart(one, other) for one, other in combinations(diagram.frames, 2))


def test_boxes__are_in_the_frame_of_their_domain(diagram: Diagram) -> None:
    frames = {frame.title: frame for frame in diagram.frames}
    domains = {table.name: domain.title for domain in DOMAINS for table in domain.tables}
    assert all(within(box, frames[domains[box.table.name]]) for box in diagram.boxes)


def test_frames__fill_the_diagram(diagram: Diagram) -> None:
    assert max(frame.x + frame.width for frame in diagram.frames) == diagram.width
    assert max(frame.y + frame.height for frame in diagram.frames) == diagram.height


def test_lines__are_in_their_box(diagram: Diagram) -> None:
    for box in diagram.boxes:
        assert all(box.y < line.y < box.y + box.height for line in box.lines)


def test_edges__are_all_foreign_keys(diagram: Diagram) -> None:
    assert {edge.relation for edge in diagram.edges} == set(relations())
    assert len(diagram.edges) == len(relations())


def test_edge__begins_at_its_column(diagram: Diagram) -> None:
    [edge] = [edge for edge in diagram.edges if edge.relation.column == "instructor_id"]
    [box] = [box for box in diagram.boxes if box.table.name == "courses"]
    [line] = [line for line in box.lines if line.name == "instructor_id"]
    assert edge.path.startswith(f"M{box.x} {line.y - 5} ")


def test_more_domains_than_stacks__are_below_each_other() -> None:
    many = draw(DOMAINS * 3)
    assert len({frame.x for frame in many.frames}) <= STACKS
    assert all(apart(one, other) for one, other in combinations(many.frames, 2))


def test_domain_of_very_many_tables__is_in_all_stacks_without_overlaps() -> None:
    tables = [table for domain in DOMAINS for table in domain.tables]
    drawn = draw([replace(DOMAINS[0], tables=tables * 3)])
    assert len({box.x for box in drawn.boxes}) == STACKS
    assert all(apart(one, other) for one, other in combinations(drawn.boxes, 2))


def test_no_domain__makes_an_empty_diagram() -> None:
    assert draw([]).boxes == []
