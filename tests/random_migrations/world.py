"""The models of the random apps, and their source."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

APPS = ("lab", "lab2")
IMPORTS = """\
import datetime
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now, Upper
from config.postgres import EnumField

"""


@dataclass(eq=False)
class Label:
    member: str
    value: str


@dataclass(eq=False)
class Enum:
    """A TextChoices class and the labels of its enum type."""

    name: str
    labels: list[Label]

    def source(self) -> Iterator[str]:
        yield f"class {self.name}(models.TextChoices):"
        for label in self.labels:
            yield f"    {label.member} = {label.value!r}, {label.member!r}"


@dataclass(eq=False)
class Field:
    """A field of a model; `options` are Python sources by name."""

    name: str
    kind: str
    cls: str
    options: dict[str, str]
    target: "Model | None" = None
    enum: Enum | None = None

    def source(self) -> str:
        first = [] if self.target is None else [repr(self.target.label)]
        options = [f"{name}={value}" for name, value in self.options.items()]
        cls = self.cls.replace("ENUM", self.enum.name) if self.enum else self.cls
        call, closing = (cls, "") if cls.endswith("(") else (f"{cls[:-1]}, ", "")
        return f"{self.name} = {call}{', '.join([*first, *options])}){closing}"

    @property
    def is_relation(self) -> bool:
        return self.kind in ("fk", "o2o", "m2m")


@dataclass(eq=False)
class Item:
    """A constraint or an index: a template with {0}, {1} for the names of fields."""

    name: str
    template: str
    fields: list[Field]

    def source(self) -> str:
        names = [each.name for each in self.fields]
        return self.template.format(*names, name=repr(self.name))


@dataclass(eq=False)
class Model:
    app: str
    name: str
    fields: list[Field] = field(default_factory=list)
    meta: dict[str, str] = field(default_factory=dict)
    constraints: list[Item] = field(default_factory=list)
    indexes: list[Item] = field(default_factory=list)
    together: list[list[Field]] = field(default_factory=list)
    parent: "Model | None" = None
    proxy: bool = False
    pinned: bool = False
    """True if a handwritten migration needs the table."""

    @property
    def label(self) -> str:
        return f"{self.app}.{self.name}"

    @property
    def plain(self) -> list[Field]:
        return [each for each in self.fields if not each.is_relation]

    @property
    def used(self) -> list[Field]:
        """Return the fields that constraints, indexes and unique_together name."""
        items = [each for item in (*self.constraints, *self.indexes) for each in item.fields]
        return items + [each for group in self.together for each in group]

    def source(self) -> Iterator[str]:
        base = self.parent.name if self.parent else "models.Model"
        yield f"class {self.name}({base}):"
        yield from (f"    {each.source()}" for each in self.fields)
        yield "    class Meta:"
        yield "        app_label = " + repr(self.app)
        if self.proxy:
            yield "        proxy = True"
        yield from (f"        {name} = {value}" for name, value in self.meta.items())
        for option, items in (("constraints", self.constraints), ("indexes", self.indexes)):
            if items:
                yield f"        {option} = [{', '.join(item.source() for item in items)}]"
        if self.together:
            groups = [[each.name for each in group] for group in self.together]
            yield f"        unique_together = {groups!r}"


@dataclass(eq=False)
class World:
    """The models and enum classes of all apps, and names that are not yet taken."""

    models: list[Model] = field(default_factory=list)
    enums: dict[str, list[Enum]] = field(default_factory=lambda: {app: [] for app in APPS})
    raw: list[tuple[str, str]] = field(default_factory=list)
    """Objects of RunSQL: the SQL to create and to drop each of them."""
    numbers: int = 0

    def number(self) -> int:
        self.numbers += 1
        return self.numbers

    def of(self, app: str) -> list[Model]:
        return [model for model in self.models if model.app == app]

    def source(self, app: str) -> str:
        lines = [line for enum in self.enums[app] for line in (*enum.source(), "")]
        for model in self.of(app):
            lines += ["", *model.source()]
        return IMPORTS + "\n".join(lines) + "\n"

    def referring(self, model: Model) -> list[tuple[Model, Field]]:
        """Return the relations to `model`, each with the model that has it."""
        return [(each, f) for each in self.models for f in each.fields if f.target is model]

    def children(self, model: Model) -> list[Model]:
        return [each for each in self.models if each.parent is model]

    def users(self, enum: Enum) -> list[tuple[Model, Field]]:
        return [(each, f) for each in self.models for f in each.fields if f.enum is enum]

    def remove(self, model: Model) -> None:
        """Remove a model, the relations to it, and enum classes that are no longer used."""
        for child in self.children(model):
            self.remove(child)
        for other, relation in self.referring(model):
            self.remove_field(other, relation)
        self.models = [each for each in self.models if each is not model]
        self.forget_enums()

    def remove_field(self, model: Model, removed: Field) -> None:
        model.constraints = [item for item in model.constraints if not _has(item.fields, removed)]
        model.indexes = [item for item in model.indexes if not _has(item.fields, removed)]
        model.together = [group for group in model.together if not _has(group, removed)]
        model.fields = [each for each in model.fields if each is not removed]
        self.forget_enums()

    def forget_enums(self) -> None:
        for app in APPS:
            self.enums[app] = [enum for enum in self.enums[app] if self.users(enum)]


def _has(fields: list[Field], wanted: Field) -> bool:
    return any(each is wanted for each in fields)


@dataclass(frozen=True)
class Choice:
    """One step of a program, and the seed of its random choices."""

    step: str
    seed: int

    @property
    def random(self) -> Random:
        return Random(self.seed)  # noqa: S311
