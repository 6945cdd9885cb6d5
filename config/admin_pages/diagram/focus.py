"""The part of the diagram with one domain and the tables related to it."""

from collections.abc import Sequence
from dataclasses import replace

from config.schema_docs import Domain, Table


def focus(domains: Sequence[Domain], label: str) -> list[Domain]:
    """Return the domain `label`, and the other domains with only the tables related to it.

    The tables of the other domains have no columns.
    """
    inside = {table.name for domain in domains if domain.label == label for table in domain.tables}
    return [
        domain
        if domain.label == label
        else replace(domain, tables=[*filter(None, (_neighbour(t, inside) for t in domain.tables))])
        for domain in domains
    ]


def _neighbour(table: Table, inside: set[str]) -> Table | None:
    """Return `table` with only its relations to tables `inside`, or None if there are none."""
    relations = [relation for relation in table.relations if relation.target in inside]
    referrers = [relation for relation in table.referrers if relation.table in inside]
    if not relations and not referrers:
        return None
    return replace(table, columns=[], relations=relations, referrers=referrers)
