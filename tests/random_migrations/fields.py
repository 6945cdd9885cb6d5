"""Random fields, constraints, indexes and names."""

from random import Random

from tests.random_migrations.world import Enum, Field, Item, Label, Model, World

# For each kind: the start of the call, options, a default in Python, and one in the database.
PLAIN: dict[str, tuple[str, dict[str, str], str, str]] = {
    "int": ("models.IntegerField(", {}, "7", "5"),
    "big": ("models.BigIntegerField(", {}, "8", "6"),
    "positive": ("models.PositiveSmallIntegerField(", {}, "3", "4"),
    "char": ("models.CharField(", {"max_length": "60"}, "'x'", "'y'"),
    "short": ("models.CharField(", {"max_length": "40"}, "''", '"it\'s 5%"'),
    "text": ("models.TextField(", {}, "''", "'back\\\\slash %s'"),
    "slug": ("models.SlugField(", {}, "'s'", "'t'"),
    "bool": ("models.BooleanField(", {}, "False", "True"),
    "decimal": ("models.DecimalField(", {"max_digits": "20", "decimal_places": "4"}, "1", "2"),
    "float": ("models.FloatField(", {}, "1.5", "2.5"),
    "date": (
        "models.DateField(",
        {},
        "datetime.date(2026, 1, 1)",
        "datetime.date(2026, 1, 2)",
    ),
    "moment": ("models.DateTimeField(", {}, "", "Now()"),
    "time": ("models.TimeField(", {}, "datetime.time(1, 2)", "datetime.time(3, 4)"),
    "duration": (
        "models.DurationField(",
        {},
        "datetime.timedelta(1)",
        "datetime.timedelta(hours=2)",
    ),
    "json": ("models.JSONField(", {}, "dict", "{'a': [1, '%']}"),
    "uuid": ("models.UUIDField(", {}, "", ""),
    "binary": ("models.BinaryField(", {}, "b'%'", ""),
    "ip": ("models.GenericIPAddressField(", {}, "", "'127.0.0.1'"),
    "ints": ("ArrayField(models.IntegerField())", {}, "list", "[1, 2]"),
    "chars": ("ArrayField(models.CharField(max_length=60))", {}, "list", ""),
}
COMPARABLE = ("int", "big", "positive", "char", "short", "text", "slug", "decimal", "date")
NUMBERS = ("int", "big", "positive")
TEXTS = ("char", "short", "text", "slug")

MODEL_NAMES = ("Item", "Order", "User2", "Цифра", "UPPER", "Select", "Thing", "HTTPLog", "Größe")
FIELD_NAMES = ("name", "order", "group", "userID", "цена", "value", "select", "note", "größe")
ENUM_NAMES = ("Status", "Kind", "Level", "Вид", "HTTPMethod", "Grade")
LABELS = ("a", "B", "two words", "it's", "100%", "%s", "ключ", 'quo"te', "", "back\\slash", "a,b")
ODD = ("Two Words", "UPPER", "order", "столбец", "100pct", "semi;colon", "dot.ted", "it's")
COMMENTS = ("plain", '100% of it\'s "all"', "%s and {0} and \\ ", "две строки", "line\nbreak", "$$")


def long_name(random: Random, number: int) -> str:
    """Return a name with about as many letters or bytes as PostgreSQL allows."""
    stem = random.choice(["x" * 55, "x" * 61, "ж" * 28, "ж" * 34, "y" * 40])
    return f"{stem}{number}"


def new_name(world: World, random: Random, names: tuple[str, ...], suffix: str = "") -> str:
    number = world.number()
    if random.random() < 0.06:
        return f"{names[0][0]}{long_name(random, number)}"
    return f"{random.choice(names)}{number}{suffix}"


def odd_name(world: World, random: Random) -> str:
    """Return a name for a column or a table that PostgreSQL must quote."""
    number = world.number()
    if random.random() < 0.15:
        return long_name(random, number)
    return f"{random.choice(ODD)} {number}"


def new_enum(world: World, random: Random, app: str) -> Enum:
    values = random.sample([label for label in LABELS if label], random.randint(2, 4))
    labels = [Label(f"M{world.number()}", value) for value in values]
    enum = Enum(new_name(world, random, ENUM_NAMES), labels)
    world.enums[app].append(enum)
    return enum


def some_enum(world: World, random: Random, app: str) -> Enum:
    if world.enums[app] and random.random() < 0.6:
        return random.choice(world.enums[app])
    return new_enum(world, random, app)


def new_field(world: World, random: Random, model: Model, *, is_new_model: bool) -> Field:
    """Return a field. In an existing model, the field is nullable or has a default."""
    chance = random.random()
    name = new_name(world, random, FIELD_NAMES)
    if chance < 0.25:
        return _enum_field(world, random, model, name)
    if chance < 0.45 and world.models:
        return _relation(world, random, model, name)
    if chance < 0.5 and (generated := _generated(random, model, name)):
        return generated
    kind = random.choice(list(PLAIN))
    cls, options, default, db_default = PLAIN[kind]
    new = Field(name, kind, cls, dict(options))
    presence(random, new, default, db_default, may_require=is_new_model)
    _decorate(world, random, new)
    return new


def presence(
    random: Random, new: Field, default: str, db_default: str, *, may_require: bool = False
) -> None:
    """Make the field nullable, give it a default in Python or in the database, or require it."""
    ways = ["null"] + ["default"] * bool(default) + ["db_default"] * bool(db_default)
    way = random.choice([*ways, "required"] if may_require else ways)
    if way == "null":
        new.options["null"] = "True"
        if random.random() < 0.2 and db_default:
            new.options["db_default"] = db_default
    elif way != "required":
        new.options[way] = default if way == "default" else db_default
    if way in ("null", "required") and new.kind in COMPARABLE and random.random() < 0.3:
        new.options["unique"] = "True"


def _decorate(world: World, random: Random, new: Field) -> None:
    if new.kind in COMPARABLE and random.random() < 0.2:
        new.options["db_index"] = "True"
    if random.random() < 0.15:
        new.options["db_column"] = repr(odd_name(world, random))
    if random.random() < 0.15:
        new.options["db_comment"] = repr(random.choice(COMMENTS))


def _enum_field(world: World, random: Random, model: Model, name: str) -> Field:
    enum = some_enum(world, random, model.app)
    default = f"{enum.name}.{random.choice(enum.labels).member}"
    is_array = random.random() < 0.25
    cls = "ArrayField(EnumField(ENUM))" if is_array else "EnumField(ENUM)"
    new = Field(name, "enums" if is_array else "enum", cls, {}, enum=enum)
    if is_array:
        presence(random, new, "list", "")
    else:
        presence(random, new, default, default)
        if random.random() < 0.2:
            new.options["db_index"] = "True"
    _decorate(world, random, new)
    return new


def _relation(world: World, random: Random, model: Model, name: str) -> Field:
    target = random.choice([*world.models, model])
    kind = random.choice(["fk", "fk", "fk", "o2o", "m2m"])
    cls = {
        "fk": "models.ForeignKey(",
        "o2o": "models.OneToOneField(",
        "m2m": "models.ManyToManyField(",
    }
    options = {"related_name": "'+'"}
    if kind != "m2m":
        options |= {
            "on_delete": random.choice(["models.CASCADE", "models.PROTECT"]),
            "null": "True",
        }
        if kind == "fk" and random.random() < 0.2:
            options["db_index"] = "False"
    return Field(name, kind, cls[kind], options, target)


def _generated(random: Random, model: Model, name: str) -> Field | None:
    """Return a field that is generated from a numeric field of the model, or None."""
    numbers = [each for each in model.plain if each.kind in NUMBERS]
    if not numbers:
        return None
    source = random.choice(numbers)
    options = {
        "expression": f"F({source.name!r}) * 2",
        "output_field": "models.BigIntegerField()",
        "db_persist": "True",
    }
    new = Field(name, "generated", "models.GeneratedField(", options)
    model.constraints.append(
        Item(
            f"of_{name}"[:30],
            "models.CheckConstraint(condition=Q({0}__gte=0), name={name})",
            [source],
        )
    )
    return new


def new_item(world: World, random: Random, model: Model) -> tuple[str, Item] | None:
    """Return "constraints" or "indexes", and a new item of that kind."""
    fields = [each for each in model.plain if each.kind in COMPARABLE]
    if not fields:
        return None
    one = random.choice(fields)
    other = random.choice(fields)
    name = f"{random.choice(['ix', 'Odd Name', 'условие'])}_{world.number()}"
    templates = {
        "indexes": [
            "models.Index(fields=[{0!r}], name={name})",
            "models.Index(fields=[{0!r}, 'id'], name={name}, include=['id'])",
            "models.Index({fn}({0!r}), name={name})",
            "models.Index(fields=['-{0}'], condition=Q({0}__isnull=False), name={name})",
        ],
        "constraints": [
            "models.CheckConstraint(condition=Q({0}__isnull=True) | ~Q({0}={never}), name={name})",
            "models.UniqueConstraint(fields=[{0!r}, 'id'], name={name})",
            "models.UniqueConstraint(fields=[{0!r}, 'id'], condition=Q({0}__isnull=False), "
            "name={name}, violation_error_message='100%')",
            "models.UniqueConstraint(fields=['id', {1!r}], deferrable=models.Deferrable.DEFERRED, "
            "name={name})",
        ],
    }
    where = random.choice(list(templates))
    template = random.choice(templates[where])
    never = (
        "'100% no'"
        if one.kind in TEXTS
        else "datetime.date(1, 1, 1)"
        if one.kind == "date"
        else "-5"
    )
    template = template.replace("{never}", never)
    template = template.replace("{fn}", "Lower" if one.kind in TEXTS else "F")
    if model.parent and "'id'" in template:
        return None
    return where, Item(name, template, [one, other])
