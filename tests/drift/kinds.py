"""All kinds of drift except those of partitions, with SQL that causes them."""

from tests.drift.mutations import (
    Kind,
    defined,
    extra,
    indexed,
    on_column,
    on_constraint,
    on_enum,
    on_index,
    on_table,
    once,
)

# Reasons why there is no repair.
OF_OTHERS = "the other object is not ours, and the search path is the role's or the database's"
NO_SQL = "only migrate or makemigrations know what must run"

# Without this table, all migrations are missing as well.
NOT_LEDGER = "table_name <> 'django_migrations'"
FUNCTION = """CREATE FUNCTION extra_function() RETURNS trigger LANGUAGE plpgsql
AS 'BEGIN RETURN NEW; END'; """
RENAMED = "ALTER TABLE %1$I RENAME TO extra_table; "
PARTITIONED = """CREATE TABLE extra_parent (LIKE %1$I INCLUDING GENERATED)
PARTITION BY LIST (%2$I); """
COLUMN_OPTIONS = "columns, unnest(ARRAY[{}]) AS option"
COMMENT = "COMMENT ON COLUMN %I.%I IS "
# A pattern for the first column of a B-tree index, if no sort order follows it.
FIRST_COLUMN = r"'(USING btree \([^,() ]+)([,)])'"

TABLES = [
    Kind("table dropped", "VS101", on_table("DROP TABLE %I CASCADE", NOT_LEDGER)),
    Kind("table renamed", "VS101", on_table("ALTER TABLE %I RENAME TO extra_table")),
    Kind(
        "table added to an extension",
        "VS103 extension",
        on_table("ALTER EXTENSION plpgsql ADD TABLE %I"),
    ),
    Kind(
        "table moved to another schema",
        "VS101",
        on_table("CREATE SCHEMA elsewhere; ALTER TABLE %I SET SCHEMA elsewhere", NOT_LEDGER),
    ),
    Kind(
        "table replaced by a view",
        "VS101",
        on_table(RENAMED + "CREATE VIEW %1$I AS SELECT * FROM extra_table"),
    ),
    Kind(
        "table replaced by a materialized view",
        "VS101",
        on_table(RENAMED + "CREATE MATERIALIZED VIEW %1$I AS SELECT * FROM extra_table"),
    ),
    Kind(
        "table replaced by a partitioned table",
        "VS103 kind",
        on_table(
            RENAMED
            + "CREATE TABLE %1$I (LIKE extra_table INCLUDING ALL EXCLUDING INDEXES)"
            + " PARTITION BY LIST (%2$I); DROP TABLE extra_table CASCADE",
            "NOT has_identity",
            "table_name, key_column",
        ),
        of_partitioned=False,
    ),
    Kind(
        "table replaced by a foreign table",
        "VS103 kind",
        on_table(
            "CREATE FOREIGN DATA WRAPPER extra_wrapper;"
            " CREATE SERVER extra_server FOREIGN DATA WRAPPER extra_wrapper;"
            " DROP TABLE %1$I CASCADE; CREATE FOREIGN TABLE %1$I (%2$s) SERVER extra_server",
            NOT_LEDGER,
            "table_name, columns",
        ),
    ),
    Kind(
        "table extra that another refers to",
        "VS102",
        once("a", "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (a int REFERENCES a)"),
    ),
    Kind(
        "table extra with a partition",
        "VS102",
        once(
            "a",
            "CREATE TABLE a (id int) PARTITION BY LIST (id);"
            " CREATE TABLE b PARTITION OF a FOR VALUES IN (1)",
        ),
    ),
    Kind(
        "table extra",
        "VS102",
        "SELECT 'extra_table', format('CREATE TABLE extra_table (LIKE %I INCLUDING ALL)',"
        " table_name) FROM tables",
    ),
    Kind(
        "table unlogged",
        "VS103 persistence",
        on_table("ALTER TABLE %I SET UNLOGGED", "NOT is_referred_to"),
        of_partitioned=False,
    ),
    Kind(
        "table with storage parameters",
        "VS103 storage parameters",
        on_table("ALTER TABLE %I SET (autovacuum_enabled = off, fillfactor = 70)"),
        of_partitioned=False,
    ),
    Kind(
        "table with storage parameters of its TOAST",
        "VS103 storage parameters",
        on_table("ALTER TABLE %I SET (toast.autovacuum_enabled = off)", "has_toast"),
    ),
    Kind(
        "table with another access method",
        "VS103 access method",
        on_table(
            "CREATE ACCESS METHOD extra_heap TYPE TABLE HANDLER heap_tableam_handler;"
            " ALTER TABLE %I SET ACCESS METHOD extra_heap"
        ),
        of_partitioned=False,
    ),
    Kind(
        "table with row level security",
        "VS103 row level security",
        on_table("ALTER TABLE %I ENABLE ROW LEVEL SECURITY"),
    ),
    Kind(
        "table with row level security for the owner",
        "VS103 row level security for the owner",
        on_table("ALTER TABLE %I FORCE ROW LEVEL SECURITY"),
    ),
    Kind(
        "table with another replica identity",
        "VS103 replica identity",
        on_table(
            "ALTER TABLE %I REPLICA IDENTITY %s",
            arguments="table_name, identity",
            source="tables, unnest(ARRAY['FULL', 'NOTHING', 'USING INDEX ' || primary_key])"
            " AS identity",
        ),
    ),
    Kind(
        "table that inherits",
        "VS103 inherits",
        on_table("CREATE TABLE extra_parent (); ALTER TABLE %I INHERIT extra_parent"),
        of_partitioned=False,
    ),
    Kind(
        "table inherited by another",
        "VS103 inherited by",
        on_table("CREATE TABLE extra_child () INHERITS (%I)"),
        of_partitioned=False,
    ),
    Kind(
        "table inherited by one of another schema",
        "VS103 inherited by",
        on_table("CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.child () INHERITS (%I)"),
        of_partitioned=False,
    ),
    Kind(
        "table that is a partition",
        "VS103 partition bound",
        on_table(
            PARTITIONED + "ALTER TABLE extra_parent ATTACH PARTITION %1$I DEFAULT",
            "NOT has_identity",
            "table_name, key_column",
        ),
    ),
    Kind(
        "table of a type",
        "VS103 of type",
        on_table(
            "CREATE TYPE extra_type AS (%2$s); ALTER TABLE %1$I OF extra_type",
            arguments="table_name, columns",
        ),
    ),
    Kind(
        "table of another owner",
        "VS103 owner",
        on_table("ALTER TABLE %I OWNER TO pg_monitor"),
    ),
    Kind(
        "table comment changed",
        "VS103 comment",
        on_table("COMMENT ON TABLE %I IS 'It''s \"different\".'"),
    ),
    Kind(
        "table comment dropped",
        "VS103 comment",
        on_table("COMMENT ON TABLE %I IS NULL", "comment IS NOT NULL"),
    ),
    Kind(
        "table shadowed by a table",
        "VS103 schema that the search path finds",
        on_table(
            "CREATE SCHEMA shadow; CREATE TABLE shadow.%1$I (LIKE %1$I);"
            " SET LOCAL search_path = shadow, public",
            NOT_LEDGER,
        ),
        no_repair=OF_OTHERS,
    ),
    Kind(
        "table shadowed by a view in the schema of the role",
        "VS103 schema that the search path finds",
        on_table(
            "CREATE SCHEMA AUTHORIZATION CURRENT_USER; CREATE VIEW %2$I.%1$I AS TABLE %1$I",
            NOT_LEDGER,
            "table_name, current_user",
        ),
        no_repair=OF_OTHERS,
    ),
]

COLUMNS = [
    Kind(
        "column dropped",
        "VS201",
        on_column("ALTER TABLE %I DROP COLUMN %I CASCADE"),
        of_partitioned=False,
    ),
    Kind("column renamed", "VS201", on_column("ALTER TABLE %I RENAME %I TO extra_column")),
    Kind("column extra", "VS202", extra("ALTER TABLE %I ADD COLUMN extra text")),
    Kind(
        "column extra, with a sequence and a constraint",
        "VS202",
        extra("ALTER TABLE %I ADD COLUMN extra serial UNIQUE"),
        of_partitioned=False,
    ),
    Kind(
        "column of a related type",
        "VS203 type",
        on_column(
            "ALTER TABLE %I ALTER COLUMN %I TYPE %s",
            "other IS NOT NULL AND NOT is_source",
            "table_name, column_name, other",
            """(SELECT *, CASE typname
                              WHEN 'varchar' THEN 'text' WHEN 'text' THEN 'varchar(9000)'
                              WHEN 'int4' THEN 'bigint' WHEN 'int2' THEN 'integer'
                              WHEN 'int8' THEN 'integer' WHEN 'timestamptz' THEN 'timestamp'
                          END AS other
                  FROM columns) AS columns""",
        ),
        of_partitioned=False,
    ),
    Kind(
        "column of another type",
        "VS203 type",
        on_column(
            "%3$sALTER TABLE %1$I ALTER COLUMN %2$I DROP DEFAULT;"
            " ALTER TABLE %1$I ALTER COLUMN %2$I TYPE %4$s USING %2$I::text::%4$s",
            "other IS NOT NULL AND NOT is_source AND NOT is_generated AND NOT has_identity",
            "table_name, column_name, drop_dependents, other",
            """(SELECT *, CASE WHEN typtype = 'e' THEN 'text' ELSE CASE typname
                              WHEN 'uuid' THEN 'text' WHEN 'bool' THEN 'integer'
                              WHEN 'jsonb' THEN 'json' WHEN 'timestamptz' THEN 'date'
                              WHEN 'int4' THEN 'text' WHEN 'numeric' THEN 'double precision'
                          END END AS other
                  FROM columns) AS columns""",
        ),
        of_partitioned=False,
    ),
    Kind(
        "column of a domain over its type",
        "VS203 type",
        on_column(
            "%3$sCREATE DOMAIN extra AS %4$s; ALTER TABLE %1$I ALTER COLUMN %2$I TYPE extra",
            "NOT has_identity AND NOT is_source AND NOT is_generated",
            "table_name, column_name, drop_dependents, type",
        ),
        of_partitioned=False,
    ),
    Kind(
        "column of a type of the same name elsewhere",
        "VS203 type",
        on_column(
            "%3$sCREATE SCHEMA elsewhere; CREATE TYPE elsewhere.%4$s AS ENUM (%5$s);"
            " ALTER TABLE %1$I ALTER COLUMN %2$I DROP DEFAULT;"
            " ALTER TABLE %1$I ALTER COLUMN %2$I TYPE elsewhere.%4$s"
            " USING %2$I::text::elsewhere.%4$s",
            arguments="table_name, column_name, drop_dependents, type, labels",
            source="""columns JOIN (
                SELECT enumtypid, string_agg(quote_literal(enumlabel), ', '
                                             ORDER BY enumsortorder) AS labels
                  FROM pg_enum GROUP BY enumtypid) AS enum ON enumtypid = type_oid""",
        ),
    ),
    Kind(
        "column with another modifier of its type",
        "VS203 type",
        on_column(
            "ALTER TABLE %I ALTER COLUMN %I TYPE %s",
            "other <> type AND NOT is_source",
            "table_name, column_name, other",
            """(SELECT *, unnest(CASE typname
                              WHEN 'varchar' THEN ARRAY['varchar', 'varchar(2000)']
                              WHEN 'numeric' THEN ARRAY['numeric', 'numeric(20,2)', 'numeric(12,4)']
                              WHEN 'timestamptz' THEN ARRAY['timestamptz(3)', 'timestamptz(0)']
                          END) AS other
                  FROM columns) AS columns""",
        ),
        of_partitioned=False,
    ),
    Kind(
        "column nullable",
        "VS203 not null",
        on_column(
            "ALTER TABLE %I ALTER COLUMN %I DROP NOT NULL",
            "not_null AND NOT in_primary_key AND NOT has_identity",
        ),
    ),
    Kind(
        "column not null",
        "VS203 not null",
        on_column("ALTER TABLE %I ALTER COLUMN %I SET NOT NULL", "NOT not_null"),
    ),
    Kind(
        "column not null, but not validated",
        "VS203 not null constraint",
        on_column(
            "ALTER TABLE %1$I ALTER COLUMN %2$I DROP NOT NULL,"
            " ADD CONSTRAINT extra NOT NULL %2$I NOT VALID",
            "not_null AND NOT in_primary_key AND NOT has_identity",
        ),
        since=18,
    ),
    Kind(
        "column not null, but not in child tables",
        "VS203 not null constraint",
        on_column(
            "ALTER TABLE %1$I ALTER COLUMN %2$I DROP NOT NULL;"
            " ALTER TABLE %1$I ADD CONSTRAINT extra NOT NULL %2$I NO INHERIT",
            "not_null AND NOT in_primary_key AND NOT has_identity",
        ),
        since=18,
        of_partitioned=False,
    ),
    Kind(
        "default dropped",
        "VS203 default",
        on_column(
            "ALTER TABLE %I ALTER COLUMN %I DROP DEFAULT",
            "default_value IS NOT NULL AND NOT is_generated",
        ),
    ),
    Kind(
        "default changed",
        "VS203 default",
        on_column(
            "ALTER TABLE %I ALTER COLUMN %I SET DEFAULT %L",
            "default_value IS NOT NULL AND NOT is_generated AND value IS NOT NULL",
            "table_name, column_name, value",
            "columns JOIN literals USING (object)",
        ),
    ),
    Kind(
        "default added",
        "VS203 default",
        on_column(
            "ALTER TABLE %I ALTER COLUMN %I SET DEFAULT %L",
            "default_value IS NULL AND NOT has_identity AND value IS NOT NULL",
            "table_name, column_name, value",
            "columns JOIN literals USING (object)",
        ),
    ),
    Kind(
        "identity dropped",
        "VS203 identity",
        on_column("ALTER TABLE %I ALTER COLUMN %I DROP IDENTITY", "has_identity"),
    ),
    Kind(
        "identity replaced by a default",
        "VS203 identity",
        on_column(
            "ALTER TABLE %1$I ALTER COLUMN %2$I DROP IDENTITY; CREATE SEQUENCE extra;"
            " ALTER TABLE %1$I ALTER COLUMN %2$I SET DEFAULT nextval('extra');"
            " ALTER SEQUENCE extra OWNED BY %1$I.%2$I",
            "has_identity",
        ),
    ),
    Kind(
        "identity added",
        "VS203 identity",
        on_column(
            "ALTER TABLE %1$I ALTER COLUMN %2$I DROP DEFAULT;"
            " ALTER TABLE %1$I ALTER COLUMN %2$I ADD GENERATED ALWAYS AS IDENTITY",
            "typname = 'int4' AND not_null AND NOT has_identity AND NOT is_generated",
        ),
    ),
    Kind(
        "identity with other options",
        "VS203 identity",
        on_column(
            "ALTER TABLE %I ALTER COLUMN %I SET %s",
            "has_identity",
            "table_name, column_name, option",
            COLUMN_OPTIONS.format(
                "'GENERATED ALWAYS', 'START WITH 9', 'INCREMENT BY 2', 'MINVALUE -9',"
                "'MAXVALUE 999999', 'CACHE 9', 'CYCLE'"
            ),
        ),
    ),
    Kind(
        "identity with another sequence",
        "VS203 identity",
        on_column(
            "%s",
            "has_identity",
            "format(option, sequence)",
            COLUMN_OPTIONS.format(
                "'ALTER SEQUENCE %s AS smallint', 'ALTER SEQUENCE %s SET UNLOGGED',"
                " 'COMMENT ON SEQUENCE %s IS $text$extra$text$'"
            ),
        ),
    ),
    Kind(
        "generated column with another expression",
        "VS203 generated",
        on_column(
            "ALTER TABLE %1$I DROP COLUMN %2$I;"
            " ALTER TABLE %1$I ADD COLUMN %2$I %3$s GENERATED ALWAYS AS (NULL) STORED",
            "is_generated",
            "table_name, column_name, type",
        ),
    ),
    Kind(
        "generated column without its expression",
        "VS203 generated",
        on_column("ALTER TABLE %I ALTER COLUMN %I DROP EXPRESSION", "is_generated"),
    ),
    Kind(
        "column generated",
        "VS203 generated",
        on_column(
            "ALTER TABLE %1$I DROP COLUMN %2$I CASCADE;"
            " ALTER TABLE %1$I ADD COLUMN %2$I %3$s GENERATED ALWAYS AS (NULL) STORED",
            "NOT is_generated AND NOT is_source AND NOT has_identity"
            " AND table_name NOT LIKE 'django_%'",
            "table_name, column_name, type",
        ),
        of_partitioned=False,
    ),
    Kind(
        "column generated, but not stored",
        "VS203 generated",
        on_column(
            "ALTER TABLE %1$I DROP COLUMN %2$I CASCADE;"
            " ALTER TABLE %1$I ADD COLUMN %2$I %3$s GENERATED ALWAYS AS (NULL) VIRTUAL",
            "NOT is_source AND NOT has_identity AND typtype <> 'e'"
            " AND table_name NOT LIKE 'django_%'",
            "table_name, column_name, type",
        ),
        since=18,
        of_partitioned=False,
    ),
    Kind(
        "column with another collation",
        "VS203 collation",
        on_column(
            'ALTER TABLE %I ALTER COLUMN %I TYPE %s COLLATE "C"',
            "typname IN ('varchar', 'text') AND NOT is_source",
            "table_name, column_name, type",
        ),
    ),
    Kind(
        "column comment changed",
        "VS203 comment",
        on_column(COMMENT + "'It''s \"different\".'", "comment IS NOT NULL"),
    ),
    Kind(
        "column comment dropped",
        "VS203 comment",
        on_column(COMMENT + "NULL", "comment IS NOT NULL"),
    ),
    Kind(
        "column comment added", "VS203 comment", on_column(COMMENT + "'extra'", "comment IS NULL")
    ),
]

PRIMARY_KEYS = [
    Kind(
        "primary key dropped",
        "VS301",
        on_constraint("p", "ALTER TABLE %I DROP CONSTRAINT %I CASCADE"),
    ),
    Kind(
        "primary key renamed",
        "VS301",
        on_constraint("p", "ALTER TABLE %I RENAME CONSTRAINT %I TO extra"),
    ),
    Kind(
        "primary key replaced by a unique constraint",
        "VS301",
        on_constraint(
            "p",
            "ALTER TABLE %1$I DROP CONSTRAINT %2$I CASCADE;"
            " ALTER TABLE %1$I ADD CONSTRAINT %2$I UNIQUE (%3$s)",
        ),
    ),
    Kind(
        "primary key of other columns",
        "VS303 definition",
        defined(
            "p",
            """(SELECT format('PRIMARY KEY (%s, %I)', constraints.columns, max(column_name))
                  FROM columns WHERE oid = table_oid AND not_null AND NOT in_primary_key
                                 AND typname <> 'jsonb')""",
        ),
    ),
    Kind(
        "primary key with included columns",
        "VS303 definition",
        defined(
            "p",
            """(SELECT format('%s INCLUDE (%I)', definition, max(column_name))
                  FROM columns WHERE oid = table_oid AND NOT in_primary_key)""",
        ),
    ),
    Kind(
        "primary key deferrable",
        "VS303 definition",
        defined("p", "definition || ' DEFERRABLE'", "definition || ' INITIALLY DEFERRED'"),
    ),
]

UNIQUE_CONSTRAINTS = [
    Kind(
        "unique constraint dropped",
        "VS311",
        on_constraint("u", "ALTER TABLE %I DROP CONSTRAINT %I"),
    ),
    Kind(
        "unique constraint renamed",
        "VS311",
        on_constraint("u", "ALTER TABLE %I RENAME CONSTRAINT %I TO extra"),
    ),
    Kind(
        "unique constraint replaced by a unique index",
        "VS311",
        on_constraint(
            "u", "ALTER TABLE %1$I DROP CONSTRAINT %2$I; CREATE UNIQUE INDEX %2$I ON %1$I (%3$s)"
        ),
    ),
    Kind(
        "unique constraint extra",
        "VS312",
        extra("ALTER TABLE %I ADD CONSTRAINT extra UNIQUE (%I)"),
        of_partitioned=False,
    ),
    Kind(
        "unique constraint of other columns",
        "VS313 definition",
        defined(
            "u",
            """(SELECT format('UNIQUE (%s, %I)', constraints.columns, max(column_name))
                  FROM columns WHERE oid = table_oid AND in_primary_key)""",
            r"regexp_replace(definition, ', \w+\)', ')')",
        ),
    ),
    Kind(
        "unique constraint of columns in another order",
        "VS313 definition",
        defined("u", r"regexp_replace(definition, '\((\w+), (\w+)', '(\2, \1')"),
    ),
    Kind(
        "unique constraint with included columns",
        "VS313 definition",
        defined(
            "u",
            """(SELECT regexp_replace(definition, '[)]',
                                      format(') INCLUDE (%I)', max(column_name)))
                  FROM columns WHERE oid = table_oid AND in_primary_key)""",
        ),
    ),
    Kind(
        "unique constraint of nulls that are not distinct",
        "VS313 definition",
        defined("u", "replace(definition, 'UNIQUE', 'UNIQUE NULLS NOT DISTINCT')"),
    ),
    Kind(
        "unique constraint checked at another time",
        "VS313 definition",
        defined(
            "u",
            "replace(definition, ' DEFERRABLE', '')",
            "replace(definition, ' DEFERRABLE', '') || ' DEFERRABLE'",
            "replace(definition, ' DEFERRABLE', '') || ' DEFERRABLE INITIALLY DEFERRED'",
        ),
    ),
]

FOREIGN_KEYS = [
    Kind("foreign key dropped", "VS401", on_constraint("f", "ALTER TABLE %I DROP CONSTRAINT %I")),
    Kind(
        "foreign key renamed",
        "VS401",
        on_constraint("f", "ALTER TABLE %I RENAME CONSTRAINT %I TO extra"),
    ),
    Kind(
        "foreign key extra",
        "VS402",
        "SELECT table_name || '.extra', format('ALTER TABLE %I ADD CONSTRAINT extra %s',"
        " table_name, definition) FROM constraints WHERE type = 'f'",
    ),
    Kind(
        "foreign key to another table",
        "VS403 definition",
        defined(
            "f",
            r"""(SELECT regexp_replace(definition, 'REFERENCES \w+',
                                       'REFERENCES ' || max(other.table_name))
                   FROM columns AS key
                   JOIN columns AS other ON other.oid <> key.oid AND other.in_primary_key
                                        AND other.object = other.table_name || '.id'
                                        AND other.typname = key.typname
                  WHERE key.oid = confrelid AND key.column_name = 'id')""",
        ),
    ),
    Kind(
        "foreign key to a table of the same name elsewhere",
        "VS403 definition",
        on_constraint(
            "f",
            "CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.%4$s (LIKE %4$s INCLUDING INDEXES);"
            " ALTER TABLE %1$I DROP CONSTRAINT %2$I; ALTER TABLE %1$I ADD CONSTRAINT %2$I %3$s",
            "table_name, constraint_name,"
            " replace(definition, 'REFERENCES ', 'REFERENCES elsewhere.'), confrelid::regclass",
        ),
    ),
    Kind(
        "foreign key of another column",
        "VS403 definition",
        defined(
            "f",
            r"""(SELECT regexp_replace(definition, '\(\w+', '(' || max(other.column_name))
                   FROM columns AS other
                   JOIN columns AS own ON own.oid = other.oid AND own.type = other.type
                                      AND own.column_name <> other.column_name
                  WHERE own.object = constraints.table_name || '.' || constraints.columns)""",
        ),
    ),
    Kind(
        "foreign key with another ON DELETE",
        "VS403 definition",
        defined(
            "f",
            "regexp_replace(regexp_replace(definition, ' ON DELETE (CASCADE|SET NULL)', ''),"
            " ' DEFERRABLE', format(action, columns) || ' DEFERRABLE')",
            source="""constraints, unnest(ARRAY['', ' ON DELETE RESTRICT', ' ON DELETE CASCADE',
                ' ON DELETE SET NULL', ' ON DELETE SET DEFAULT', ' ON DELETE SET NULL (%s)',
                ' ON DELETE SET DEFAULT (%s)']) AS action""",
        ),
    ),
    Kind(
        "foreign key with another ON UPDATE",
        "VS403 definition",
        defined(
            "f",
            r"regexp_replace(definition, '(REFERENCES [^)]+\))', '\1 ON UPDATE ' || action)",
            source="""constraints,
                unnest(ARRAY['RESTRICT', 'CASCADE', 'SET NULL', 'SET DEFAULT']) AS action""",
        ),
    ),
    Kind(
        "foreign key with another match",
        "VS403 definition",
        defined("f", r"regexp_replace(definition, '(REFERENCES [^)]+\))', '\1 MATCH FULL')"),
    ),
    Kind(
        "foreign key checked at another time",
        "VS403 definition",
        defined(
            "f",
            "regexp_replace(definition, ' DEFERRABLE.*', '')",
            "regexp_replace(definition, ' DEFERRABLE.*', ' DEFERRABLE')",
        ),
    ),
    Kind(
        "foreign key not validated", "VS403 validated", defined("f", "definition || ' NOT VALID'")
    ),
    Kind(
        "foreign key not enforced",
        "VS403 definition",
        defined("f", "definition || ' NOT ENFORCED'"),
        since=18,
    ),
    Kind(
        "foreign key whose triggers are disabled",
        "VS403 enforcing triggers",
        on_constraint(
            "f",
            "ALTER TABLE %s DISABLE TRIGGER ALL",
            "side",
            "constraints, unnest(ARRAY[table_oid, confrelid]::regclass[]) AS side",
        ),
    ),
    Kind(
        "foreign key whose triggers fire always",
        "VS403 enforcing triggers",
        on_constraint(
            "f",
            "ALTER TABLE %s ENABLE ALWAYS TRIGGER %I",
            "tgrelid::regclass, tgname",
            "constraints JOIN pg_trigger ON tgconstraint = constraints.oid",
        ),
    ),
]

CHECKS = [
    Kind("check dropped", "VS501", on_constraint("c", "ALTER TABLE %I DROP CONSTRAINT %I")),
    Kind(
        "check renamed", "VS501", on_constraint("c", "ALTER TABLE %I RENAME CONSTRAINT %I TO extra")
    ),
    Kind(
        "check extra", "VS502", extra("ALTER TABLE %I ADD CONSTRAINT extra CHECK (%I IS NOT NULL)")
    ),
    Kind(
        "check of another value",
        "VS503 definition",
        defined("c", r"regexp_replace(definition, '\d', '7')"),
    ),
    Kind(
        "check by another operator",
        "VS503 definition",
        defined(
            "c",
            "replace(definition, '>=', '>')",
            "replace(definition, '<=', '<')",
            "replace(definition, ' ~ ', ' ~* ')",
            "replace(definition, ' OR ', ' AND ')",
            "replace(definition, 'NOT (', '(')",
        ),
    ),
    Kind("check of nothing", "VS503 definition", defined("c", "'CHECK (true)'")),
    Kind(
        "check that child tables do not inherit",
        "VS503 definition",
        defined("c", "definition || ' NO INHERIT'"),
        of_partitioned=False,
    ),
    Kind("check not validated", "VS503 validated", defined("c", "definition || ' NOT VALID'")),
    Kind(
        "check not enforced",
        "VS503 definition",
        defined("c", "definition || ' NOT ENFORCED'"),
        since=18,
    ),
]

CONSTRAINTS = [
    Kind(
        "constraint comment",
        "VS..3 comment",
        on_constraint("pufc", "COMMENT ON CONSTRAINT %2$I ON %1$I IS 'extra'"),
    ),
    Kind(
        "comment on the index of a constraint",
        "VS3.3 index comment",
        on_constraint("pu", "COMMENT ON INDEX %2$I IS 'extra'"),
    ),
    Kind(
        "storage parameters of the index of a constraint",
        "VS3.3 index storage parameters",
        on_constraint("pu", "ALTER INDEX %2$I SET (fillfactor = 50)"),
        of_partitioned=False,
    ),
    Kind(
        "invalid index of a constraint",
        "VS3.3 index valid",
        on_constraint(
            "pu", "UPDATE pg_index SET indisvalid = false WHERE indexrelid = %2$L::regclass"
        ),
    ),
]

INDEXES = [
    Kind("index dropped", "VS601", on_index("DROP INDEX %I")),
    Kind("index renamed", "VS601", on_index("ALTER INDEX %I RENAME TO extra")),
    Kind("index extra", "VS602", extra("CREATE INDEX extra ON %I (%I)")),
    Kind(
        "index of columns in another order",
        "VS603 definition",
        indexed(r"regexp_replace(definition, '\((\w+), (\w+)', '(\2, \1')"),
    ),
    Kind(
        "index of fewer columns",
        "VS603 definition",
        indexed(r"regexp_replace(definition, ', \w+\)', ')')"),
    ),
    Kind(
        "index of more columns",
        "VS603 definition",
        indexed(
            rf"regexp_replace(definition, {FIRST_COLUMN},"
            r" format('\1, %I\2', other_column))"
        ),
    ),
    Kind(
        "index in another direction",
        "VS603 definition",
        indexed(
            rf"regexp_replace(definition, {FIRST_COLUMN}, '\1 DESC\2')",
            rf"regexp_replace(definition, {FIRST_COLUMN}, '\1 DESC NULLS LAST\2')",
        ),
    ),
    Kind(
        "index with nulls at the other end",
        "VS603 definition",
        indexed(
            rf"regexp_replace(definition, {FIRST_COLUMN}, '\1 NULLS FIRST\2')",
            "replace(definition, ' NULLS FIRST', '')",
        ),
    ),
    Kind(
        "index with another operator class",
        "VS603 definition",
        indexed(
            "replace(definition, ' varchar_pattern_ops', '')",
            "replace(definition, ' varchar_pattern_ops', ' bpchar_pattern_ops')",
            "replace(definition, '(category', '(category text_pattern_ops')",
        ),
    ),
    Kind(
        "index with another collation",
        "VS603 definition",
        indexed(
            r"""regexp_replace(definition, '(USING btree \([^,() ]+)', '\1 COLLATE "C"')""",
            where="has_collation",
        ),
    ),
    Kind(
        "index by another method",
        "VS603 definition",
        indexed(
            "replace(definition, 'btree', 'hash')",
            "replace(definition, 'btree', 'brin')",
            "replace(definition, 'gin', 'gist')",
            where="indnatts = 1 AND NOT is_unique AND definition NOT LIKE '%pattern_ops%'",
        ),
    ),
    Kind(
        "index with another uniqueness",
        "VS603 definition",
        indexed(
            "replace(definition, 'CREATE INDEX', 'CREATE UNIQUE INDEX')",
            "replace(definition, 'UNIQUE ', '')",
            where="method = 'btree' AND table_name NOT LIKE 'auth_%'",
        ),
    ),
    Kind(
        "unique index of nulls that are not distinct",
        "VS603 definition",
        indexed(
            r"regexp_replace(definition, '(USING btree \([^)]+\)( INCLUDE \([^)]+\))?)',"
            r" '\1 NULLS NOT DISTINCT')",
            where="is_unique",
        ),
    ),
    Kind(
        "index without its predicate",
        "VS603 definition",
        indexed("regexp_replace(definition, ' WHERE .*', '')"),
    ),
    Kind(
        "index with another predicate",
        "VS603 definition",
        indexed(
            r"regexp_replace(definition, ' WHERE (.*)', ' WHERE NOT (\1)')",
            "replace(definition, 'IS NULL', 'IS NOT NULL')",
        ),
    ),
    Kind(
        "index with a predicate",
        "VS603 definition",
        indexed(
            "definition || format(' WHERE (%I IS NOT NULL)', other_column)", where="NOT is_partial"
        ),
    ),
    Kind(
        "index with other included columns",
        "VS603 definition",
        indexed(
            r"regexp_replace(definition, ' INCLUDE \([^)]*\)', '')",
            "regexp_replace(definition, '( WHERE .*|)$',"
            r" format(' INCLUDE (%I)', other_column) || '\1')",
            where="method = 'btree' AND other NOT LIKE '%INCLUDE%INCLUDE%'",
        ),
    ),
    Kind(
        "index of another expression",
        "VS603 definition",
        indexed("replace(definition, '''english''', '''simple''')"),
    ),
    Kind(
        "index of an expression",
        "VS603 definition",
        indexed(
            r"regexp_replace(definition, 'USING btree \((\w+)', 'USING btree (lower(\1)')",
            where="has_collation",
        ),
    ),
    Kind(
        "index with other storage parameters",
        "VS603 definition",
        on_index("ALTER INDEX %I SET (fillfactor = 50)", "method = 'btree'")
        + " UNION ALL "
        + on_index("ALTER INDEX %I SET (fastupdate = off)", "method = 'gin'"),
        of_partitioned=False,
    ),
    Kind(
        "index invalid",
        "VS603 valid",
        on_index("UPDATE pg_index SET indisvalid = false WHERE indexrelid = %L::regclass"),
    ),
    Kind("index comment", "VS603 comment", on_index("COMMENT ON INDEX %I IS 'extra'")),
]

ENUM_TYPES = [
    Kind("enum type dropped", "VS701", on_enum("DROP TYPE %I CASCADE")),
    Kind("enum type renamed", "VS701", on_enum("ALTER TYPE %I RENAME TO extra_type")),
    Kind(
        "enum type moved to another schema",
        "VS701",
        on_enum("CREATE SCHEMA elsewhere; ALTER TYPE %I SET SCHEMA elsewhere"),
    ),
    Kind(
        "enum type with an extra label, and an extra column of the type",
        "VS703 labels",
        on_enum("ALTER TYPE %1$I ADD VALUE 'extra'; ALTER TABLE users ADD extra %1$I[]"),
    ),
    Kind(
        "enum type added to an extension",
        "VS703 extension",
        on_enum("ALTER EXTENSION plpgsql ADD TYPE %I"),
    ),
    Kind("enum type extra", "VS702", once("extra", "CREATE TYPE extra AS ENUM ('a', 'b')")),
    Kind(
        "enum type with an extra label",
        "VS703 labels",
        on_enum("ALTER TYPE %I ADD VALUE 'extra'")
        + " UNION ALL "
        + on_enum("ALTER TYPE %I ADD VALUE 'extra' BEFORE %L", "type_name, labels[1]")
        + " UNION ALL "
        + on_enum("ALTER TYPE %I ADD VALUE 'extra' AFTER %L", "type_name, labels[1]"),
    ),
    Kind(
        "enum type with a missing label",
        "VS703 labels",
        on_enum(
            "DELETE FROM pg_enum WHERE enumtypid = %L::regtype AND enumlabel = %L",
            "type_name, label",
            # Skip labels in expressions: PostgreSQL cannot print an expression without its label.
            "type_name || '.' || label NOT IN (SELECT mention[2] || '.' || mention[1] FROM ("
            r" SELECT regexp_matches(text, '''(\w+)''::(\w+)', 'g') AS mention FROM ("
            "  SELECT definition AS text FROM constraints UNION SELECT definition FROM indexes"
            "  UNION SELECT default_value FROM columns) AS texts) AS mentions)",
            "enums, unnest(labels) AS label",
        ),
    ),
    Kind(
        "enum type with another label",
        "VS703 labels",
        on_enum(
            "ALTER TYPE %I RENAME VALUE %L TO 'extra'",
            "type_name, label",
            source="enums, unnest(labels) AS label",
        ),
    ),
    Kind(
        "enum type with labels in another order",
        "VS703 labels",
        on_enum("UPDATE pg_enum SET enumsortorder = -enumsortorder WHERE enumtypid = %L::regtype"),
    ),
    Kind("enum type comment", "VS703 comment", on_enum("COMMENT ON TYPE %I IS 'extra'")),
    Kind(
        "enum type of another owner",
        "VS703 owner",
        on_enum("ALTER TYPE %I OWNER TO pg_monitor"),
    ),
    Kind(
        "enum type shadowed",
        "VS703 schema that the search path finds",
        on_enum(
            "CREATE SCHEMA shadow; CREATE TYPE shadow.%I AS ENUM ('a');"
            " SET LOCAL search_path = shadow, public"
        ),
        no_repair=OF_OTHERS,
    ),
]

OTHERS = [
    Kind("domain extra", "VS712", once("extra", "CREATE DOMAIN extra AS text CHECK (true)")),
    Kind("range type extra", "VS722", once("extra", "CREATE TYPE extra AS RANGE (SUBTYPE=int)")),
    Kind("composite type extra", "VS732", once("extra", "CREATE TYPE extra AS (a int, b text)")),
    Kind(
        "domain extra over another",
        "VS712",
        once("a", "CREATE DOMAIN a AS text; CREATE DOMAIN b AS a; CREATE TYPE c AS (b b)"),
    ),
    Kind("sequence extra", "VS802", once("extra", "CREATE SEQUENCE extra")),
    Kind(
        "function extra",
        "VS822",
        once(
            "function public.extra(character varying)",
            "CREATE FUNCTION extra(varchar) RETURNS text LANGUAGE sql AS 'SELECT $1::text'",
        ),
    ),
    Kind(
        "function extra, used by a column extra",
        "VS822",
        once(
            "function public.extra()",
            "CREATE FUNCTION extra() RETURNS int LANGUAGE sql AS 'SELECT 1';"
            " ALTER TABLE users ADD extra int DEFAULT extra()",
        ),
    ),
    Kind(
        "function extra, used by a default",
        "VS822",
        once(
            "function public.extra()",
            "CREATE FUNCTION extra() RETURNS int LANGUAGE sql AS 'SELECT 1';"
            " ALTER TABLE auth_permission ALTER content_type_id SET DEFAULT extra()",
        ),
    ),
    Kind(
        "procedure extra",
        "VS822",
        once("procedure public.extra()", "CREATE PROCEDURE extra() LANGUAGE sql AS ''"),
    ),
    Kind(
        "aggregate extra",
        "VS822",
        once(
            "aggregate public.extra(integer)",
            "CREATE AGGREGATE extra (int) (SFUNC = int4pl, STYPE = int)",
        ),
    ),
    Kind(
        "operator extra",
        "VS822",
        once(
            "operator public.^^(pg_catalog.text,pg_catalog.text)",
            "CREATE FUNCTION extra(text, text) RETURNS bool LANGUAGE sql AS 'SELECT true';"
            " CREATE OPERATOR ^^ (FUNCTION = extra, LEFTARG = text, RIGHTARG = text)",
        ),
    ),
    Kind(
        "operator class extra",
        "VS822",
        once(
            "operator class public.extra USING btree",
            "CREATE OPERATOR CLASS extra FOR TYPE int USING btree AS OPERATOR 1 <",
        ),
    ),
    Kind(
        "collation extra",
        "VS822",
        once("collation public.extra", 'CREATE COLLATION extra FROM "C"'),
    ),
    Kind(
        "text search configuration extra",
        "VS822",
        once(
            "text search configuration public.extra",
            "CREATE TEXT SEARCH CONFIGURATION extra (COPY = simple)",
        ),
    ),
    Kind(
        "view extra",
        "VS812",
        "SELECT 'extra', format('CREATE VIEW extra AS TABLE %I', table_name) FROM tables",
    ),
    Kind(
        "view extra under another",
        "VS812",
        once("a", "CREATE VIEW a AS SELECT 1; CREATE MATERIALIZED VIEW b AS TABLE a"),
    ),
    Kind(
        "materialized view extra",
        "VS812",
        "SELECT 'extra', format('CREATE MATERIALIZED VIEW extra AS TABLE %1$I;"
        " CREATE INDEX ON extra (%2$I)', table_name, key_column) FROM tables",
    ),
    Kind(
        "exclusion constraint extra",
        "VS322",
        extra("ALTER TABLE %I ADD CONSTRAINT extra EXCLUDE (%I WITH =)"),
        of_partitioned=False,
    ),
    Kind(
        "trigger for each row",
        "VS902",
        extra(
            FUNCTION + "CREATE TRIGGER extra BEFORE INSERT OR UPDATE ON %I"
            " FOR EACH ROW EXECUTE FUNCTION extra_function()"
        ),
    ),
    Kind(
        "trigger for each statement",
        "VS902",
        extra(
            FUNCTION + "CREATE TRIGGER extra AFTER TRUNCATE ON %I"
            " FOR EACH STATEMENT EXECUTE FUNCTION extra_function()"
        ),
    ),
    Kind(
        "constraint trigger",
        "VS902",
        extra(
            FUNCTION + "CREATE CONSTRAINT TRIGGER extra AFTER INSERT ON %I DEFERRABLE"
            " FOR EACH ROW EXECUTE FUNCTION extra_function()"
        ),
    ),
    Kind(
        "trigger disabled",
        "VS902",
        extra(
            FUNCTION + "CREATE TRIGGER extra AFTER DELETE ON %1$I"
            " FOR EACH ROW EXECUTE FUNCTION extra_function();"
            " ALTER TABLE %1$I DISABLE TRIGGER extra"
        ),
    ),
    Kind("rule", "VS912", extra("CREATE RULE extra AS ON DELETE TO %I DO INSTEAD NOTHING")),
    Kind(
        "rule disabled",
        "VS912",
        extra(
            "CREATE RULE extra AS ON INSERT TO %1$I DO ALSO NOTHING;"
            " ALTER TABLE %1$I DISABLE RULE extra"
        ),
    ),
    Kind("policy", "VS922", extra("CREATE POLICY extra ON %I USING (false)")),
    Kind(
        "policy in force",
        "VS922",
        extra(
            "CREATE POLICY extra ON %1$I AS RESTRICTIVE FOR UPDATE WITH CHECK (%2$I IS NOT NULL);"
            " ALTER TABLE %1$I ENABLE ROW LEVEL SECURITY"
        ),
    ),
]

MIGRATIONS = [
    Kind(
        "migration not on record",
        "VS011",
        "SELECT app || '.' || name, format('DELETE FROM django_migrations WHERE id = %s', id)"
        "  FROM django_migrations",
        no_repair=NO_SQL,
    ),
    Kind(
        "migration that is unknown",
        "VS012",
        "SELECT DISTINCT app || '.0000_ghost', format('INSERT INTO django_migrations"
        " (app, name, applied) VALUES (%L, ''0000_ghost'', now())', app) FROM django_migrations",
        no_repair=NO_SQL,
    ),
    Kind(
        "ledger of migrations lost",
        "VS011",
        "SELECT app || '.' || name, 'DROP TABLE django_migrations' FROM django_migrations",
        no_repair=NO_SQL,
    ),
    Kind(
        "migrations out of order",
        "VS013 dependencies that are unapplied",
        once("auth.0001_initial", "DELETE FROM django_migrations WHERE app = 'contenttypes'"),
        no_repair=NO_SQL,
    ),
]

KINDS = [
    *TABLES,
    *COLUMNS,
    *PRIMARY_KEYS,
    *UNIQUE_CONSTRAINTS,
    *FOREIGN_KEYS,
    *CHECKS,
    *CONSTRAINTS,
    *INDEXES,
    *ENUM_TYPES,
    *OTHERS,
    *MIGRATIONS,
]
