"""The description of the schema for readers: docs/schema.md and the overview command."""

from config.schema_docs.dictionary import Column, Domain, Relation, Table, describe, sketch
from config.schema_docs.mermaid import short_type

__all__ = ["Column", "Domain", "Relation", "Table", "describe", "short_type", "sketch"]
