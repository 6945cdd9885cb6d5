"""The commands schema_docs and overview: the schema described for readers."""

from config.schema_docs.dictionary import (
    Column,
    Domain,
    Relation,
    Table,
    describe_domains,
    domain_apps,
    sketch,
)
from config.schema_docs.mermaid import short_type

__all__ = [
    "Column",
    "Domain",
    "Relation",
    "Table",
    "describe_domains",
    "domain_apps",
    "short_type",
    "sketch",
]
