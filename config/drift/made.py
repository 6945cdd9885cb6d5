"""The objects that applied migrations made and no model describes.

The models do not say how such objects should be, so that the live ones are expected as they are.
"""

import re
from collections.abc import Collection, Iterator, Sequence

from config.drift.history import Step
from config.postgres.catalog import Attributes, Catalog, Key


def with_made(expected: Catalog, live: Catalog, steps: Sequence[Step], schema: str) -> Catalog:
    """Return the expected catalog with the objects that the steps made.

    They have no attributes there: they are expected as they are, a table with all its parts.
    Constraints that a step added as NOT VALID, and none has validated, are expected so.
    """
    extra = {key: live[key] for key in live if key not in expected}
    made = {key for key in extra if _is_made(key, extra[key], steps, schema)}
    made |= {key for key in extra if _is_part_of(key, extra[key], made, live)}
    present = {_without_arguments(key, live[key]) for key in live}
    missing = set(_created(steps, schema)) - present
    not_valid = {
        key: {**expected[key], "validated": False}
        for key in live
        if key in expected and live[key].get("validated") is False and _is_not_valid(key, steps)
    }
    return {**{key: {} for key in sorted(made | missing)}, **expected, **not_valid}


def _is_part_of(key: Key, attributes: Attributes, made: Collection[Key], live: Catalog) -> bool:
    """Return whether the object is a constraint, index or sequence of a column that was made."""
    if key.kind == "sequence":
        return any(
            re.search(rf"\b{re.escape(key.name)}\b", str(live[column]["default"]))
            for column in live
            if column.kind == "column"
            and (column in made or Key("table", "", column.table) in made)
            and live[column]["default"]
        )
    return any(
        re.search(rf"\b{re.escape(column.name)}\b", str(attributes.get("definition", "")))
        for column in made
        if column.kind == "column" and column.table == key.table
    )


def _is_made(key: Key, attributes: Attributes, steps: Sequence[Step], schema: str) -> bool:
    """Return whether the last step that names the object made it, rather than dropped it."""
    pattern = _pattern(key, attributes, schema, _names_of_table(key.table, steps))
    made = False
    for step in steps:
        made = made or (key.table, key.name) in step.kept
        for match in pattern.finditer(step.sql):
            made = match["made"] is not None
        # The code may hold the SQL of both directions.
        made = made or any(match["made"] for match in pattern.finditer(step.code))
    return made


def _names_of_table(table: str, steps: Sequence[Step]) -> list[str]:
    """Return the name of the table, and those that it had before migrations renamed it."""
    names = [table]
    for step in reversed(steps):
        if names[-1] in step.renamed:
            names.append(step.renamed[names[-1]])
    return names


def _is_not_valid(constraint: Key, steps: Sequence[Step]) -> bool:
    """Return whether the last step that names the constraint left existing rows unchecked."""
    name = _identifier(constraint.name, "")
    pattern = re.compile(
        rf"\bADD\s+CONSTRAINT\s+{name}[^;]*?(?P<unchecked>\sNOT\s+VALID\b)"
        rf"|\bVALIDATE\s+CONSTRAINT\s+{name}",
        re.IGNORECASE,
    )
    matches = [match for step in steps for match in pattern.finditer(step.sql)]
    return bool(matches) and matches[-1]["unchecked"] is not None


CONSTRAINTS = {
    "primary key": "PRIMARY",
    "unique constraint": "UNIQUE",
    "exclusion constraint": "EXCLUDE",
    "foreign key": "FOREIGN",
    "check": "CHECK",
}


def _pattern(
    key: Key, attributes: Attributes, schema: str, tables: Sequence[str]
) -> re.Pattern[str]:
    """Return a pattern for the SQL that makes or drops the object.

    An index or a constraint may have no name there: PostgreSQL then gives it one.
    """
    name = _identifier(_bare(key, attributes), schema)
    table = f"(?:{'|'.join(_identifier(each, schema) for each in tables)})"
    kind = _keyword(key, attributes)
    altered = rf"ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?(?:ONLY\s+)?{table}[^;]*?\s"
    unless = r"(?:IF\s+(?:NOT\s+)?EXISTS\s+)?"
    if key.kind == "column":
        makes = rf"{altered}(?:ADD\s+(?:COLUMN\s+)?{unless}|RENAME\s+(?:\S+\s+)?\S+\s+TO\s+){name}"
    elif key.kind in CONSTRAINTS:
        makes = rf"{altered}(?:ADD\s+(?:CONSTRAINT\s+{name}|{CONSTRAINTS[key.kind]}\b))"
    elif key.kind == "index":
        makes = rf"INDEX\s+(?:CONCURRENTLY\s+)?{unless}(?:{name}\s+)?ON\s+(?:ONLY\s+)?{table}"
    elif key.table:
        makes = rf"CREATE\s+(?:\w+\s+)*?{kind}\s+{name}[^;]*?\s(?:ON|TO)\s+{table}"
    else:
        makes = rf"CREATE\s+(?:\w+\s+)*?{kind}\s+{unless}{name}|RENAME\s+TO\s+{name}"
        if key.kind == "table":
            makes += rf"|SELECT\s[^;]*?(?<!INSERT )INTO\s+(?:UNLOGGED\s+)?(?:TABLE\s+)?{name}"
    whole = r"(?:COLUMN\s+)?" if key.kind == "column" else rf"(?:\w+\s+)*?{kind}\s+"
    drops = (
        rf"DROP\s+{whole}(?:CONCURRENTLY\s+)?{unless}(?:[^;]*?,\s*)?{name}"
        rf"|ALTER\s+{kind}\s+{unless}{name}\s+RENAME\s+TO"
    )
    return re.compile(rf"\b(?:(?P<made>{makes})|{drops})", re.IGNORECASE)


def _bare(key: Key, attributes: Attributes) -> str:
    """Return the object's name without its kind, schema and arguments."""
    if key.kind != "object":
        return key.name
    name = str(attributes["identity"]).partition("(")[0].partition(" USING ")[0]
    return name.rpartition(".")[2].strip('"')


def _keyword(key: Key, attributes: Attributes) -> str:
    if key.kind in CONSTRAINTS:
        return "CONSTRAINT"
    kind = str(attributes["kind"]) if key.kind == "object" else key.kind
    return r"\s+".join(("TYPE" if kind.endswith(" type") else kind.upper()).split())


def _identifier(name: str, schema: str) -> str:
    """Return a pattern for the name as SQL writes it, with or without the schema."""
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


def _created(steps: Sequence[Step], schema: str) -> Iterator[Key]:
    """Yield what the SQL creates, unless something else may have dropped or moved it since."""
    if any("search_path" in step.sql for step in steps):
        return
    for number, step in enumerate(steps):
        if any(later.cascades or later.code for later in steps[number:]):
            continue
        for statement in LITERALS.sub("''", step.sql).split(";"):
            found = CREATE.match(statement)
            if found and _plain(found["schema"] or schema) == schema:
                key, attributes = _key(found, statement, schema)
                if "OWNED BY" not in statement.upper() and _is_made(key, attributes, steps, schema):
                    yield key


def _key(found: re.Match[str], statement: str, schema: str) -> tuple[Key, Attributes]:
    kind, name = found["kind"].lower(), _plain(found["name"])
    if kind in OBJECTS:
        identity = f"{schema}.{name}"
        return Key("object", "", f"{kind} {identity}"), {"kind": kind, "identity": identity}
    if kind == "type":
        of_type = re.search(r"\sAS\s+(ENUM|RANGE)\b", statement, re.IGNORECASE)
        kind = f"{of_type[1].lower() if of_type else 'composite'} type"
    return Key(kind, "", name), {}


def _plain(name: str) -> str:
    return name[1:-1] if name.startswith('"') else name.lower()


def _without_arguments(key: Key, attributes: Attributes) -> Key:
    """Return the key as `_created` writes it."""
    if key.kind != "object":
        return key
    schema = str(attributes["identity"]).partition(".")[0].strip('"')
    return Key("object", "", f"{attributes['kind']} {schema}.{_bare(key, attributes)}")
