"""Steps that edit models, after which makemigrations writes the migration.

Each step changes the world, and returns whether it found something to change.
"""

from collections.abc import Callable
from random import Random

from tests.random_migrations.fields import (
    COMMENTS,
    MODEL_NAMES,
    PLAIN,
    new_field,
    new_item,
    new_name,
    odd_name,
    presence,
)
from tests.random_migrations.world import APPS, Enum, Field, Label, Model, World

type Edit = Callable[[World, Random], bool]


def add_model(world: World, random: Random) -> bool:
    app = random.choice(APPS)
    model = Model(app, new_name(world, random, MODEL_NAMES))
    for _ in range(random.randint(1, 4)):
        model.fields.append(new_field(world, random, model, is_new_model=True))
    if random.random() < 0.2:
        model.meta["db_table"] = repr(_table_name(world, random))
    if random.random() < 0.2:
        model.meta["db_table_comment"] = repr(random.choice(COMMENTS))
    world.models.append(model)
    return True


def add_child(world: World, random: Random) -> bool:
    parents = [each for each in world.models if not each.proxy]
    if not parents:
        return False
    parent = random.choice(parents)
    model = Model(parent.app, new_name(world, random, MODEL_NAMES), parent=parent)
    if random.random() < 0.3:
        model.proxy = True
    else:
        model.fields.append(new_field(world, random, model, is_new_model=True))
    world.models.append(model)
    return True


def remove_model(world: World, random: Random) -> bool:
    candidates = [each for each in world.models if _is_free(world, each)]
    if not candidates:
        return False
    world.remove(random.choice(candidates))
    return True


def rename_model(world: World, random: Random) -> bool:
    """Rename a model from which no other inherits, as Django cannot rename a parent."""
    models = [each for each in world.models if not world.children(each)]
    if not models:
        return False
    random.choice(models).name = new_name(world, random, MODEL_NAMES)
    return True


def set_table(world: World, random: Random) -> bool:
    models = [each for each in world.models if not each.proxy]
    if not models:
        return False
    model = random.choice(models)
    if "db_table" in model.meta and random.random() < 0.4:
        del model.meta["db_table"]
    else:
        model.meta["db_table"] = repr(_table_name(world, random))
    return True


def set_comment(world: World, random: Random) -> bool:
    models = [each for each in world.models if not each.proxy]
    if not models:
        return False
    random.choice(models).meta["db_table_comment"] = repr(random.choice(COMMENTS))
    return True


def add_field(world: World, random: Random) -> bool:
    models = [each for each in world.models if not each.proxy]
    if not models:
        return False
    model = random.choice(models)
    model.fields.append(new_field(world, random, model, is_new_model=False))
    return True


def remove_field(world: World, random: Random) -> bool:
    found = [(model, each) for model, each in _fields(world) if not is_source(model, each)]
    if not found:
        return False
    world.remove_field(*random.choice(found))
    return True


def rename_field(world: World, random: Random) -> bool:
    found = [(model, each) for model, each in _fields(world) if not is_source(model, each)]
    if not found:
        return False
    random.choice(found)[1].name = f"renamed{world.number()}"
    return True


def alter_field(world: World, random: Random) -> bool:
    found = [(model, each) for model, each in _fields(world) if each.kind != "generated"]
    if not found:
        return False
    _, one = random.choice(found)
    change = random.choice([_toggle_index, _toggle_column, _comment, _presence, _widen, _unique])
    return change(world, random, one)


def _toggle_index(world: World, random: Random, one: Field) -> bool:
    if one.kind in ("m2m", "o2o", "json", "ints", "chars", "enums", "binary"):
        return False
    if one.options.pop("db_index", "") == "":
        one.options["db_index"] = "False" if one.kind == "fk" else "True"
    return True


def _toggle_column(world: World, random: Random, one: Field) -> bool:
    if one.kind == "m2m":
        return False
    if one.options.pop("db_column", "") == "":
        one.options["db_column"] = repr(odd_name(world, random))
    return True


def _comment(world: World, random: Random, one: Field) -> bool:
    if one.kind == "m2m":
        return False
    one.options["db_comment"] = repr(random.choice(COMMENTS))
    return True


def _presence(world: World, random: Random, one: Field) -> bool:
    if one.is_relation or one.options.get("unique"):
        return False
    if one.enum:
        member = f"{one.enum.name}.{random.choice(one.enum.labels).member}"
        default, db_default = ("list", "") if one.kind == "enums" else (member, member)
    else:
        _, _, default, db_default = PLAIN[one.kind]
    if not default:
        return False
    for option in ("null", "default", "db_default"):
        one.options.pop(option, None)
    presence(random, one, default, db_default)
    return not one.options.pop("unique", "")  # many rows have the same default


def _widen(world: World, random: Random, one: Field) -> bool:
    """Give the field a type that can store all of its values."""
    wider = {"int": "big", "positive": "big", "short": "char", "char": "text"}
    if one.kind not in wider:
        return False
    one.kind = wider[one.kind]
    one.cls, extra, _, _ = PLAIN[one.kind]
    one.options.pop("max_length", None)
    one.options |= extra
    return True


def _unique(world: World, random: Random, one: Field) -> bool:
    if one.options.pop("unique", ""):
        return True
    if one.kind == "o2o":
        one.kind, one.cls = "fk", "models.ForeignKey("
        return True
    return False


def add_item(world: World, random: Random) -> bool:
    models = [each for each in world.models if not each.proxy]
    if not models:
        return False
    model = random.choice(models)
    found = new_item(world, random, model)
    if not found:
        return False
    where, item = found
    (model.indexes if where == "indexes" else model.constraints).append(item)
    return True


def remove_item(world: World, random: Random) -> bool:
    models = [each for each in world.models if each.indexes or each.constraints]
    if not models:
        return False
    model = random.choice(models)
    items = model.indexes or model.constraints
    del items[random.randrange(len(items))]
    return True


def toggle_together(world: World, random: Random) -> bool:
    models = [each for each in world.models if not each.proxy and not each.parent]
    if not models:
        return False
    model = random.choice(models)
    uniques = [each for each in model.plain if each.options.get("unique")]
    others = [each for each in model.plain if each.kind not in ("json", "binary")]
    if model.together:
        model.together = []
    elif uniques and len(others) > 1:
        model.together = [[uniques[0], next(each for each in others if each is not uniques[0])]]
    else:
        return False
    return True


def add_label(world: World, random: Random) -> bool:
    if not (enum := _enum(world, random)):
        return False
    number = world.number()
    label = Label(f"M{number}", random.choice(["new", "it's", "100%", "ключ", "A B"]) + str(number))
    enum.labels.insert(random.randint(0, len(enum.labels)), label)
    return True


def rename_label(world: World, random: Random) -> bool:
    if not (enum := _enum(world, random)):
        return False
    random.choice(enum.labels).value = f"label%{world.number()}"
    return True


def reorder_labels(world: World, random: Random) -> bool:
    if not (enum := _enum(world, random)):
        return False
    enum.labels.reverse()
    return True


def rename_enum(world: World, random: Random) -> bool:
    if not (enum := _enum(world, random)):
        return False
    enum.name, old = f"Renamed{world.number()}", enum.name
    for _, one in world.users(enum):
        for option, value in one.options.items():
            one.options[option] = value.replace(f"{old}.", f"{enum.name}.")
    return True


def several(world: World, random: Random) -> bool:
    """Make two or three edits in one migration.

    Return False if an edit renames a model with an explicit table name. If its fields change as
    well, Django creates the table before it deletes the old one, and migrate refuses that.
    """
    named = {model: model.name for model in world.models if "db_table" in model.meta}
    edits = list(EDITS.values())
    chosen = [random.choice(edits) for _ in range(random.randint(2, 3))]
    done = [edit(world, random) for edit in chosen]
    return any(done) and all(model.name == name for model, name in named.items())


EDITS: dict[str, Edit] = {
    edit.__name__: edit
    for edit in (
        add_model,
        add_child,
        remove_model,
        rename_model,
        set_table,
        set_comment,
        add_field,
        remove_field,
        rename_field,
        alter_field,
        add_item,
        remove_item,
        toggle_together,
        add_label,
        rename_label,
        reorder_labels,
        rename_enum,
    )
}


def is_source(model: Model, one: Field) -> bool:
    """Return whether a generated field is computed from the field."""
    return any(f"F({one.name!r})" in each.options.get("expression", "") for each in model.fields)


def _is_free(world: World, model: Model) -> bool:
    """Return whether no handwritten migration needs the table of the model or of a child."""
    return not model.pinned and all(_is_free(world, child) for child in world.children(model))


def _fields(world: World) -> list[tuple[Model, Field]]:
    return [(model, each) for model in world.models for each in model.fields]


def _enum(world: World, random: Random) -> Enum | None:
    enums = [enum for app in APPS for enum in world.enums[app]]
    return random.choice(enums) if enums else None


def _table_name(world: World, random: Random) -> str:
    name = odd_name(world, random)
    return f'sales"."{name}' if random.random() < 0.25 else name
