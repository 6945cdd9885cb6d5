"""The content of docs/schema.md: diagrams and the data dictionary in Markdown."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from config.schema_docs.dictionary import Column, Domain, Enum, Partitions, Table, TableRule
from config.schema_docs.mermaid import domain_diagram, overview_diagram
from config.schema_docs.remarks import QUERY, read_query_callers

HEAD = """\
# The schema

<!-- Written by manage.py schema_docs; do not edit. -->

The schema that the models create. `python manage.py schema_docs` writes this file, and a test
checks that it is current. Types, defaults and definitions are written as PostgreSQL prints them.
PostgreSQL before 18 has no `uuidv7()`; there the default is an equivalent expression. The queries
are those of `tests/queries/catalogue.py`. In regular expressions, `…` replaces
the characters of `INVISIBLE` in `config/postgres/constraints.py`."""


def render(domains: Sequence[Domain]) -> str:
    """Return the content of the file."""
    return "\n\n".join([HEAD, *_overview(domains), *_queries(domains), *_domains(domains)]) + "\n"


def _overview(domains: Sequence[Domain]) -> Iterator[str]:
    rows = [
        (
            f"[{domain.title}](#domain-{domain.label})",
            ", ".join(_link(t.name) for t in domain.tables),
        )
        for domain in domains
    ]
    tables = sum(len(domain.tables) for domain in domains)
    enums = sum(len(domain.enums) for domain in domains)
    yield f"{tables} tables of {len(domains)} domains, {enums} enum types."
    yield _grid(("domain", "tables"), rows)
    yield _fenced(overview_diagram(domains))


def _queries(domains: Sequence[Domain]) -> Iterator[str]:
    """Yield a table with the callers of each query, and the indexes that serve the query."""
    callers: defaultdict[int, list[str]] = defaultdict(list)
    for caller in read_query_callers():
        callers[caller.query].append(f"`{caller.name}`: {_cell(caller.description)}")
    indexes: defaultdict[int, list[str]] = defaultdict(list)
    for rule in (rule for domain in domains for table in domain.tables for rule in table.rules):
        for number in QUERY.findall(rule.remark):
            indexes[int(number)].append(f"`{rule.name}`")
    yield "## Queries"
    yield (
        "Every index serves a query. The index of a foreign key serves at least query 28, account "
        "removal."
    )
    yield _grid(
        ("query", "run by", "served by"),
        [
            (str(number), "<br>".join(callers[number]), ", ".join(indexes[number]))
            for number in sorted({*indexes, *callers})
        ],
    )


def _domains(domains: Iterable[Domain]) -> Iterator[str]:
    for domain in domains:
        yield f"## Domain: {domain.title}"
        yield _fenced(domain_diagram(domain))
        for table in domain.tables:
            yield from _table(table)
        if domain.enums:
            yield f"### Enum types of {domain.label}"
            yield _grid(("type", "labels, in order", "meaning"), map(_enum, domain.enums))


def _table(table: Table) -> Iterator[str]:
    yield f"### {table.name}"
    yield f"{table.comment} Model: `{table.model}`."
    if table.partitions:
        yield _division(table.partitions)
    yield _grid(
        ("column", "type", "null", "default", "comment"), [_column(c) for c in table.columns]
    )
    yield from _rules("Keys", table.keys)
    yield from _rules("Foreign keys", table.foreign_keys)
    if table.referrers:
        named = ", ".join(f"{_link(r.table)} (`{r.column}`)" for r in table.referrers)
        yield f"Referred to by: {named}."
    yield from _rules("Checks", table.checks)
    yield from _rules("Indexes", table.indexes)


def _division(partitions: Partitions) -> str:
    return (
        f"Partitioned by the month of `{partitions.column}`. `{partitions.default}` has the rows "
        f"that no month covers. {partitions.remark}"
    ).rstrip()


def _column(column: Column) -> tuple[str, ...]:
    marks = f" {', '.join(column.marks)}" if column.marks else ""
    return (
        f"`{column.name}`{marks}",
        column.type,
        "" if column.not_null else "yes",
        f"`{_cell(column.default, in_code=True)}`" if column.default else "",
        _cell(column.comment),
    )


def _enum(enum: Enum) -> tuple[str, ...]:
    labels = ", ".join(f"`{label}`" for label in enum.labels)
    return f"`{enum.name}`", labels, _cell(enum.comment)


def _rules(title: str, rules: Sequence[TableRule]) -> Iterator[str]:
    if rules:
        lines = [
            f"- `{rule.name}`: `{rule.definition}`" + (f"<br>{rule.remark}" if rule.remark else "")
            for rule in rules
        ]
        yield f"{title}:"
        yield "\n".join(lines)


def _link(table: str) -> str:
    return f"[{table}](#{table})"


def _fenced(diagram: str) -> str:
    return f"```mermaid\n{diagram}\n```"


def _grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _cell(content: str, in_code: bool = False) -> str:
    """Escape the characters that end a cell or, outside code, begin a tag."""
    content = content.replace("|", r"\|").replace("\n", " ")
    return content if in_code else content.replace("<", "&lt;")
