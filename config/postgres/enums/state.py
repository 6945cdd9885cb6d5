"""Changes of enum types in the state of migrations.

Fields contain the name and labels of their type, and expressions contain labels as literals. If the
type changes, both must change in the state, because otherwise the autodetector finds a difference.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.migrations.state import ModelState, ProjectState
from django.db.models.constants import LOOKUP_SEP
from django.db.models.lookups import Lookup

from config.postgres.enums.field import EnumField, enum_field

type LabelChange = Callable[[Sequence[str]], Sequence[str]]
"""A function that returns the labels after a change for the labels before the change."""

PATTERNS = ("contains", "startswith", "endswith", "regex", "search")
"""The endings of lookups that compare with any text, instead of a label."""


def change_enum_in_state(
    state: ProjectState,
    name: str,
    change: LabelChange = lambda labels: labels,
    *,
    new_name: str = "",
    renamed: Mapping[str, str] | None = None,
) -> None:
    """Change the labels or the name of the type in every model that uses the type.

    `renamed` maps old labels to new labels, which replace the old labels in literals.
    """
    for key, model in state.models.items():
        fields = [
            field_name
            for field_name, field in model.fields.items()
            if (enum := enum_field(field)) and enum.type_name == name
        ]
        if not fields:
            continue
        renamer = LabelRenamer(name, fields, renamed or {})
        for field_name in fields:
            field = _changed_field(model.fields[field_name], change, new_name or name, renamer)
            _set_field(model, field_name, field)
        if renamed:
            _rename_in_conditions(model, renamer)
        state.reload_model(*key)


def _set_field(model: ModelState, name: str, field: Any) -> None:
    field.name = name
    model.fields[name] = field


def _rename_in_conditions(model: ModelState, renamer: "LabelRenamer") -> None:
    """Rename labels in constraints, in indexes, and in generated fields of other types."""
    for option in ("constraints", "indexes"):
        items = model.options.get(option, [])
        model.options[option] = [renamer.renamed_item(item) for item in items]
    for name, field in list(model.fields.items()):
        if isinstance(field, models.GeneratedField) and not enum_field(field):
            _, _, args, options = field.deconstruct()
            options["expression"] = renamer.renamed_expression(field.expression)
            _set_field(model, name, models.GeneratedField(*args, **options))


def _changed_field(field: Any, change: LabelChange, name: str, renamer: "LabelRenamer") -> Any:
    _, _, args, options = field.deconstruct()
    if isinstance(field, ArrayField):
        options["base_field"] = _changed_field(field.base_field, change, name, renamer)
    elif isinstance(field, models.GeneratedField):
        options["output_field"] = _changed_field(field.output_field, change, name, renamer)
        options["expression"] = renamer.renamed_expression(field.expression, typed=True)
    else:
        options |= {"labels": change(field.labels), "type_name": name}
    for option in ("default", "db_default"):
        if option in options:
            options[option] = renamer.renamed_value(options[option])
    return type(field)(*args, **options)


@dataclass(frozen=True)
class LabelRenamer:
    """A renamer of labels in a model whose `fields` have the enum type."""

    type_name: str
    fields: Collection[str]
    names: Mapping[str, str]

    def renamed_value(self, value: Any) -> Any:
        """Rename labels in a value of a field: a label, a collection or an expression."""
        if isinstance(value, str):
            return self.names.get(value, value)
        if isinstance(value, (list, tuple, set)):
            return type(value)(self.renamed_value(item) for item in value)
        return self.renamed_expression(value, typed=True)

    def renamed_item(self, item: Any) -> Any:
        """Rename labels in an index or a constraint."""
        _, args, options = item.deconstruct()
        options = {
            name: self.renamed_expression(value) if name in ("condition", "expressions") else value
            for name, value in options.items()
        }
        return type(item)(*(self.renamed_expression(value) for value in args), **options)

    def renamed_expression(self, node: Any, typed: bool = False) -> Any:
        """Rename labels in the expression `node`. If `typed`, values without a type are labels."""
        if isinstance(node, models.Value):
            return self._renamed_literal(node, typed)
        if isinstance(node, models.Q):
            children = [
                (child[0], self._renamed_operand(*child))
                if isinstance(child, tuple)
                else self.renamed_expression(child)
                for child in node.children
            ]
            return models.Q.create(children, node.connector, node.negated)
        if isinstance(node, (list, tuple)):
            return type(node)(self.renamed_expression(item, typed) for item in node)
        if isinstance(node, models.F) or not hasattr(node, "_constructor_args"):
            return node
        return self._rebuild(node, typed)

    def _renamed_literal(self, value: models.Value, typed: bool) -> models.Value:
        output: Any = value._output_field_or_none
        label = value.value
        if isinstance(label, str) and label in self.names:
            if isinstance(output, EnumField) and output.type_name == self.type_name:
                return models.Value(self.names[label], output_field=output)
            if typed:
                return models.Value(self.names[label])
        return value

    def _renamed_operand(self, lookup: str, value: Any) -> Any:
        """Rename labels in `value`, with which a condition such as `status__in` compares."""
        field, _, kind = lookup.partition(LOOKUP_SEP)
        is_text = isinstance(value, str) and kind.endswith(PATTERNS)
        if field not in self.fields or is_text:
            return self.renamed_expression(value)
        return self.renamed_value(value)

    def _rebuild(self, node: Any, typed: bool) -> Any:
        args, options = node._constructor_args
        typed = typed or any(self._is_field(arg, node) for arg in args)
        if typed and isinstance(node, Lookup):
            args = [self.renamed_value(arg) for arg in args]
        else:
            args = [self.renamed_expression(arg, typed) for arg in args]
        options = {
            name: self._renamed_operand(name, value)
            if isinstance(node, models.When) and name not in ("condition", "then")
            else self.renamed_expression(value, typed)
            for name, value in options.items()
        }
        return type(node)(*args, **options)

    def _is_field(self, arg: Any, node: Any) -> bool:
        """Return whether `arg` names one of the fields. A string in a Lookup is a value instead."""
        name = arg.name if isinstance(arg, models.F) else arg
        is_name = isinstance(arg, models.F) or not isinstance(node, Lookup)
        return is_name and isinstance(name, str) and name in self.fields
