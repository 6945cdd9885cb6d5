"""The entity-relationship diagrams of domains, in the language of Mermaid."""

import re
from collections.abc import Iterable, Iterator, Sequence

from config.schema_docs.dictionary import Domain, Relation, Table

SHORT = {
    "character varying": "varchar",
    "timestamp with time zone": "timestamptz",
    "time without time zone": "time",
    "boolean": "bool",
    "integer": "int",
    "double precision": "float8",
}
"""Shorter names of types, which fit into a box. PostgreSQL accepts these names as well."""


def overview_diagram(domains: Sequence[Domain]) -> str:
    """Return the diagram of all tables and relations, without columns."""
    tables = [table for domain in domains for table in domain.tables]
    return _diagram(_edges(tables))


def domain_diagram(domain: Domain) -> str:
    """Return the diagram of a domain's tables with their columns and relations."""
    return _diagram([*map(_entity, domain.tables), *_edges(domain.tables)])


def short_type(name: str) -> str:
    """Return the short name of a type: `varchar` for `character varying(255)`."""
    bare = re.sub(r"\(.*\)", "", name)
    return SHORT.get(bare, bare)


def _diagram(parts: Iterable[str]) -> str:
    return "\n".join(["erDiagram", *(f"    {line}" for part in parts for line in part.split("\n"))])


def _entity(table: Table) -> str:
    columns = (f"{short_type(c.type)} {c.name} {', '.join(c.marks)}" for c in table.columns)
    return "\n".join([f"{table.name} {{", *(f"    {column.rstrip()}" for column in columns), "}"])


def _edges(tables: Iterable[Table]) -> Iterator[str]:
    for table in tables:
        for relation in table.relations:
            yield f"{relation.target} {_ends(relation)} {relation.table} : {relation.column}"


def _ends(relation: Relation) -> str:
    """Return the symbol for the cardinalities of a relation."""
    return ("|o" if relation.nullable else "||") + "--" + ("o|" if relation.unique else "o{")
