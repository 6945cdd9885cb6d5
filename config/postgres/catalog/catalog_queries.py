"""The queries that read the objects of one schema.

A row of SCHEMA_OBJECTS has the kind, table, name and attributes of an object.
"""


def _extension(catalog: str, oid: str) -> str:
    return f"""(
        SELECT e.extname FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid
         WHERE d.classid = '{catalog}'::regclass AND d.objid = {oid} AND d.deptype = 'e')"""


def _comment(catalog: str, oid: str, column: str = "0") -> str:
    """Return an expression for the comment that is faster than obj_description()."""
    return f"""(
        SELECT description FROM pg_description AS d
         WHERE d.classoid = '{catalog}'::regclass AND d.objoid = {oid} AND d.objsubid = {column})"""


# A definition contains the schema of its table, which differs between the compared catalogs. The
# definition of an index of a partitioned table has ON ONLY, even if all partitions have the index.
_UNQUALIFIED = """replace(replace(replace({}, ' ON ONLY ', ' ON '), ' ON pg_temp.', ' ON '),
                   ' ON ' || c.relnamespace::regnamespace || '.', ' ON ')"""

_ENABLED = """CASE {} WHEN 'O' THEN 'enabled' WHEN 'D' THEN 'disabled'
    WHEN 'R' THEN 'enabled on replicas only' WHEN 'A' THEN 'enabled on replicas, too' END"""

# Models declare no access method, so tables have the default of the role or the database.
_DEFAULT_ACCESS_METHOD = """(
    SELECT reset_val FROM pg_settings WHERE name = 'default_table_access_method')"""

_RELATIONS = f"""
SELECT CASE WHEN c.relkind IN ('r', 'p', 'f') THEN 'table' ELSE 'view' END, '', c.relname,
       jsonb_build_object(
           'kind', CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table'
                                  WHEN 'f' THEN 'foreign table' WHEN 'v' THEN 'view'
                                  WHEN 'm' THEN 'materialized view' END,
           'persistence', CASE c.relpersistence WHEN 'u' THEN 'unlogged' ELSE 'logged' END,
           'access method', CASE a.amname WHEN {_DEFAULT_ACCESS_METHOD} THEN 'heap'
                                          ELSE a.amname END,
           'storage parameters', c.reloptions || (SELECT array_agg('toast.' || parameter)
                                                    FROM unnest(toast.reloptions) AS parameter),
           'row level security', c.relrowsecurity,
           'row level security for the owner', c.relforcerowsecurity,
           'replica identity', CASE c.relreplident WHEN 'd' THEN 'default' WHEN 'f' THEN 'full'
                                                 WHEN 'i' THEN 'index' WHEN 'n' THEN 'nothing' END,
           'partition key', pg_get_partkeydef(c.oid),
           'partition bound', pg_get_expr(c.relpartbound, c.oid),
           'of type', nullif(c.reloftype, 0)::regtype::text,
           'inherits', (SELECT array_agg(i.inhparent::regclass::text ORDER BY i.inhseqno)
                          FROM pg_inherits AS i WHERE i.inhrelid = c.oid),
           'inherited by', (SELECT array_agg(i.inhrelid::regclass::text ORDER BY 1)
                              FROM pg_inherits AS i
                             WHERE i.inhparent = c.oid AND c.relkind <> 'p'),
           'extension', {_extension("pg_class", "c.oid")},
           'comment', {_comment("pg_class", "c.oid")})
       || CASE WHEN c.relkind IN ('v', 'm')
               THEN jsonb_build_object('definition', pg_get_viewdef(c.oid)) ELSE '{{}}' END
  FROM pg_class AS c
  LEFT JOIN pg_am AS a ON a.oid = c.relam
  LEFT JOIN pg_class AS toast ON toast.oid = c.reltoastrelid
 WHERE c.relnamespace = %(schema)s AND c.relkind IN ('r', 'p', 'f', 'v', 'm')
 ORDER BY c.oid  -- in the order of creation, which follows dependencies
"""

_SEQUENCE = f"""jsonb_build_object(
    'type', format_type(s.seqtypid, NULL), 'start', s.seqstart, 'increment', s.seqincrement,
    'minimum', s.seqmin, 'maximum', s.seqmax, 'cache', s.seqcache, 'cycle', s.seqcycle,
    'unlogged', (SELECT relpersistence = 'u' FROM pg_class WHERE oid = s.seqrelid),
    'comment', {_comment("pg_class", "s.seqrelid")})"""

_NOT_NULL = f"""nullif(concat_ws(' ', CASE WHEN k.connoinherit THEN 'NO INHERIT' END,
                                 CASE WHEN NOT k.convalidated THEN 'NOT VALID' END,
                                 'COMMENT ' || {_comment("pg_constraint", "k.oid")}), '')"""

_COLUMNS = f"""
SELECT 'column', c.relname, a.attname,
       jsonb_build_object(
           'type', format_type(a.atttypid, a.atttypmod),
           'collation', CASE WHEN a.attcollation <> t.typcollation
                             THEN a.attcollation::regcollation::text END,
           'not null', a.attnotnull,
           'not null constraint', {_NOT_NULL},
           'default', CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END,
           'generated', CASE a.attgenerated
                        WHEN 's' THEN pg_get_expr(d.adbin, d.adrelid) || ' STORED'
                        WHEN 'v' THEN pg_get_expr(d.adbin, d.adrelid) || ' VIRTUAL' END,
           'identity', (SELECT {_SEQUENCE} || jsonb_build_object(
                                   'generated', CASE a.attidentity WHEN 'a' THEN 'ALWAYS'
                                                                   ELSE 'BY DEFAULT' END)
                          FROM pg_depend AS o
                          JOIN pg_sequence AS s ON s.seqrelid = o.objid
                         WHERE o.classid = 'pg_class'::regclass
                           AND o.refclassid = 'pg_class'::regclass AND o.refobjid = c.oid
                           AND o.refobjsubid = a.attnum AND o.deptype = 'i'),
           'comment', {_comment("pg_class", "c.oid", "a.attnum")})
  FROM pg_class AS c
  JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_type AS t ON t.oid = a.atttypid
  LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
  -- Since PostgreSQL 18 a NOT NULL is a constraint, which may have unusual properties.
  LEFT JOIN pg_constraint AS k ON k.conrelid = c.oid AND k.contype = 'n' AND k.conkey[1] = a.attnum
 WHERE c.relnamespace = %(schema)s AND c.relkind IN ('r', 'p', 'f')
 ORDER BY c.relname, a.attnum
"""

_CONSTRAINTS = f"""
SELECT CASE k.contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique constraint'
                      WHEN 'f' THEN 'foreign key' WHEN 'c' THEN 'check'
                      WHEN 'x' THEN 'exclusion constraint' END,
       c.relname, k.conname,
       jsonb_build_object(
           'definition', regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', ''),
           'validated', k.convalidated,
           'enforcing triggers', g.enabled,
           'index valid', i.indisvalid AND i.indisready AND i.indislive,
           'index storage parameters', x.reloptions,
           'index comment', {_comment("pg_class", "x.oid")},
           'comment', {_comment("pg_constraint", "k.oid")})
  FROM pg_constraint AS k
  JOIN pg_class AS c ON c.oid = k.conrelid
  LEFT JOIN pg_index AS i ON i.indexrelid = k.conindid AND k.contype IN ('p', 'u', 'x')
  LEFT JOIN pg_class AS x ON x.oid = i.indexrelid
  LEFT JOIN (SELECT tgconstraint, array_agg(DISTINCT {_ENABLED.format("tgenabled")}) AS enabled
               FROM pg_trigger GROUP BY tgconstraint) AS g ON g.tgconstraint = k.oid
 WHERE c.relnamespace = %(schema)s AND k.contype IN ('p', 'u', 'f', 'c', 'x')
 ORDER BY k.oid  -- so that repair scripts have a fixed order
"""

_INDEXES = f"""
SELECT 'index', c.relname, x.relname,
       jsonb_build_object(
           'definition', {_UNQUALIFIED.format("pg_get_indexdef(i.indexrelid)")},
           'valid', i.indisvalid AND i.indisready AND i.indislive,
           'comment', {_comment("pg_class", "x.oid")})
  FROM pg_index AS i
  JOIN pg_class AS c ON c.oid = i.indrelid
  JOIN pg_class AS x ON x.oid = i.indexrelid
 WHERE c.relnamespace = %(schema)s AND c.relkind IN ('r', 'p', 'm')
   -- The attributes of a constraint include its index. conindid has no index, but NOT IN is a hash
   -- lookup even if the planner has no statistics of new tables.
   AND x.oid NOT IN (SELECT conindid FROM pg_constraint WHERE contype IN ('p', 'u', 'x'))
 ORDER BY x.oid
"""

_TYPES = f"""
SELECT CASE t.typtype WHEN 'e' THEN 'enum type' WHEN 'd' THEN 'domain'
                      WHEN 'r' THEN 'range type' ELSE 'composite type' END,
       '', t.typname,
       jsonb_build_object(
           'labels', (SELECT array_agg(e.enumlabel ORDER BY e.enumsortorder)
                        FROM pg_enum AS e WHERE e.enumtypid = t.oid),
           'extension', {_extension("pg_type", "t.oid")},
           'comment', {_comment("pg_type", "t.oid")})
  FROM pg_type AS t
  LEFT JOIN pg_class AS c ON c.oid = t.typrelid
 WHERE t.typnamespace = %(schema)s
   AND (t.typtype IN ('e', 'd', 'r') OR t.typtype = 'c' AND c.relkind = 'c')
 ORDER BY t.oid
"""

_SEQUENCES = f"""
SELECT 'sequence', '', c.relname,
       {_SEQUENCE} || jsonb_build_object('extension', {_extension("pg_class", "c.oid")})
  FROM pg_sequence AS s
  JOIN pg_class AS c ON c.oid = s.seqrelid
 WHERE c.relnamespace = %(schema)s
   AND NOT EXISTS (SELECT FROM pg_depend AS o  -- an identity column owns the sequence
                    WHERE o.classid = 'pg_class'::regclass AND o.objid = c.oid
                      AND o.deptype = 'i')
 ORDER BY c.oid
"""

_TRIGGERS_RULES_POLICIES = f"""
SELECT 'trigger', c.relname, g.tgname::text,
       jsonb_build_object(
           'definition', {_UNQUALIFIED.format("pg_get_triggerdef(g.oid)")},
           'enabled', {_ENABLED.format("g.tgenabled")})
  FROM pg_trigger AS g
  JOIN pg_class AS c ON c.oid = g.tgrelid
 WHERE c.relnamespace = %(schema)s AND NOT g.tgisinternal
UNION ALL
SELECT 'rule', c.relname, r.rulename::text,
       jsonb_build_object('definition', pg_get_ruledef(r.oid),
                          'enabled', {_ENABLED.format("r.ev_enabled")})
  FROM pg_rewrite AS r
  JOIN pg_class AS c ON c.oid = r.ev_class
 WHERE c.relnamespace = %(schema)s AND r.rulename <> '_RETURN'
UNION ALL
SELECT 'policy', c.relname, p.polname::text,
       jsonb_build_object(
           'command', CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT'
                                    WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
           'permissive', p.polpermissive,
           'roles', (SELECT array_agg(role::text) FROM unnest(p.polroles::regrole[]) AS role),
           'using', pg_get_expr(p.polqual, p.polrelid),
           'with check', pg_get_expr(p.polwithcheck, p.polrelid))
  FROM pg_policy AS p
  JOIN pg_class AS c ON c.oid = p.polrelid
 WHERE c.relnamespace = %(schema)s
 ORDER BY 1, 2, 3  -- so that snapshots have a fixed order
"""

# All other objects that are not part of another object, such as functions and operators.
_OTHERS = """
SELECT 'object', '', o.type || ' ' || o.identity,
       jsonb_build_object('kind', o.type, 'identity', o.identity)
  FROM (SELECT DISTINCT classid, objid FROM pg_depend
         WHERE refclassid = 'pg_namespace'::regclass AND refobjid = %(schema)s
           AND classid NOT IN ('pg_class'::regclass, 'pg_type'::regclass,
                               'pg_statistic_ext'::regclass)) AS d,
       pg_identify_object(d.classid, d.objid, 0) AS o
 WHERE NOT EXISTS (SELECT FROM pg_depend AS whole  -- parts of a type or extension
                    WHERE whole.classid = d.classid AND whole.objid = d.objid
                      AND whole.deptype IN ('i', 'e'))
 ORDER BY d.objid
"""

SCHEMA_OBJECTS = (
    _RELATIONS,
    _COLUMNS,
    _CONSTRAINTS,
    _INDEXES,
    _TYPES,
    _SEQUENCES,
    _TRIGGERS_RULES_POLICIES,
    _OTHERS,
)

SCHEMA = """
SELECT current_setting('server_version_num')::int, current_database(),
       n.nspname, n.oid, current_setting('search_path')
  FROM pg_namespace AS n
 WHERE n.oid = coalesce(
     (SELECT relnamespace FROM pg_class WHERE oid = to_regclass('django_migrations')),
     to_regnamespace(quote_ident(current_schema())))
"""

SHADOWS = """
SELECT 'table', '', c.relname, found.relnamespace::regnamespace::text
  FROM pg_class AS c
  JOIN pg_class AS found ON found.oid = to_regclass(quote_ident(c.relname))
 WHERE c.relnamespace = %(schema)s AND c.relkind IN ('r', 'p')
   AND found.relnamespace <> c.relnamespace
UNION ALL
SELECT 'enum type', '', t.typname, found.typnamespace::regnamespace::text
  FROM pg_type AS t
  JOIN pg_type AS found ON found.oid = to_regtype(quote_ident(t.typname))
 WHERE t.typnamespace = %(schema)s AND t.typtype = 'e'
   AND found.typnamespace <> t.typnamespace
"""

NEEDED = """
WITH needed AS (
    SELECT DISTINCT d.refclassid AS catalog, d.refobjid AS oid
      FROM pg_depend AS d
      LEFT JOIN pg_constraint AS k ON d.classid = 'pg_constraint'::regclass AND k.oid = d.objid
      LEFT JOIN pg_attrdef AS a ON d.classid = 'pg_attrdef'::regclass AND a.oid = d.objid
      LEFT JOIN pg_rewrite AS r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
      JOIN pg_class AS c ON c.oid = coalesce(
          k.conrelid, a.adrelid, r.ev_class,
          CASE WHEN d.classid = 'pg_class'::regclass THEN d.objid END)
      LEFT JOIN pg_index AS i ON i.indexrelid = c.oid
      JOIN pg_class AS t ON t.oid = coalesce(i.indrelid, c.oid)
     WHERE t.relnamespace = %(tables_schema)s AND t.relname = ANY (%(tables)s)
       AND NOT EXISTS (SELECT FROM pg_depend AS member
                        WHERE member.classid = d.refclassid AND member.objid = d.refobjid
                          AND member.deptype = 'e')
)
SELECT 'sequence', c.relname::text
  FROM needed JOIN pg_class AS c ON catalog = 'pg_class'::regclass AND c.oid = needed.oid
 WHERE c.relnamespace = %(schema)s AND c.relkind = 'S'
UNION
SELECT CASE t.typtype WHEN 'e' THEN 'enum type' WHEN 'd' THEN 'domain' WHEN 'r' THEN 'range type'
                      ELSE 'composite type' END, t.typname
  FROM needed
  JOIN pg_type AS used ON catalog = 'pg_type'::regclass AND used.oid = needed.oid
  JOIN pg_type AS t ON t.oid = CASE used.typcategory WHEN 'A' THEN used.typelem ELSE used.oid END
 WHERE t.typnamespace = %(schema)s AND t.typtype IN ('e', 'd', 'r', 'c')
UNION
SELECT 'object', o.type || ' ' || o.identity
  FROM needed, pg_identify_object(catalog, oid, 0) AS o
 WHERE catalog NOT IN ('pg_class'::regclass, 'pg_type'::regclass, 'pg_namespace'::regclass,
                       'pg_constraint'::regclass)
   AND o.schema = %(schema)s::regnamespace::text
"""

RELATIONS = """
SELECT CASE WHEN c.relkind IN ('v', 'm') THEN 'view' ELSE 'table' END, coalesce(c.relname, name)
  FROM unnest(%(tables)s::text[], %(quoted)s::text[]) AS wanted (name, quoted)
  LEFT JOIN pg_class AS c ON c.oid = to_regclass(quoted)
 WHERE c.oid IS NULL OR c.relnamespace = %(schema)s
"""

OWNERS = """
SELECT 'table', '', c.relname, pg_get_userbyid(c.relowner)
  FROM pg_class AS c
 WHERE c.relnamespace = %(schema)s AND c.relkind IN ('r', 'p', 'f')
UNION ALL
SELECT 'partition', t.relname, c.relname, pg_get_userbyid(c.relowner)
  FROM pg_class AS t
  JOIN pg_inherits AS i ON i.inhparent = t.oid
  JOIN pg_class AS c ON c.oid = i.inhrelid
 WHERE t.relnamespace = %(schema)s AND t.relkind = 'p'
UNION ALL
SELECT 'enum type', '', t.typname, pg_get_userbyid(t.typowner)
  FROM pg_type AS t
 WHERE t.typnamespace = %(schema)s AND t.typtype = 'e'
"""

PARTITIONS = """
WITH RECURSIVE below AS (
    SELECT t.relname AS table_name, 1 AS level, i.inhrelid AS oid, i.inhdetachpending AS is_pending
      FROM pg_class AS t
      JOIN pg_inherits AS i ON i.inhparent = t.oid
     WHERE t.relnamespace = %(schema)s AND t.relkind = 'p'
       AND (NOT t.relispartition OR t.relname = ANY (%(tables)s))
     UNION ALL
    SELECT below.table_name, level + 1, i.inhrelid, i.inhdetachpending
      FROM below
      JOIN pg_class AS c ON c.oid = below.oid AND c.relkind = 'p'
                        AND (c.relnamespace <> %(schema)s OR c.relname <> ALL (%(tables)s))
      JOIN pg_inherits AS i ON i.inhparent = c.oid
)
SELECT table_name, level, c.relname,
       nullif(c.relnamespace, %(schema)s)::regnamespace::text, is_pending,
       pg_get_expr(c.relpartbound, c.oid)
  FROM below
  JOIN pg_class AS c ON c.oid = below.oid
 WHERE c.relnamespace <> %(schema)s OR c.relname <> ALL (%(tables)s)
 ORDER BY c.oid
"""

PART_NAMES = """
SELECT c.relname, x.relname, whole.relname
  FROM pg_class AS c
  JOIN pg_index AS i ON i.indrelid = c.oid
  JOIN pg_class AS x ON x.oid = i.indexrelid
  JOIN pg_inherits AS h ON h.inhrelid = x.oid
  JOIN pg_class AS whole ON whole.oid = h.inhparent
 WHERE c.relnamespace = %(schema)s AND c.relispartition
UNION ALL
SELECT c.relname, k.conname, whole.conname
  FROM pg_class AS c
  JOIN pg_constraint AS k ON k.conrelid = c.oid
  JOIN pg_constraint AS whole ON whole.oid = k.conparentid
 WHERE c.relnamespace = %(schema)s AND c.relispartition
"""
