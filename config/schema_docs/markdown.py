"""`Domain`s -> docs/schema.md: diagrams and the data dictionary. Pure, but for the source."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from config.schema_docs import mermaid
from config.schema_docs.dictionary import Column, Domain, Enum, Relation, Rule, Table, domain_apps
from config.schema_docs.remarks import QUERY, Asker, read_askers

HEAD = """\
# The schema

<!-- Written by manage.py schema_docs; do not edit. -->

What the models make of a database, written by `python manage.py schema_docs` and kept current by a
test. Types, defaults and definitions are PostgreSQL's own rendering; before PostgreSQL 18, which
has `uuidv7()`, an expression stands for it. The numbers of queries are those of the comments beside
indexes and constraints in the models."""


def render(domains: Sequence[Domain]) -> str:
    """The whole file."""
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
    yield _fenced(mermaid.overview(domains))


def _queries(domains: Sequence[Domain]) -> Iterator[str]:
    """Which query is asked where, and by which indexes it is answered."""
    served = _served(domains)
    askers = _askers()
    yield "## Queries"
    yield "Each index is there for a query: those of foreign keys at least for 28, account removal."
    yield _grid(
        ("query", "asked by", "served by"),
        [
            (
                str(number),
                "<br>".join(_asker(asker) for asker in askers.get(number, [])),
                ", ".join(f"`{name}`" for name in served.get(number, [])),
            )
            for number in sorted({*served, *askers})
        ],
    )


def _served(domains: Iterable[Domain]) -> Mapping[int, list[str]]:
    served: defaultdict[int, list[str]] = defaultdict(list)
    for rule in (rule for d in domains for table in d.tables for rule in table.rules):
        for number in QUERY.findall(rule.remark):
            served[int(number)].append(rule.name)
    return served


def _askers() -> Mapping[int, list[Asker]]:
    askers: defaultdict[int, list[Asker]] = defaultdict(list)
    for config in domain_apps():
        for number, found in read_askers(config).items():
            askers[number] += found
    return askers


def _asker(asker: Asker) -> str:
    return f"`{asker.name}`: {_cell(asker.says)}"


def _domains(domains: Iterable[Domain]) -> Iterator[str]:
    for domain in domains:
        yield f"## Domain: {domain.title}"
        yield _fenced(mermaid.of_domain(domain))
        for table in domain.tables:
            yield from _table(table)
        if domain.enums:
            yield f"### Enum types of {domain.label}"
            yield _grid(("type", "labels, in order", "meaning"), map(_enum, domain.enums))


def _table(table: Table) -> Iterator[str]:
    yield f"### {table.name}"
    yield f"{table.comment} Model: `{table.model}`."
    yield _grid(
        ("column", "type", "null", "default", "comment"), [_column(c) for c in table.columns]
    )
    yield from _rules("Keys", table.keys)
    yield from _rules("Foreign keys", table.foreign_keys)
    yield from _referrers(table.referrers)
    yield from _rules("Checks", table.checks)
    yield from _rules("Indexes", table.indexes)


def _column(column: Column) -> tuple[str, ...]:
    marks = f" {', '.join(column.marks)}" if column.marks else ""
    return (
        f"`{column.name}`{marks}",
        column.type,
        "" if column.not_null else "yes",
        f"`{_cell(column.default)}`" if column.default else "",
        _cell(column.comment),
    )


def _enum(enum: Enum) -> tuple[str, ...]:
    labels = ", ".join(f"`{label}`" for label in enum.labels)
    return f"`{enum.name}`", labels, _cell(enum.comment)


def _rules(title: str, rules: Sequence[Rule]) -> Iterator[str]:
    if rules:
        lines = [
            f"- `{rule.name}`: `{rule.definition}`" + (f"<br>{rule.remark}" if rule.remark else "")
            for rule in rules
        ]
        yield f"{title}:"
        yield "\n".join(lines)


def _referrers(referrers: Sequence[Relation]) -> Iterator[str]:
    if referrers:
        named = ", ".join(f"{_link(r.table)} (`{r.column}`)" for r in referrers)
        yield f"Referred to by: {named}."


def _link(table: str) -> str:
    return f"[{table}](#{table})"


def _fenced(diagram: str) -> str:
    return f"```mermaid\n{diagram}\n```"


def _grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _cell(content: str) -> str:
    """Without what ends a cell."""
    return content.replace("|", r"\|").replace("<", "&lt;")
