"""The definitions of objects -> the SQL that takes them away, and that brings them back.

PostgreSQL writes the definitions; beside it an object keeps its comment, owner, privileges and
state.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter

from django.db.backends.utils import CursorWrapper

from config.postgres.catalog.dependents import Address, Dependents


@dataclass(frozen=True)
class Definition:
    """What is done about an object before its type goes, after that, and at the very end."""

    address: Address
    description: str
    table: str | None
    """Of what is part of a table and goes as one with it; then `drop` and `create` are actions."""
    drop: list[str]
    create: list[str]
    finish: list[str]
    details: list[str]
    """Comment, owner and privileges."""


@dataclass
class Step:
    """All that is done about a table, or about an object of its own."""

    drop: list[str] = field(default_factory=list)
    create: list[str] = field(default_factory=list)
    finish: list[str] = field(default_factory=list)


def read_definitions(
    cursor: CursorWrapper,
    dependents: Dependents,
    labels: Sequence[str],
    replace: Mapping[str, str],
) -> list[Definition]:
    """What has to be done for the type to have `labels`, once `replace` has been applied."""
    change = {"labels": labels, "old": list(replace), "new": list(replace.values())}
    return [
        _read_definition(cursor, address, kind, change)
        for kind in QUERIES
        for address in dependents.of_kind(kind)
    ]


def _read_definition(
    cursor: CursorWrapper, address: Address, kind: str, change: Mapping[str, object]
) -> Definition:
    parameters = {**address._asdict(), **change}
    cursor.execute(DESCRIPTION, parameters)
    [description] = cursor.fetchone()
    cursor.execute(QUERIES[kind], parameters)
    table, drop, create, finish = cursor.fetchone()
    details: list[str] = []
    if kind not in KEPT:
        cursor.execute(DETAILS, parameters)
        details = [sql for (sql,) in cursor.fetchall()]
    description = DESCRIBED.get(kind, "") + description
    return Definition(address, description, table, drop, create, finish, details)


def in_order(definitions: Sequence[Definition], dependents: Dependents) -> list[Step]:
    """In an order in which creating works, and dropping in reverse.

    All that happens to a table is one statement, which rewrites it once.
    Raises graphlib.CycleError if there is no such order.
    """
    nodes = {item.address: item.table or item.address for item in definitions}
    sorter = TopologicalSorter[object](dict.fromkeys(nodes.values(), ()))
    for address, needs in dependents.needs.items():
        if node := nodes.get(address):
            sorter.add(node, *(nodes[need] for need in needs if nodes[need] != node))
    return [
        _step([item for item in definitions if nodes[item.address] == node])
        for node in sorter.static_order()
    ]


def _step(definitions: Sequence[Definition]) -> Step:
    step = Step()
    for item in definitions:
        step.drop = [*item.drop, *step.drop]  # a column takes its constraints along
        step.create += item.create
        step.finish += item.finish
    if table := definitions[0].table:
        for actions in (step.drop, step.create):
            actions[:] = [f"ALTER TABLE {table} {', '.join(actions)}"] * bool(actions)
    step.create += [sql for item in definitions for sql in item.details]
    return step


DESCRIPTION = "SELECT pg_describe_object(%(catalog)s::regclass, %(oid)s, %(number)s)"
DESCRIBED = {
    "column": "the default of ",
    "default": "the default of ",
    "generated column": "the expression of ",
}

_RELATIONS = "pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
_TABLE_NAME = "format('%%I.%%I', n.nspname, c.relname)"

# Values go through text, and are replaced there.
COLUMN = """
WITH RECURSIVE ancestor AS (
    SELECT %(oid)s::oid AS oid
     UNION SELECT i.inhparent FROM ancestor JOIN pg_inherits AS i ON i.inhrelid = ancestor.oid
)
SELECT (SELECT format('%%I.%%I', n.nspname, c.relname)
          FROM ancestor JOIN pg_class AS c ON c.oid = ancestor.oid
          JOIN pg_namespace AS n ON n.oid = c.relnamespace
         WHERE NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = ancestor.oid) LIMIT 1),
       CASE WHEN a.attinhcount = 0 AND d.oid IS NOT NULL
            THEN ARRAY[format('ALTER COLUMN %%I DROP DEFAULT', a.attname)]
            ELSE '{}' END,
       CASE WHEN a.attinhcount = 0
            THEN array_remove(ARRAY[
                format('ALTER COLUMN %%I TYPE %%s USING %%s::%%2$s', a.attname,
                       format_type(a.atttypid, a.atttypmod), value.replaced),
                format('ALTER COLUMN %%I SET DEFAULT ', a.attname)
                || pg_get_expr(d.adbin, d.adrelid)
            ], NULL)
            ELSE '{}' END,
       '{}'::text[]
  FROM pg_attribute AS a
  JOIN pg_type AS t ON t.oid = a.atttypid
  LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 CROSS JOIN LATERAL (
    SELECT CASE WHEN count(*) = 0
                THEN format('%%I::text', a.attname)
                     || CASE t.typcategory WHEN 'A' THEN '[]' ELSE '' END
                WHEN t.typcategory = 'A'
                THEN repeat('array_replace(', count(*)::int) || format('%%I::text[]', a.attname)
                     || string_agg(format(', %%L, %%L)', old, new), '')
                ELSE format('(CASE %%I::text', a.attname)
                     || string_agg(format(' WHEN %%L THEN %%L', old, new), '')
                     || format(' ELSE %%I::text END)', a.attname)
           END AS replaced
      FROM unnest(%(old)s::text[], %(new)s::text[]) AS replacement (old, new)
 ) AS value
 WHERE (a.attrelid, a.attnum) = (%(oid)s, %(number)s)
"""

DEFAULT = f"""
SELECT {_TABLE_NAME}, ARRAY[format('ALTER COLUMN %%I DROP DEFAULT', a.attname)],
       ARRAY[format('ALTER COLUMN %%I SET DEFAULT ', a.attname) || pg_get_expr(d.adbin, d.adrelid)],
       '{{}}'::text[]
  FROM {_RELATIONS}
  JOIN pg_attribute AS a ON a.attrelid = c.oid
  JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE (a.attrelid, a.attnum) = (%(oid)s, %(number)s)
"""

GENERATED_COLUMN = f"""
SELECT {_TABLE_NAME},
       CASE WHEN a.attinhcount = 0 THEN ARRAY[format('DROP COLUMN %%I', a.attname)] ELSE '{{}}' END,
       CASE WHEN a.attinhcount > 0 THEN '{{}}'
            ELSE ARRAY[concat(
                format('ADD COLUMN %%I ', a.attname), format_type(a.atttypid, a.atttypmod),
                CASE WHEN a.attcollation <> t.typcollation
                     THEN ' COLLATE ' || a.attcollation::regcollation END,
                ' GENERATED ALWAYS AS (', pg_get_expr(d.adbin, d.adrelid), ') ',
                CASE a.attgenerated WHEN 's' THEN 'STORED' ELSE 'VIRTUAL' END,
                CASE WHEN a.attnotnull THEN ' NOT NULL' END)] END,
       '{{}}'::text[]
  FROM {_RELATIONS}
  JOIN pg_attribute AS a ON a.attrelid = c.oid
  JOIN pg_type AS t ON t.oid = a.atttypid
  JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE (a.attrelid, a.attnum) = (%(oid)s, %(number)s)
"""

# An index that a constraint owns goes by the constraint's name.
_INDEX_STATE = """
array_remove(ARRAY[
    CASE WHEN i.indisclustered
         THEN format('ALTER %%s %%s CLUSTER ON %%I',
                     CASE c.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END,
                     i.indrelid::regclass, x.relname) END,
    CASE WHEN i.indisreplident
         THEN format('ALTER TABLE %%s REPLICA IDENTITY USING INDEX %%I',
                     i.indrelid::regclass, x.relname) END,
    CASE WHEN x.reltablespace <> 0
         THEN format('ALTER INDEX %%s SET TABLESPACE %%I', x.oid::regclass,
                     (SELECT spcname FROM pg_tablespace WHERE oid = x.reltablespace)) END
], NULL)"""

CONSTRAINT = f"""
SELECT {_TABLE_NAME}, ARRAY[format('DROP CONSTRAINT %%I', k.conname)],
       ARRAY[format('ADD CONSTRAINT %%I ', k.conname) || pg_get_constraintdef(k.oid)],
       {_INDEX_STATE}
  FROM {_RELATIONS}
  JOIN pg_constraint AS k ON k.conrelid = c.oid
  LEFT JOIN pg_index AS i ON i.indexrelid = k.conindid
  LEFT JOIN pg_class AS x ON x.oid = i.indexrelid
 WHERE k.oid = %(oid)s
"""

FOREIGN_KEY = f"""
SELECT NULL, ARRAY[format('ALTER TABLE %%s DROP CONSTRAINT %%I', {_TABLE_NAME}, k.conname)],
       ARRAY[format('ALTER TABLE %%s ADD CONSTRAINT %%I ', {_TABLE_NAME}, k.conname)
             || pg_get_constraintdef(k.oid)],
       '{{}}'::text[]
  FROM {_RELATIONS}
  JOIN pg_constraint AS k ON k.conrelid = c.oid
 WHERE k.oid = %(oid)s
"""

INDEX = f"""
SELECT NULL, ARRAY[format('DROP INDEX %%I.%%I', n.nspname, x.relname)],
       ARRAY[pg_get_indexdef(i.indexrelid)] || {_INDEX_STATE}, '{{}}'::text[]
  FROM pg_index AS i
  JOIN pg_class AS c ON c.oid = i.indrelid
  JOIN pg_class AS x ON x.oid = i.indexrelid
  JOIN pg_namespace AS n ON n.oid = x.relnamespace
 WHERE x.oid = %(oid)s
"""

VIEW = f"""
SELECT NULL, ARRAY[format('DROP %%s %%s', kind, name)],
       ARRAY[concat('CREATE ', kind, ' ', name,
                    CASE WHEN c.relkind = 'm' THEN format(' USING %%I', a.amname) END,
                    ' WITH (' || array_to_string(c.reloptions, ', ') || ')',
                    ' TABLESPACE ' || quote_ident(s.spcname),
                    ' AS ', rtrim(pg_get_viewdef(c.oid), ';'),
                    CASE WHEN c.relkind = 'm' AND NOT c.relispopulated THEN ' WITH NO DATA' END)]
       || ARRAY(SELECT format('ALTER VIEW %%s ALTER COLUMN %%I SET DEFAULT ', name, v.attname)
                       || pg_get_expr(d.adbin, d.adrelid)
                  FROM pg_attrdef AS d
                  JOIN pg_attribute AS v ON v.attrelid = d.adrelid AND v.attnum = d.adnum
                 WHERE d.adrelid = c.oid),
       '{{}}'::text[]
  FROM {_RELATIONS}
  LEFT JOIN pg_am AS a ON a.oid = c.relam
  LEFT JOIN pg_tablespace AS s ON s.oid = c.reltablespace
 CROSS JOIN LATERAL (
    SELECT {_TABLE_NAME} AS name,
           CASE c.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END AS kind
 ) AS parts
 WHERE c.oid = %(oid)s
"""

_STATE = """CASE {}
               WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'A' THEN 'ENABLE ALWAYS'
           END"""

TRIGGER = f"""
SELECT NULL, ARRAY[format('DROP TRIGGER %%I ON %%s', g.tgname, {_TABLE_NAME})],
       array_remove(ARRAY[
           pg_get_triggerdef(g.oid),
           format('ALTER TABLE %%s ', {_TABLE_NAME}) || {_STATE.format("g.tgenabled")}
           || format(' TRIGGER %%I', g.tgname)], NULL),
       '{{}}'::text[]
  FROM {_RELATIONS}
  JOIN pg_trigger AS g ON g.tgrelid = c.oid
 WHERE g.oid = %(oid)s
"""

RULE = f"""
SELECT NULL, ARRAY[format('DROP RULE %%I ON %%s', r.rulename, {_TABLE_NAME})],
       array_remove(ARRAY[
           rtrim(pg_get_ruledef(r.oid), ';'),
           format('ALTER TABLE %%s ', {_TABLE_NAME}) || {_STATE.format("r.ev_enabled")}
           || format(' RULE %%I', r.rulename)], NULL),
       '{{}}'::text[]
  FROM {_RELATIONS}
  JOIN pg_rewrite AS r ON r.ev_class = c.oid
 WHERE r.oid = %(oid)s
"""

POLICY = f"""
SELECT NULL, ARRAY[format('DROP POLICY %%I ON %%s', p.polname, {_TABLE_NAME})],
       ARRAY[concat(
           format('CREATE POLICY %%I ON %%s AS ', p.polname, {_TABLE_NAME}),
           CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
           ' FOR ', CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT'
                                  WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
           ' TO ', (SELECT string_agg(CASE role WHEN 0 THEN 'PUBLIC'
                                      ELSE role::regrole::text END, ', ')
                      FROM unnest(p.polroles) AS role),
           ' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')',
           ' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')')],
       '{{}}'::text[]
  FROM {_RELATIONS}
  JOIN pg_policy AS p ON p.polrelid = c.oid
 WHERE p.oid = %(oid)s
"""

STATISTICS = """
SELECT NULL, ARRAY[format('DROP STATISTICS %%I.%%I', n.nspname, s.stxname)],
       array_remove(ARRAY[
           pg_get_statisticsobjdef(s.oid),
           CASE WHEN s.stxstattarget >= 0
                THEN format('ALTER STATISTICS %%I.%%I SET STATISTICS %%s', n.nspname, s.stxname,
                            s.stxstattarget) END], NULL),
       '{}'::text[]
  FROM pg_statistic_ext AS s
  JOIN pg_namespace AS n ON n.oid = s.stxnamespace
 WHERE s.oid = %(oid)s
"""

FUNCTION = """
SELECT NULL, ARRAY[format('DROP ROUTINE %%s', o.identity)],
       ARRAY[rtrim(pg_get_functiondef(o.oid), E'\\n')],
       '{}'::text[]
  FROM (SELECT oid, (pg_identify_object('pg_proc'::regclass, oid, 0)).identity
          FROM pg_proc WHERE oid = %(oid)s) AS o
"""

# A type stays under another name until nothing is of it any more.
_TYPE_NAME = "format('%%I.%%I', n.nspname, t.typname)"

ENUM_TYPE = f"""
SELECT NULL, ARRAY[format('ALTER TYPE %%s RENAME TO replaced_%%s', {_TYPE_NAME}, t.oid)],
       ARRAY[format('CREATE TYPE %%s AS ENUM (%%s)', {_TYPE_NAME},
                    (SELECT string_agg(quote_literal(label), ', ' ORDER BY position)
                       FROM unnest(%(labels)s::text[]) WITH ORDINALITY AS l (label, position)))],
       ARRAY[format('DROP TYPE %%I.replaced_%%s', n.nspname, t.oid)]
  FROM pg_type AS t
  JOIN pg_namespace AS n ON n.oid = t.typnamespace
 WHERE t.oid = %(oid)s
"""

DOMAIN = f"""
SELECT NULL, ARRAY[format('ALTER DOMAIN %%s RENAME TO replaced_%%s', {_TYPE_NAME}, t.oid)],
       ARRAY[concat(
           format('CREATE DOMAIN %%s AS ', {_TYPE_NAME}), format_type(t.typbasetype, t.typtypmod),
           ' DEFAULT ' || t.typdefault,
           CASE WHEN t.typnotnull AND NOT k.has_not_null THEN ' NOT NULL' END,
           k.definitions)],
       ARRAY[format('DROP DOMAIN %%I.replaced_%%s', n.nspname, t.oid)]
  FROM pg_type AS t
  JOIN pg_namespace AS n ON n.oid = t.typnamespace
 CROSS JOIN LATERAL (
    SELECT string_agg(format(' CONSTRAINT %%I ', conname) || pg_get_constraintdef(oid), '')
               AS definitions,
           coalesce(bool_or(contype = 'n'), false) AS has_not_null  -- since PostgreSQL 17
      FROM pg_constraint WHERE contypid = t.oid) AS k
 WHERE t.oid = %(oid)s
"""

QUERIES = {
    "enum type": ENUM_TYPE,
    "domain": DOMAIN,
    "column": COLUMN,
    "default": DEFAULT,
    "generated column": GENERATED_COLUMN,
    "key": CONSTRAINT,
    "check": CONSTRAINT,
    "foreign key": FOREIGN_KEY,
    "index": INDEX,
    "view": VIEW,
    "trigger": TRIGGER,
    "rule": RULE,
    "policy": POLICY,
    "statistics": STATISTICS,
    "function": FUNCTION,
}
KEPT = ("column", "default")
"""What is altered rather than made anew, and so keeps its comment and privileges."""

# Comments, owners and privileges of an object and of the columns of a view.
DETAILS = """
WITH object AS (
    SELECT %(catalog)s::regclass AS catalog, %(oid)s::oid AS oid, %(number)s::int AS number
), part AS (
    SELECT object.catalog, object.oid, object.number FROM object
     UNION ALL
    SELECT 'pg_class'::regclass, a.attrelid, a.attnum
      FROM object JOIN pg_attribute AS a ON a.attrelid = object.oid AND a.attnum > 0
     WHERE object.catalog = 'pg_class'::regclass AND object.number = 0
     UNION ALL
    SELECT 'pg_class'::regclass, k.conindid, 0
      FROM object JOIN pg_constraint AS k ON k.oid = object.oid
     WHERE object.catalog = 'pg_constraint'::regclass AND k.contype IN ('p', 'u', 'x')
), named AS (
    SELECT part.*, i.identity,
           CASE WHEN i.type LIKE '%% column' THEN 'COLUMN'
                WHEN i.type LIKE '%% constraint' THEN 'CONSTRAINT'
                WHEN i.type = 'statistics object' THEN 'STATISTICS'
                ELSE upper(i.type) END AS keyword
      FROM part CROSS JOIN LATERAL pg_identify_object(part.catalog, part.oid, part.number) AS i
), owned (keyword, identity, owner, privileges, usual, columns) AS (
    SELECT named.keyword, named.identity, c.relowner, c.relacl,
           acldefault('r', c.relowner), ''
      FROM named JOIN pg_class AS c ON c.oid = named.oid AND c.relkind IN ('v', 'm')
     WHERE named.catalog = 'pg_class'::regclass AND named.number = 0
     UNION ALL
    SELECT 'TABLE', format('%%I.%%I', n.nspname, c.relname), NULL, a.attacl, NULL,
           format(' (%%I)', a.attname)
      FROM named JOIN pg_attribute AS a ON a.attrelid = named.oid AND a.attnum = named.number
      JOIN pg_class AS c ON c.oid = a.attrelid
      JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE named.catalog = 'pg_class'::regclass AND named.number > 0
     UNION ALL
    SELECT named.keyword, named.identity, p.proowner, p.proacl,
           acldefault('f', p.proowner), ''
      FROM named JOIN pg_proc AS p ON p.oid = named.oid
     WHERE named.catalog = 'pg_proc'::regclass
     UNION ALL
    SELECT named.keyword, named.identity, t.typowner, t.typacl,
           acldefault('T', t.typowner), ''
      FROM named JOIN pg_type AS t ON t.oid = named.oid
     WHERE named.catalog = 'pg_type'::regclass
     UNION ALL
    SELECT named.keyword, named.identity, s.stxowner, NULL, NULL, ''
      FROM named JOIN pg_statistic_ext AS s ON s.oid = named.oid
     WHERE named.catalog = 'pg_statistic_ext'::regclass
), granted AS (  -- where that differs, or may differ, from what a new object has
    SELECT CASE WHEN keyword LIKE '%%VIEW' THEN 'TABLE' ELSE keyword END AS keyword,
           identity, owner, coalesce(privileges, usual) AS privileges, columns
      FROM owned
     WHERE privileges IS NOT NULL OR usual IS NOT NULL AND EXISTS (SELECT FROM pg_default_acl)
), others AS (  -- who may get privileges on a new object by themselves
    SELECT 0::oid AS grantee
     UNION SELECT a.grantee FROM pg_default_acl AS d, aclexplode(d.defaclacl) AS a
)
SELECT sql FROM (
    SELECT 0 AS place, format('COMMENT ON %%s %%s IS %%L', keyword, identity, d.description) AS sql
      FROM named
      JOIN pg_description AS d ON (d.classoid, d.objoid, d.objsubid)
                                = (named.catalog, named.oid, named.number)
     UNION ALL
    SELECT 1, format('ALTER %%s %%s OWNER TO %%s', keyword, identity, owner::regrole)
      FROM owned WHERE owner <> current_user::regrole
     UNION ALL
    SELECT 2, format('REVOKE ALL ON %%s %%s FROM %%s', keyword, identity,
                     CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END)
      FROM granted JOIN others ON grantee <> owner WHERE columns = ''
     UNION ALL
    SELECT 3, format('GRANT %%s%%s ON %%s %%s TO %%s%%s', a.privilege_type, columns, keyword,
                     identity,
                     CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END,
                     CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
      FROM granted CROSS JOIN LATERAL aclexplode(privileges) AS a
     WHERE owner IS NULL OR a.grantee <> owner
) AS detail
 ORDER BY place, sql
"""
