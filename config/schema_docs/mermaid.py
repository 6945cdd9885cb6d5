"""`Domain`s -> entity-relationship diagrams in the language of Mermaid. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence

from config.schema_docs.dictionary import Column, Domain, Relation, Table

SHORT = {
    "character varying": "varchar",
    "timestamp with time zone": "timestamptz",
    "boolean": "bool",
    "integer": "int",
}
"""Names of types that a box has room for; PostgreSQL knows both."""


def overview(domains: Sequence[Domain]) -> str:
    """All tables and relations, no columns."""
    tables = [table for domain in domains for table in domain.tables]
    return _diagram(_edges(tables))


def of_domain(domain: Domain) -> str:
    """The domain's tables with their columns, and the tables that they refer to without."""
    return _diagram([*map(_entity, domain.tables), *_edges(domain.tables)])


def short_type(name: str) -> str:
    """`character varying(255)` -> `varchar`."""
    bare = re.sub(r"\(.*\)", "", name)
    return SHORT.get(bare, bare)


def _diagram(parts: Iterable[str]) -> str:
    return "\n".join(["erDiagram", *(f"    {line}" for part in parts for line in part.split("\n"))])


def _entity(table: Table) -> str:
    return "\n".join([f"{table.name} {{", *(f"    {_attribute(c)}" for c in table.columns), "}"])


def _attribute(column: Column) -> str:
    return f"{short_type(column.type)} {column.name} {', '.join(column.marks)}".rstrip()


def _edges(tables: Iterable[Table]) -> Iterator[str]:
    for table in tables:
        for relation in table.relations:
            yield f"{relation.target} {_ends(relation)} {relation.table} : {relation.column}"


def _ends(relation: Relation) -> str:
    """How many rows of the target there are to a row, and the other way round."""
    return ("|o" if relation.nullable else "||") + "--" + ("o|" if relation.unique else "o{")
