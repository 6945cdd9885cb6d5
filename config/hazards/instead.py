"""How to do what a step does without its dangers: migrations that can be run as they are."""

import ast
import inspect
import re
import sys
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.functions import RandomUUID
from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    RemoveIndexConcurrently,
    ValidateConstraint,
)
from django.db import models
from django.db.migrations import (
    AddConstraint,
    AddField,
    AddIndex,
    AlterField,
    AlterModelTable,
    DeleteModel,
    Migration,
    RemoveField,
    RemoveIndex,
    RenameField,
    RenameModel,
    RunPython,
    RunSQL,
    SeparateDatabaseAndState,
)
from django.db.migrations.operations.base import Operation
from django.db.migrations.writer import MigrationWriter
from django.db.models import NOT_PROVIDED, F
from django.db.models.functions import Cast
from django.utils import timezone

from config.hazards.rules import field_before
from config.hazards.statements import normalized, safe
from config.hazards.steps import Collector, Step, read_operations, read_reverse
from config.postgres import Backfill, Now, named_fields
from config.postgres.enums import EnumField, EnumOperation, is_followed

NOW = "With this release"
NEXT = "With the next release"
AFTERWARDS = "After that"
OUTSIDE = {
    "ban-concurrent-index-creation-in-transaction": "Put it into a migration of its own, without "
    "a transaction around it.",
    "backfill-in-transaction": "Change rows in a migration of its own, without a transaction "
    "around it, some thousand at a time; config.postgres.Backfill does so for a column.",
}
"""What to do with operations that are all right where there is no transaction, by code."""
ADVICE = {
    "adding-json-column": "Make it jsonb.",
    "changing-enum-labels": "Change the member's name and text in the TextChoices class only, and "
    "leave its label; or replace the label in rows and code one release before.",
    "changing-column-type": "Let a new column take over: code writes both, then reads the new "
    "one, then the old one goes.",
    "renaming-object": "Keep the name in the database.",
    "require-concurrent-refresh": "Say CONCURRENTLY, for which the view needs a unique index.",
}
"""What to do where no migration can be written for it, by code."""
WIDER = "The values stay as they are, so that the table is not written anew."
EXPRESSIONS: Mapping[Any, Any] = {uuid.uuid4: RandomUUID(), timezone.now: Now()}
"""What PostgreSQL gives each row, for functions of Python's that Django would call once."""


@dataclass(frozen=True)
class Part:
    """One migration."""

    when: str
    operations: Sequence[Operation]
    atomic: bool = True
    accepted: Mapping[str, str] = field(default_factory=dict)
    """What remains dangerous about it, by code, and why it may be done then."""

    def source(self, app_label: str, name: str, dependencies: Sequence[tuple[str, str]]) -> str:
        """The file, as makemigrations would write it."""
        migration: Any = Migration(name, app_label)
        migration.operations = [*self.operations]
        migration.dependencies = [*dependencies]
        migration.atomic = self.atomic
        source = MigrationWriter(migration, include_header=False).as_string()
        head, line, body = source.partition("class Migration(migrations.Migration):\n")
        if self.accepted:
            body = f"\n    hazards_accepted = {dict(self.accepted)!r}\n{body}"
        return _with_functions(head.strip(), f"{line}{body}", self.operations)


@dataclass(frozen=True)
class Alternative:
    """Migrations that take the place of one operation, in order."""

    advice: str
    parts: Sequence[Part]


def instead(step: Step, codes: Collection[str]) -> Alternative | None:
    """How to do `step` without the hazards `codes`; None if no other way is known."""
    for code, advice in OUTSIDE.items():
        if code in codes:
            return Alternative(advice, [Part(AFTERWARDS, [step.written], atomic=False)])
    if step.written is step.operation:
        for kind, write in WAYS.items():
            if isinstance(step.operation, kind):
                return write(step, codes) or _by_code(codes)
    return by_statements(step) or _by_code(codes)


def _by_code(codes: Collection[str]) -> Alternative | None:
    return next((Alternative(advice, []) for code, advice in ADVICE.items() if code in codes), None)


# Indexes and constraints


def add_index(step: Step, codes: Collection[str]) -> Alternative:
    operation: Any = step.operation
    concurrently = AddIndexConcurrently(operation.model_name, operation.index)
    return Alternative(
        "Build it beside the traffic, in a migration of its own.",
        [Part(NOW, [concurrently], atomic=False)],
    )


def remove_index(step: Step, codes: Collection[str]) -> Alternative:
    operation: Any = step.operation
    concurrently = RemoveIndexConcurrently(operation.model_name, operation.name)
    return Alternative(
        "Drop it beside the traffic, in a migration of its own.",
        [Part(NOW, [concurrently], atomic=False)],
    )


def add_constraint(step: Step, codes: Collection[str]) -> Alternative | None:
    operation: Any = step.operation
    if isinstance(operation.constraint, ExclusionConstraint):
        return None
    if not isinstance(operation.constraint, models.CheckConstraint):
        return by_statements(step)
    model_name, constraint = operation.model_name, operation.constraint
    return Alternative(
        "Let it bind new rows first, and check the others in a second migration, which stops "
        "nobody.",
        [
            Part(NOW, [AddConstraintNotValid(model_name, constraint)]),
            Part(AFTERWARDS, [ValidateConstraint(model_name, constraint.name)]),
        ],
    )


# Any operation, by its SQL


def by_statements(step: Step) -> Alternative | None:
    """The same statements, each without its long lock; the state changes with the last part."""
    if isinstance(step.operation, RunPython):
        return None
    statements = _without_detours(step.statements)
    ways = [safe(sql) for sql in statements]
    kept = [sql for sql, way in zip(statements, ways, strict=True) if way is None]
    known = [way for way in ways if way is not None]
    if not known or (kept and isinstance(step.operation, RunSQL)):
        return None
    first = [pair for way in known for pair in way.first]
    alone = _with_dropped_indexes(step, [pair for way in known for pair in way.alone])
    last = [pair for way in known for pair in way.last]
    accepted = {"changing-column-type": WIDER} if any(" TYPE " in sql for sql in kept) else {}
    parts = [
        Part(NOW, [*_kept(step, kept), *_run(first)], accepted=accepted),
        *_filled(step, statements),
        Part(AFTERWARDS, _run(alone), atomic=False),
        Part(AFTERWARDS, _run(last)),
    ]
    parts = [part for part in parts if part.operations]
    *others, final = parts
    operations = _with_state(step, final.operations)
    return Alternative(
        "Do it in parts, none of which keeps others waiting.",
        [*others, replace(final, when=final.when if others else NOW, operations=operations)],
    )


def _without_detours(statements: Sequence[str]) -> list[str]:
    """Without what is taken back at once: a default, a foreign key that comes back as it was."""
    texts = [normalized(sql) for sql in statements]
    added = {text.split('"')[3] for text in texts if " FOREIGN KEY " in text and '"' in text}
    kept = []
    for text in texts:
        name = text.split('"')[3] if text.count('"') > 3 else ""
        comes_back = " DROP CONSTRAINT " in text or " FOREIGN KEY " in text
        dropped = any(f'DROP CONSTRAINT "{name}"' in other for other in texts)
        for_a_moment = text.endswith(" DROP DEFAULT") or any(
            other.endswith(" DROP DEFAULT") and text.startswith(other.replace(" DROP ", " SET "))
            for other in texts
        )
        if text.startswith("UPDATE ") or for_a_moment or (comes_back and dropped and name in added):
            continue
        kept.append(text)
    return kept


def _with_dropped_indexes(step: Step, pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """With the indexes that come back when their DROP is taken back."""
    if not any(sql.startswith("DROP ") for sql, _ in pairs) or isinstance(step.operation, RunSQL):
        return [*pairs]
    ways = filter(None, map(safe, read_reverse(step)))
    again = {drop: sql for way in ways for sql, drop in way.alone if drop}
    return [(sql, back or again.pop(sql, "")) for sql, back in pairs]


def _kept(step: Step, statements: Sequence[str]) -> list[Operation]:
    """What is short already, taken back as Django does."""
    if not statements:
        return []
    reverse = [normalized(sql) for sql in _without_detours(read_reverse(step))]
    others = re.compile(r"(CREATE|DROP) |.* (ADD|DROP) CONSTRAINT ")
    reverse = [sql for sql in reverse if not others.match(sql)]
    return [RunSQL(_script(statements), _script(reverse))]


def _filled(step: Step, statements: Sequence[str]) -> Iterator[Part]:
    """Rows that a column's NOT NULL would refuse get the field's default first."""
    if any(sql.endswith(" SET NOT NULL") for sql in statements) and step.model_name:
        operation: Any = step.operation
        value = _default(operation.field)
        if value is not None:
            fill = Backfill(operation.model_name, operation.name, value)
            yield Part(AFTERWARDS, [fill], atomic=False)


def _run(pairs: Sequence[tuple[str, str]]) -> list[Operation]:
    if not pairs:
        return []
    reverse = [back for _, back in reversed(pairs) if back]
    return [RunSQL(_script([sql for sql, _ in pairs]), _script(reverse))]


def _script(statements: Sequence[str]) -> Any:
    return [*statements] if len(statements) > 1 else "".join(statements)


def _with_state(step: Step, operations: Sequence[Operation]) -> list[Operation]:
    if step.written is not step.operation or isinstance(step.operation, RunSQL):
        return [*operations]
    return [
        SeparateDatabaseAndState(
            state_operations=[step.operation], database_operations=[*operations]
        )
    ]


# Fields


def add_field(step: Step, codes: Collection[str]) -> Alternative | None:
    operation: Any = step.operation
    wanted = operation.field
    if wanted.many_to_many:
        return None
    first, fill = _first(wanted, codes)
    operations: list[Operation] = [AddField(operation.model_name, operation.name, first)]
    final = wanted
    if isinstance(wanted, models.GeneratedField):
        final = first
    elif wanted.has_db_default() and not first.has_db_default():
        first = _clone(first, db_default=wanted.db_default)
        operations.append(AlterField(operation.model_name, operation.name, first))
    elif first.has_db_default() and not wanted.has_db_default():
        final = _clone(wanted, db_default=first.db_default)
    parts = [Part(NOW, operations)]
    if fill is not None and final.null:
        backfill = Backfill(operation.model_name, operation.name, fill)
        parts.append(Part(AFTERWARDS, [backfill], atomic=False))
    if final.null or first.null == final.null or fill is not None:
        alter = AlterField(operation.model_name, operation.name, final)
        *_, last = read_operations(
            step.connection, step.app_label, [*operations, alter], step.before
        )
        rest = by_statements(last)
        parts += rest.parts if rest else []
    return Alternative(_advice_on_field(wanted, first, final), parts)


def _first(wanted: Any, codes: Collection[str]) -> tuple[Any, Any]:
    """The field to begin with, and what to fill it with afterwards, if anything."""
    if wanted.generated:
        return _clone(wanted.output_field, null=True), wanted.expression
    plain = _without_index(_unchecked(wanted))
    if "adding-field-with-default" in codes:
        return _clone(plain, null=True, db_default=NOT_PROVIDED), wanted.db_default
    if wanted.null or wanted.has_db_default():
        return plain, None
    constant = wanted.has_default() and (not callable(wanted.default) or wanted.default in PLAIN)
    if constant and not wanted.unique and not wanted.is_relation:
        return _clone(plain, db_default=wanted.get_default()), None
    value = _default(wanted)
    distinct = not wanted.unique or hasattr(value, "resolve_expression")
    return _clone(plain, null=True, default=NOT_PROVIDED), value if distinct else None


PLAIN = (bool, dict, float, int, list, str)
"""Default functions that give the same value each time."""


def _advice_on_field(wanted: Any, first: Any, final: Any) -> str:
    if isinstance(wanted, models.GeneratedField):
        return (
            "Make it an ordinary column that the code writes, and fill it in batches: the model's "
            f"field becomes a {type(first).__name__}."
        )
    if final.has_db_default() and not wanted.has_db_default():
        return (
            "Let the database fill the column in for code that does not know it: give the model's "
            "field `db_default`."
        )
    if first.null and not final.null:
        return "Add it empty, fill it in batches, and make it NOT NULL when no row lacks a value."
    return "Add it first; what takes time follows in parts, none of which keeps others waiting."


def _unchecked(wanted: Any) -> Any:
    """Without the CHECK that a field of its kind brings along."""
    kind = {
        models.PositiveBigIntegerField: models.BigIntegerField,
        models.PositiveIntegerField: models.IntegerField,
        models.PositiveSmallIntegerField: models.SmallIntegerField,
    }.get(type(wanted))
    _, _, args, kwargs = wanted.deconstruct()
    return kind(*args, **kwargs) if kind else wanted


def _without_index(wanted: Any) -> Any:
    if isinstance(wanted, models.OneToOneField):
        _, _, args, kwargs = wanted.deconstruct()
        return models.ForeignKey(*args, **kwargs | {"db_index": False})
    if wanted.unique or wanted.db_index:
        return _clone(wanted, unique=False, db_index=False)
    return _clone(wanted)


def _default(wanted: Any) -> Any:
    """What rows get that have no value; None if nobody says."""
    if wanted.has_db_default():
        return wanted.db_default
    if not wanted.has_default():
        return None
    if callable(wanted.default):
        return EXPRESSIONS.get(wanted.default, wanted.get_default())
    return wanted.default


def _clone(original: Any, **changes: Any) -> Any:
    """`original` with other options; those that are NOT_PROVIDED go."""
    _, _, args, kwargs = original.deconstruct()
    options = kwargs | changes
    return type(original)(
        *args, **{name: value for name, value in options.items() if value is not NOT_PROVIDED}
    )


def alter_field(step: Step, codes: Collection[str]) -> Alternative | None:
    operation: Any = step.operation
    if "renaming-column" in codes:
        same = _clone(operation.field, db_column=field_before(step).column)
        return Alternative(
            "Keep the column's name; `db_column` says what it is called in the database.",
            [Part(NOW, [AlterField(operation.model_name, operation.name, same)])],
        )
    if "changing-column-type" in codes:
        return change_type(step)
    return by_statements(step)


def change_type(step: Step) -> Alternative | None:
    """Another column takes over; the field is that column in the end."""
    operation: Any = step.operation
    old, name = field_before(step), operation.name
    options = step.before.models[step.app_label, step.model_name].options
    named = [*options.get("constraints", ()), *options.get("indexes", ())]
    if old.primary_key or old.is_relation or any(name in named_fields(item) for item in named):
        return None
    model_name, other = operation.model_name, f"{name}_new"
    field = _clone(_without_index(operation.field), null=True)
    value = Cast(F(name), models.TextField()) if isinstance(field, EnumField) else F(name)
    return Alternative(
        "Let a new column take over: code writes both, then reads the new one, then the old one "
        "goes.",
        [
            Part(f"{NOW}, which writes both fields", [AddField(model_name, other, field)]),
            Part(AFTERWARDS, [Backfill(model_name, other, Cast(value, field))], atomic=False),
            *_forgotten(
                step,
                old,
                [
                    RemoveField(model_name, name),
                    AlterField(model_name, other, _clone(field, db_column=other)),
                    RenameField(model_name, other, name),
                ],
            ),
        ],
    )


def remove_field(step: Step, codes: Collection[str]) -> Alternative | None:
    old = field_before(step)
    if old.many_to_many:
        return _in_two_releases(step, "ban-drop-table", [])
    if old.primary_key:
        return None
    first, *rest = _forgotten(step, old, [step.operation])
    return Alternative(
        "Let the code forget the field first; drop the column when no code that runs reads it.",
        [Part(NOW, first.operations), *rest],
    )


def _forgotten(step: Step, old: Any, state: Sequence[Operation]) -> list[Part]:
    """A column that code does not know any more, and that does not stand in its way."""
    quote = step.connection.ops.quote_name
    table, column = quote(old.model._meta.db_table), quote(old.column)
    pairs = []
    if not old.null and not old.has_db_default() and not old.generated:
        alter = f"ALTER TABLE {table} ALTER COLUMN {column}"
        pairs.append((f"{alter} DROP NOT NULL", f"{alter} SET NOT NULL"))
    bare = _clone(old)
    bare = _clone(bare, null=True) if pairs else bare
    if old.remote_field:
        bare = _clone(bare, db_constraint=False)
        pairs += [_foreign_key(step, old)] if old.db_constraint else []
    states = read_operations(
        step.connection, step.app_label, [RemoveField(step.model_name, old.name)], step.before
    )
    [add] = read_operations(
        step.connection,
        step.app_label,
        [AddField(step.model_name, old.name, bare)],
        states[0].after,
    )
    drop = RunSQL(f"ALTER TABLE {table} DROP COLUMN {column}", _script(add.statements))
    reason = {"ban-drop-column": "No code that runs has read it since the release before."}
    return [
        Part(
            NEXT,
            [SeparateDatabaseAndState(database_operations=_run(pairs), state_operations=[*state])],
        ),
        Part(NEXT, [drop], accepted=reason),
    ]


def _foreign_key(step: Step, old: Any) -> tuple[str, str]:
    """It would refuse what code does that no longer knows the column."""
    editor: Any = Collector(step.connection)
    create = editor._create_fk_sql(old.model, old, "_fk_%(to_table)s_%(to_column)s")
    alter = f"ALTER TABLE {create.parts['table']}"
    return f"{alter} DROP CONSTRAINT {create.parts['name']}", str(create)


def rename_field(step: Step, codes: Collection[str]) -> Alternative | None:
    operation: Any = step.operation
    old = step.model._meta.get_field(operation.old_name)
    if old.many_to_many:
        return None
    same = _clone(old, db_column=old.column)
    return Alternative(
        "Rename it in the code only; `db_column` says what the column is called.",
        [
            Part(
                NOW,
                [
                    AlterField(operation.model_name, operation.old_name, same),
                    RenameField(operation.model_name, operation.old_name, operation.new_name),
                ],
            )
        ],
    )


# Models


def delete_model(step: Step, codes: Collection[str]) -> Alternative:
    foreign_keys = [
        _foreign_key(step, old)
        for old in step.model._meta.local_fields
        if old.remote_field and old.db_constraint
    ]
    return _in_two_releases(step, "ban-drop-table", foreign_keys)


def _in_two_releases(step: Step, code: str, pairs: Sequence[tuple[str, str]]) -> Alternative:
    """The code forgets it with one release, and the database with the next."""
    drop = RunSQL(_script(step.statements), _script(read_reverse(step)))
    forget = SeparateDatabaseAndState(
        database_operations=_run([(sql, _again(sql, back)) for sql, back in pairs]),
        state_operations=[step.operation],
    )
    reason = "No code that runs has used it since the release before."
    return Alternative(
        "Let the code forget it first; drop the table when no code that runs uses it.",
        [Part(NOW, [forget]), Part(NEXT, [drop], accepted={code: reason})],
    )


def _again(drop: str, add: str) -> str:
    """`add`, where the constraint may have come back with its table."""
    return f"{drop.replace(' DROP CONSTRAINT ', ' DROP CONSTRAINT IF EXISTS ')}; {add}"


def rename_model(step: Step, codes: Collection[str]) -> Alternative | None:
    operation: Any = step.operation
    table = step.before.apps.get_model(step.app_label, operation.old_name)._meta.db_table
    rename = [AlterModelTable(operation.old_name, table), operation]
    return Alternative(
        "Rename it in the code only; `Meta.db_table` says what the table is called.",
        [Part(NOW, [SeparateDatabaseAndState(state_operations=rename)])],
    )


def alter_model_table(step: Step, codes: Collection[str]) -> Alternative:
    quote = step.connection.ops.quote_name
    old = step.model._meta.db_table
    new = step.after.apps.get_model(step.app_label, step.model_name)._meta.db_table
    view = RunSQL(
        f"CREATE VIEW {quote(old)} AS SELECT * FROM {quote(new)}",  # noqa: S608
        f"DROP VIEW {quote(old)}",
    )
    reason = {"renaming-table": "Code that runs already goes on through a view of the old name."}
    return Alternative(
        "Leave a view under the old name, through which code reads and writes, until the next "
        "release.",
        [Part(NOW, [step.operation, view], accepted=reason)],
    )


# Enum types


def enum_operation(step: Step, codes: Collection[str]) -> Alternative:
    if is_followed(step.migration, step.operation):
        advice = "Add the label in a migration of its own, before this one."
        return Alternative(advice, [Part(NOW, [step.operation])])
    return _by_code(set(codes) - {"changing-column-type"}) or Alternative(
        "PostgreSQL has no other way to put labels in another order: let it run when few are "
        "waiting.",
        [],
    )


# Functions


def _with_functions(head: str, body: str, operations: Sequence[Operation]) -> str:
    """With the functions of RunPython, which cannot be imported from where they are."""
    sources, imports = [], [head.partition("\n\n\n# Functions from")[0]]
    for operation in operations:
        for code in (getattr(operation, "code", None), getattr(operation, "reverse_code", None)):
            if code and code is not RunPython.noop:
                body = body.replace(f"{code.__module__}.{code.__name__}", code.__name__)
                sources.append(inspect.getsource(code).rstrip())
                imports += _imports(code)
    return "\n\n\n".join(["\n".join(dict.fromkeys(imports)), *sources, body])


def _imports(code: Any) -> list[str]:
    """What the file of a function imports."""
    source = inspect.getsource(sys.modules[code.__module__])
    return [
        ast.get_source_segment(source, node) or ""
        for node in ast.parse(source).body
        if isinstance(node, (ast.Import, ast.ImportFrom))
    ]


type Write = Callable[[Step, Collection[str]], Alternative | None]

WAYS: Mapping[type[Operation], Write] = {
    AddIndex: add_index,
    RemoveIndex: remove_index,
    AddConstraint: add_constraint,
    AddField: add_field,
    AlterField: alter_field,
    RemoveField: remove_field,
    RenameField: rename_field,
    DeleteModel: delete_model,
    RenameModel: rename_model,
    AlterModelTable: alter_model_table,
    EnumOperation: enum_operation,
}
