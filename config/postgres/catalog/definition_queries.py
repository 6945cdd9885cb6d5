"""The queries that compose the SQL of a definition, by the kind of the object.

Each query returns one row: the description of the object, its table if the statements are actions
of ALTER TABLE, and the statements that drop, create and finish the object. Each % is doubled,
because the queries have parameters.
"""

_DROP = """format('DROP %%s %%s', CASE o.type WHEN 'statistics object' THEN 'STATISTICS'
                                    ELSE upper(o.type) END, o.identity)"""


def _query(
    oid: str,
    source: str,
    *,
    create: str,
    drop: str = _DROP,
    finish: str = "NULL",
    table: str = "NULL",
) -> str:
    """Return a query on the row of `source` whose column `oid` is the object's oid.

    The other arguments are SQL expressions, in which `o` identifies the object. NULL means no
    statement.
    """
    arrays = [f"array_remove(ARRAY[{items}]::text[], NULL)" for items in (drop, create, finish)]
    return f"""
SELECT pg_describe_object(%(catalog)s::regclass, %(oid)s, %(number)s), {table}, {", ".join(arrays)}
  FROM pg_identify_object(%(catalog)s::regclass, %(oid)s, %(number)s) AS o, {source}
 WHERE {oid} = %(oid)s
"""


def _table(oid: str) -> str:
    """Return an expression for the qualified name of the table with this oid."""
    return f"(pg_identify_object('pg_class'::regclass, {oid}, 0)).identity"


_COLUMNS = """pg_attribute AS a
  JOIN pg_type AS t ON t.oid = a.atttypid AND a.attnum = %(number)s
  LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum"""
_DROP_DEFAULT = "format('ALTER COLUMN %%I DROP DEFAULT', a.attname)"
_SET_DEFAULT = (
    "format('ALTER COLUMN %%I SET DEFAULT ', a.attname) || pg_get_expr(d.adbin, d.adrelid)"
)

_ROOT_TABLE = f"""(
    WITH RECURSIVE ancestor AS (
        SELECT %(oid)s::oid AS oid
         UNION SELECT i.inhparent FROM ancestor JOIN pg_inherits AS i ON i.inhrelid = ancestor.oid
    )
    SELECT {_table("ancestor.oid")} FROM ancestor
     WHERE NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = ancestor.oid)
     LIMIT 1)"""

# A value is cast to text, its labels are replaced, and the text is cast to the new type.
_COLUMN = _query(
    "a.attrelid",
    f"""{_COLUMNS}
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
 ) AS value""",
    table=_ROOT_TABLE,
    drop=f"CASE WHEN a.attinhcount = 0 AND d.oid IS NOT NULL THEN {_DROP_DEFAULT} END",
    create=f"""
        CASE WHEN a.attinhcount = 0
             THEN format('ALTER COLUMN %%I TYPE %%s USING %%s::%%2$s', a.attname,
                         format_type(a.atttypid, a.atttypmod), value.replaced) END,
        CASE WHEN a.attinhcount = 0 THEN {_SET_DEFAULT} END""",
)

_DEFAULT = _query(
    "a.attrelid",
    _COLUMNS,
    table=_table("a.attrelid"),
    drop=_DROP_DEFAULT,
    create=_SET_DEFAULT,
)

_GENERATED_COLUMN = _query(
    "a.attrelid",
    _COLUMNS,
    table=_table("a.attrelid"),
    drop="CASE WHEN a.attinhcount = 0 THEN format('DROP COLUMN %%I', a.attname) END",
    create="""
        CASE WHEN a.attinhcount = 0 THEN concat(
            format('ADD COLUMN %%I ', a.attname), format_type(a.atttypid, a.atttypmod),
            CASE WHEN a.attcollation <> t.typcollation
                 THEN ' COLLATE ' || a.attcollation::regcollation END,
            ' GENERATED ALWAYS AS (', pg_get_expr(d.adbin, d.adrelid), ') ',
            CASE a.attgenerated WHEN 's' THEN 'STORED' ELSE 'VIRTUAL' END,
            CASE WHEN a.attnotnull THEN ' NOT NULL' END) END""",
)

# The index of a constraint has the name of the constraint.
_INDEX_STATE = """
    CASE WHEN i.indisclustered
         THEN format('ALTER TABLE %%s CLUSTER ON %%I', i.indrelid::regclass, x.relname) END,
    CASE WHEN i.indisreplident
         THEN format('ALTER TABLE %%s REPLICA IDENTITY USING INDEX %%I',
                     i.indrelid::regclass, x.relname) END,
    CASE WHEN x.reltablespace <> 0
         THEN format('ALTER INDEX %%s SET TABLESPACE %%I', x.oid::regclass,
                     (SELECT spcname FROM pg_tablespace WHERE oid = x.reltablespace)) END"""

_CONSTRAINT = _query(
    "k.oid",
    """pg_constraint AS k
  LEFT JOIN pg_index AS i ON i.indexrelid = k.conindid
  LEFT JOIN pg_class AS x ON x.oid = i.indexrelid""",
    table=_table("k.conrelid"),
    drop="format('DROP CONSTRAINT %%I', k.conname)",
    create="format('ADD CONSTRAINT %%I ', k.conname) || pg_get_constraintdef(k.oid)",
    finish=_INDEX_STATE,
)

_FOREIGN_KEY = _query(
    "k.oid",
    "pg_constraint AS k",
    drop=f"format('ALTER TABLE %%s DROP CONSTRAINT %%I', {_table('k.conrelid')}, k.conname)",
    create=f"""format('ALTER TABLE %%s ADD CONSTRAINT %%I ', {_table("k.conrelid")}, k.conname)
               || pg_get_constraintdef(k.oid)""",
)

# PostgreSQL prints the index of a partitioned table with ON ONLY, which skips the partitions.
_INDEX = _query(
    "x.oid",
    "pg_class AS x JOIN pg_index AS i ON i.indexrelid = x.oid",
    create=f"""replace(pg_get_indexdef(x.oid), ' ON ONLY ' || {_table("i.indrelid")} || ' USING ',
                       ' ON ' || {_table("i.indrelid")} || ' USING '), {_INDEX_STATE}""",
)

_VIEW = _query(
    "c.oid",
    """pg_class AS c
  LEFT JOIN pg_am AS a ON a.oid = c.relam
  LEFT JOIN pg_tablespace AS s ON s.oid = c.reltablespace""",
    create="""
        concat('CREATE ', upper(o.type), ' ', o.identity,
               CASE WHEN c.relkind = 'm' THEN format(' USING %%I', a.amname) END,
               ' WITH (' || array_to_string(c.reloptions, ', ') || ')',
               ' TABLESPACE ' || quote_ident(s.spcname),
               ' AS ', rtrim(pg_get_viewdef(c.oid), ';'),
               CASE WHEN c.relkind = 'm' AND NOT c.relispopulated THEN ' WITH NO DATA' END),
        format('ALTER TABLE %%s ', o.identity)
        || (SELECT string_agg(format('ALTER COLUMN %%I SET DEFAULT ', v.attname)
                              || pg_get_expr(d.adbin, d.adrelid), ', ')
              FROM pg_attrdef AS d
              JOIN pg_attribute AS v ON v.attrelid = d.adrelid AND v.attnum = d.adnum
             WHERE d.adrelid = c.oid)""",
)


def _enable(kind: str, table: str, name: str, enabled: str) -> str:
    """Return an expression for the statement that enables or disables a trigger or rule."""
    return f"""
        format('ALTER TABLE %%s ', {_table(table)})
        || CASE {enabled} WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA'
                          WHEN 'A' THEN 'ENABLE ALWAYS' END
        || format(' {kind} %%I', {name})"""


_TRIGGER = _query(
    "g.oid",
    "pg_trigger AS g",
    create=f"""pg_get_triggerdef(g.oid),
        {_enable("TRIGGER", "g.tgrelid", "g.tgname", "g.tgenabled")}""",
)

_RULE = _query(
    "r.oid",
    "pg_rewrite AS r",
    create=f"""rtrim(pg_get_ruledef(r.oid), ';'),
        {_enable("RULE", "r.ev_class", "r.rulename", "r.ev_enabled")}""",
)

_POLICY = _query(
    "p.oid",
    "pg_policy AS p",
    create=f"""concat(
        format('CREATE POLICY %%I ON %%s AS ', p.polname, {_table("p.polrelid")}),
        CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
        ' FOR ', CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT'
                               WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
        ' TO ', (SELECT string_agg(CASE role WHEN 0 THEN 'PUBLIC'
                                   ELSE role::regrole::text END, ', ')
                   FROM unnest(p.polroles) AS role),
        ' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')',
        ' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')')""",
)

_STATISTICS = _query(
    "s.oid",
    "pg_statistic_ext AS s",
    create="""
        pg_get_statisticsobjdef(s.oid),
        CASE WHEN s.stxstattarget >= 0
             THEN format('ALTER STATISTICS %%s SET STATISTICS %%s', o.identity, s.stxstattarget)
             END""",
)

_FUNCTION = _query("p.oid", "pg_proc AS p", create="rtrim(pg_get_functiondef(p.oid), E'\\n')")


def _type_query(keyword: str, create: str, source: str = "") -> str:
    """Return the query for a type. `drop` only renames the type, and `finish` drops it."""
    return _query(
        "t.oid",
        f"pg_type AS t {source}",
        drop=f"format('ALTER {keyword} %%s RENAME TO replaced_%%s', o.identity, t.oid)",
        create=create,
        finish=f"format('DROP {keyword} %%s.replaced_%%s', t.typnamespace::regnamespace, t.oid)",
    )


_ENUM_TYPE = _type_query(
    "TYPE",
    """format('CREATE TYPE %%s AS ENUM (%%s)', o.identity,
              (SELECT string_agg(quote_literal(label), ', ' ORDER BY position)
                 FROM unnest(%(labels)s::text[]) WITH ORDINALITY AS l (label, position)))""",
)

_DOMAIN = _type_query(
    "DOMAIN",
    """concat(
        format('CREATE DOMAIN %%s AS ', o.identity), format_type(t.typbasetype, t.typtypmod),
        ' DEFAULT ' || t.typdefault,
        CASE WHEN t.typnotnull AND NOT k.has_not_null THEN ' NOT NULL' END,
        k.definitions)""",
    """
 CROSS JOIN LATERAL (
    SELECT string_agg(format(' CONSTRAINT %%I ', conname) || pg_get_constraintdef(oid), '')
               AS definitions,
           coalesce(bool_or(contype = 'n'), false) AS has_not_null  -- since PostgreSQL 17
      FROM pg_constraint WHERE contypid = t.oid) AS k""",
)

BY_KIND = {
    "enum type": _ENUM_TYPE,
    "domain": _DOMAIN,
    "column": _COLUMN,
    "default": _DEFAULT,
    "generated column": _GENERATED_COLUMN,
    "key": _CONSTRAINT,
    "check": _CONSTRAINT,
    "foreign key": _FOREIGN_KEY,
    "index": _INDEX,
    "view": _VIEW,
    "trigger": _TRIGGER,
    "rule": _RULE,
    "policy": _POLICY,
    "statistics": _STATISTICS,
    "function": _FUNCTION,
}

# The statements that restore the comment, owner and privileges of an object, of the columns of a
# view, and of the index of a constraint.
DETAILS = f"""
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
    SELECT 'TABLE', {_table("a.attrelid")}, NULL, a.attacl, NULL, format(' (%%I)', a.attname)
      FROM named JOIN pg_attribute AS a ON a.attrelid = named.oid AND a.attnum = named.number
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
), granted AS (  -- privileges that may differ from the privileges of a new object
    SELECT CASE WHEN keyword LIKE '%%VIEW' THEN 'TABLE' ELSE keyword END AS keyword,
           identity, owner, coalesce(privileges, usual) AS privileges, columns
      FROM owned
     WHERE privileges IS NOT NULL OR usual IS NOT NULL AND EXISTS (SELECT FROM pg_default_acl)
), others AS (  -- roles that may have privileges on a new object by default
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
      FROM owned WHERE owner <> quote_ident(current_user)::regrole
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
