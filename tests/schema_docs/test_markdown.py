"""docs/schema.md, which is complete and well-formed."""

import re
from dataclasses import replace

import pytest

from config.schema_docs.dictionary import Column, Domain, Relation, Table
from config.schema_docs.management.commands.schema_docs import SCHEMA_DOCS
from config.schema_docs.markdown import render
from config.schema_docs.mermaid import domain_diagram, overview_diagram, short_type
from tests.support.contract import COLUMNS

DOCS = SCHEMA_DOCS.read_text()
SECTIONS = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", DOCS, re.MULTILINE | re.DOTALL))
ANALYTICS = Relation("profiles", "user_id", "users", nullable=False, unique=True)
PROFILES = Table(
    "profiles",
    "Profile",
    "Public <profiles>.",
    [
        Column("user_id", "uuid", True, "", "", ["PK", "FK"]),
        Column("bio", "character varying(9)", False, "'|'", "a | b", []),
    ],
    [],
    [ANALYTICS],
    [],
)


@pytest.mark.parametrize("name", COLUMNS)
def test_section_of_a_table__a_row_for_each_column(name: str) -> None:
    columns = [line.split()[0] for line in COLUMNS[name].split(";")]
    assert sorted(re.findall(r"^\| `(\w+)`", SECTIONS[name], re.MULTILINE)) == sorted(columns)


def test_links__lead_to_headings() -> None:
    headings = re.findall(r"^#+ (.*)", DOCS, re.MULTILINE)
    anchors = [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]
    assert len(set(anchors)) == len(anchors)
    assert set(re.findall(r"\]\(#(.*?)\)", DOCS)) <= set(anchors)


def test_rows_of_tables__as_wide_as_their_heads() -> None:
    for grid in re.findall(r"^\|.*?(?=^[^|]|^$)", DOCS, re.MULTILINE | re.DOTALL):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in grid.splitlines()}) == 1


def test_pipe_in_a_comment_or_default__does_not_end_the_cell() -> None:
    docs = render([Domain("users", "Users", [PROFILES], [])])
    assert r"| `bio` | character varying(9) | yes | `'\|'` | a \| b |" in docs


def test_partitioned_table__names_its_column_and_its_default_partition() -> None:
    assert (
        "\n\nPartitioned by the month of `timestamp`. `analytics_events_default` has the rows that "
        "no month covers. The command `partitions` creates coming months, and drops old ones."
        "\n\n| column |"
    ) in SECTIONS["analytics_events"]


def test_line_break_in_a_comment__does_not_end_the_row() -> None:
    column = Column("bio", "text", True, "", "First line.\nSecond line.", [])
    docs = render([Domain("users", "Users", [replace(PROFILES, columns=[column])], [])])
    assert "| `bio` | text |  |  | First line. Second line. |" in docs


def test_less_than_sign_in_a_default__stays_as_it_is_in_code() -> None:
    column = Column("is_new", "boolean", True, "generated: (age < 2) STORED", "If < 2.", [])
    docs = render([Domain("users", "Users", [replace(PROFILES, columns=[column])], [])])
    assert "| `is_new` | boolean |  | `generated: (age < 2) STORED` | If &lt; 2. |" in docs


def test_diagram_of_a_domain__columns_and_relations() -> None:
    assert domain_diagram(Domain("users", "Users", [PROFILES], [])) == (
        "erDiagram\n"
        "    profiles {\n"
        "        uuid user_id PK, FK\n"
        "        varchar bio\n"
        "    }\n"
        "    users ||--o| profiles : user_id"
    )


def test_diagram_of_all_domains__relations_only() -> None:
    diagram = overview_diagram([Domain("users", "Users", [PROFILES], [])])
    assert diagram == "erDiagram\n    users ||--o| profiles : user_id"


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("character varying(255)", "varchar"),
        ("timestamp with time zone", "timestamptz"),
        ("numeric(10,2)", "numeric"),
        ("double precision", "float8"),
        ("time without time zone", "time"),
        ("course_status", "course_status"),
    ],
)
def test_type_in_a_diagram__short(name: str, short: str) -> None:
    assert short_type(name) == short
