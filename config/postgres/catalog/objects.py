"""The keys and attributes of the objects of a schema."""

from collections.abc import Mapping
from typing import Any, NamedTuple

type Value = str | int | bool | list[Any] | dict[str, Any] | None


class Key(NamedTuple):
    """The key of an object: its kind, its table ('' if it belongs to no table), and its name."""

    kind: str
    table: str
    name: str

    def __str__(self) -> str:
        name = f"{self.table}.{self.name}" if self.table else self.name
        return name.replace('"."', ".")  # db_table of another schema is schema"."table


type Attributes = Mapping[str, Value]
type Catalog = Mapping[Key, Attributes]
"""The attributes of the objects of one schema."""
