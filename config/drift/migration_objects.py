"""The objects that applied migrations created and that no model describes.

The models do not define the attributes of these objects, so any live attributes are accepted.
"""

import re
from collections.abc import Collection, Iterator, Sequence

from config.drift.difference import mentions
from config.drift.migration_effects import OperationEffect
from config.postgres.catalog import Attributes, Catalog, Key


def with_migration_objects(
    expected: Catalog, live: Catalog, effects: Sequence[OperationEffect], schema: str
) -> Catalog:
    """Return the expected catalog with the objects that migrations created.

    A constraint is expected to be NOT VALID if a migration added it as NOT VALID and no later
    operation validated it.
    """
    extra = {key: live[key] for key in live if key not in expected}
    created = {key for key in extra if _is_created(key, extra[key], effects, schema)}
    created |= {key for key in extra if _is_part_of(key, extra[key], created, live)}
    present = {_without_arguments(key, live[key]) for key in live}
    missing = set(_created_by_sql(effects, schema)) - present
    not_valid = {
        key: {**expected[key], "validated": False}
        for key in live
        if key in expected and live[key].get("validated") is False and _is_not_valid(key, effects)
    }
    return {**{key: {} for key in sorted(created | missing)}, **expected, **not_valid}


def _is_part_of(key: Key, attributes: Attributes, created: Collection[Key], live: Catalog) -> bool:
    """Return whether the object is a constraint, index or sequence of a created column."""
    if key.kind == "sequence":
        return any(
            mentions(str(live[column]["default"] or ""), key.name)
            for column in live
            if column.kind == "column"
            and (column in created or Key("table", "", column.table) in created)
        )
    return any(
        mentions(str(attributes.get("definition", "")), column.name)
        for column in created
        if column.kind == "column" and column.table == key.table
    )


def _is_created(
    key: Key, attributes: Attributes, effects: Sequence[OperationEffect], schema: str
) -> bool:
    """Return whether the last effect that names the object created the object."""
    tables = _current_and_former_names(key.table, effects)
    pattern = _creation_pattern(key, attributes, schema, tables)
    created = False
    for effect in effects:
        if any((table, key.name) in effect.kept for table in tables):
            created = True
        for match in pattern.finditer(effect.sql):
            created = match["created"] is not None
        # The module of a RunPython may also contain reverse_code that drops the object.
        if any(match["created"] for match in pattern.finditer(effect.code)):
            created = True
    return created


def _current_and_former_names(table: str, effects: Sequence[OperationEffect]) -> list[str]:
    names = [table]
    for effect in reversed(effects):
        if names[-1] in effect.renamed:
            names.append(effect.renamed[names[-1]])
    return names


def _is_not_valid(constraint: Key, effects: Sequence[OperationEffect]) -> bool:
    """Return whether the last effect that names the constraint added it as NOT VALID."""
    name = _identifier_pattern(constraint.name, "")
    pattern = re.compile(
        rf"\bADD\s+CONSTRAINT\s+{name}[^;]*?(?P<unchecked>\sNOT\s+VALID\b)"
        rf"|\bVALIDATE\s+CONSTRAINT\s+{name}",
        re.IGNORECASE,
    )
    matches = [match for effect in effects for match in pattern.finditer(effect.sql)]
    return bool(matches) and matches[-1]["unchecked"] is not None


CONSTRAINTS = {
    "primary key": "PRIMARY",
    "unique constraint": "UNIQUE",
    "exclusion constraint": "EXCLUDE",
    "foreign key": "FOREIGN",
    "check": "CHECK",
}


def _creation_pattern(
    key: Key, attributes: Attributes, schema: str, tables: Sequence[str]
) -> re.Pattern[str]:
    """Return a pattern for the SQL that creates or drops the object.

    The SQL may create an index or a constraint without a name. PostgreSQL then chooses the name.
    """
    name = _identifier_pattern(_simple_name(key, attributes), schema)
    table = f"(?:{'|'.join(_identifier_pattern(each, schema) for each in tables)})"
    kind = _keyword(key, attributes)
    alter_table = rf"ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?(?:ONLY\s+)?{table}[^;]*?\s"
    if_exists = r"(?:IF\s+(?:NOT\s+)?EXISTS\s+)?"
    if key.kind == "column":
        rename = r"RENAME\s+(?:\S+\s+)?\S+\s+TO\s+"
        creates = rf"{alter_table}(?:ADD\s+(?:COLUMN\s+)?{if_exists}|{rename}){name}"
    elif key.kind in CONSTRAINTS:
        creates = rf"{alter_table}(?:ADD\s+(?:CONSTRAINT\s+{name}|{CONSTRAINTS[key.kind]}\b))"
    elif key.kind == "index":
        creates = rf"INDEX\s+(?:CONCURRENTLY\s+)?{if_exists}(?:{name}\s+)?ON\s+(?:ONLY\s+)?{table}"
    elif key.table:
        creates = rf"CREATE\s+(?:\w+\s+)*?{kind}\s+{name}[^;]*?\s(?:ON|TO)\s+{table}"
    else:
        creates = rf"CREATE\s+(?:\w+\s+)*?{kind}\s+{if_exists}{name}|RENAME\s+TO\s+{name}"
        if key.kind == "table":
            creates += rf"|SELECT\s[^;]*?(?<!INSERT )INTO\s+(?:UNLOGGED\s+)?(?:TABLE\s+)?{name}"
    keyword = r"(?:COLUMN\s+)?" if key.kind == "column" else rf"(?:\w+\s+)*?{kind}\s+"
    drops = (
        rf"DROP\s+{keyword}(?:CONCURRENTLY\s+)?{if_exists}(?:[^;]*?,\s*)?{name}"
        rf"|ALTER\s+{kind}\s+{if_exists}{name}\s+RENAME\s+TO"
    )
    return re.compile(rf"\b(?:(?P<created>{creates})|{drops})", re.IGNORECASE)


def _simple_name(key: Key, attributes: Attributes) -> str:
    """Return the object's name without kind, schema and arguments."""
    if key.kind != "object":
        return key.name
    name = str(attributes["identity"]).partition("(")[0].partition(" USING ")[0]
    return name.rpartition(".")[2].strip('"')


def _keyword(key: Key, attributes: Attributes) -> str:
    if key.kind in CONSTRAINTS:
        return "CONSTRAINT"
    kind = str(attributes["kind"]) if key.kind == "object" else key.kind
    return r"\s+".join(("TYPE" if kind.endswith(" type") else kind.upper()).split())


def _identifier_pattern(name: str, schema: str) -> str:
    """Return a pattern for the name in SQL, with or without quotes and the schema."""
    escaped, qualifier = re.escape(name), re.escape(schema)
    return rf'(?:\\?"?{qualifier}\\?"?\s*\.\s*)?(?:\\?"{escaped}\\?"|{escaped}(?![\w$]))'


# Objects that are missing

LITERALS = re.compile(r"\$(\w*)\$.*?\$\1\$|'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", re.DOTALL)
CREATE = re.compile(
    r"""\s*CREATE\s+(?:OR\s+REPLACE\s+)?(?:UNLOGGED\s+|MATERIALIZED\s+)?
    (?P<kind>AGGREGATE|COLLATION|DOMAIN|FUNCTION|PROCEDURE|SEQUENCE|TABLE|TYPE|VIEW)\s+
    (?:IF\s+NOT\s+EXISTS\s+)?
    (?:(?P<schema>\w+|"[^"]+")\s*\.\s*)?(?P<name>\w+|"[^"]+")(?!\s*\.)""",
    re.IGNORECASE | re.VERBOSE,
)
OBJECTS = ("aggregate", "collation", "function", "procedure")


def _created_by_sql(effects: Sequence[OperationEffect], schema: str) -> Iterator[Key]:
    """Yield the objects that the SQL creates, and that no later effect may have dropped."""
    if any("search_path" in effect.sql for effect in effects):
        return  # names without a schema may be in any schema
    for number, effect in enumerate(effects):
        if any(later.cascades or later.code for later in effects[number:]):
            continue
        for statement in LITERALS.sub("''", effect.sql).split(";"):
            found = CREATE.match(statement)
            if found and _unquoted(found["schema"] or schema) == schema:
                key, attributes = _created_key(found, statement, schema)
                if "OWNED BY" not in statement.upper() and _is_created(
                    key, attributes, effects, schema
                ):
                    yield key


def _created_key(found: re.Match[str], statement: str, schema: str) -> tuple[Key, Attributes]:
    kind, name = found["kind"].lower(), _unquoted(found["name"])
    if kind in OBJECTS:
        identity = f"{schema}.{name}"
        return Key("object", "", f"{kind} {identity}"), {"kind": kind, "identity": identity}
    if kind == "type":
        of_type = re.search(r"\sAS\s+(ENUM|RANGE)\b", statement, re.IGNORECASE)
        kind = f"{of_type[1].lower() if of_type else 'composite'} type"
    return Key(kind, "", name), {}


def _unquoted(name: str) -> str:
    return name[1:-1] if name.startswith('"') else name.lower()


def _without_arguments(key: Key, attributes: Attributes) -> Key:
    """Return the key in the form of `_created_by_sql`, without the arguments of a function."""
    if key.kind != "object":
        return key
    schema = str(attributes["identity"]).partition(".")[0].strip('"')
    return Key("object", "", f"{attributes['kind']} {schema}.{_simple_name(key, attributes)}")
