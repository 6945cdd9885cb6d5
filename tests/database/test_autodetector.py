"""What makemigrations finds: enum types that come and go, and apps that stay in one piece."""

from typing import Any

import pytest
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField
from django.core.management.base import CommandError
from django.db import models
from django.db.migrations import Migration
from django.db.migrations.graph import MigrationGraph
from django.db.migrations.operations import AddConstraint, AddField, AddIndex, CreateModel
from django.db.migrations.state import ModelState, ProjectState
from django.db.migrations.writer import MigrationWriter
from django.db.models import Case, Q, Value, When
from django.test.utils import isolate_apps

from config.database.fields import EnumField
from tests.database.migration_helpers import described, detected, model, steps


class Mood(models.TextChoices):
    HAPPY = "happy"
    SAD = "sad"


class Tempo(models.TextChoices):
    SLOW = "slow"
    FAST = "fast"


def fk(to: str, **options: Any) -> "models.ForeignKey[Any, Any]":
    return models.ForeignKey(to, models.CASCADE, **options)


def song(**fields: Any) -> ModelState:
    return model("music.Song", **fields)


TEXT = models.CharField(max_length=20)
MOOD = EnumField(Mood)
MOODS = ArrayField(EnumField(Mood), default=list)


# Enum types


CHANGES: dict[str, tuple[list[ModelState], list[ModelState], list[str]]] = {
    "model created": (
        [],
        [song(mood=MOOD)],
        ["Create enum type mood", "Create model Song"],
    ),
    "model with array created": (
        [],
        [song(moods=ArrayField(MOODS))],
        ["Create enum type mood", "Create model Song"],
    ),
    "model with two types created": (
        [],
        [song(mood=MOOD, tempo=EnumField(Tempo))],
        ["Create enum type mood", "Create enum type tempo", "Create model Song"],
    ),
    "model deleted": (
        [song(mood=MOOD)],
        [],
        ["Delete model Song", "Drop enum type mood"],
    ),
    "field added": (
        [song()],
        [song(mood=EnumField(Mood, null=True))],
        ["Create enum type mood", "Add field mood to song"],
    ),
    "array added": (
        [song()],
        [song(moods=MOODS)],
        ["Create enum type mood", "Add field moods to song"],
    ),
    "second field of the type added": (
        [song(mood=MOOD)],
        [song(mood=MOOD, former_mood=EnumField(Mood, null=True))],
        ["Add field former_mood to song"],
    ),
    "field removed": (
        [song(mood=MOOD)],
        [song()],
        ["Remove field mood from song", "Drop enum type mood"],
    ),
    "one of two fields removed": (
        [song(mood=MOOD, moods=MOODS)],
        [song(mood=MOOD)],
        ["Remove field moods from song"],
    ),
    "text to enum": (
        [song(mood=TEXT)],
        [song(mood=MOOD)],
        ["Create enum type mood", "Alter field mood on song"],
    ),
    "enum to text": (
        [song(mood=MOOD)],
        [song(mood=TEXT)],
        ["Alter field mood on song", "Drop enum type mood"],
    ),
    "enum to enum": (
        [song(mood=MOOD)],
        [song(mood=EnumField(Tempo))],
        ["Create enum type tempo", "Alter field mood on song", "Drop enum type mood"],
    ),
    "default added": (
        [song(mood=MOOD)],
        [song(mood=EnumField(Mood, db_default=Mood.SAD))],
        ["Alter field mood on song"],
    ),
    "field renamed": (
        [song(mood=MOOD)],
        [song(feeling=MOOD)],
        ["Rename field mood on song to feeling"],
    ),
    "model renamed": (
        [song(mood=MOOD)],
        [model("music.Tune", mood=MOOD)],
        ["Rename model Song to Tune"],
    ),
    "second model of the type created": (
        [song(mood=MOOD)],
        [song(mood=MOOD), model("music.Album", mood=MOOD)],
        ["Create model Album"],
    ),
    "one of two models deleted": (
        [song(mood=MOOD), model("music.Album", mood=MOOD)],
        [song(mood=MOOD)],
        ["Delete model Album"],
    ),
    "unmanaged model created": (
        [],
        [model("music.Song", mood=MOOD, options={"managed": False})],
        ["Create model Song"],
    ),
    "model no longer managed": (
        [song(mood=MOOD)],
        [model("music.Song", mood=MOOD, options={"managed": False})],
        ["Change Meta options on song"],
    ),
    "model managed from now on": (
        [model("music.Song", mood=MOOD, options={"managed": False})],
        [song(mood=MOOD)],
        ["Change Meta options on song"],
    ),
}


@pytest.mark.parametrize(("before", "after", "operations"), CHANGES.values(), ids=CHANGES)
def test_enum_types_after_a_change__come_and_go_with_their_fields(
    before: list[ModelState], after: list[ModelState], operations: list[str]
) -> None:
    assert steps(detected(before, after)) == {"music": [operations]}


@pytest.mark.parametrize("field", [MOOD, MOODS, EnumField(Mood, db_default=Mood.SAD)])
def test_enum_field_unchanged__nothing_detected(field: "models.Field[Any, Any]") -> None:
    assert detected([song(mood=field)], [song(mood=field.clone())]) == {}


def test_enum_field_as_migrations_hold_it__equals_that_of_the_class() -> None:
    labelled = EnumField(type_name="mood", labels=["happy", "sad"], db_default="sad")
    of_class = EnumField(Mood, db_default=Mood.SAD)
    assert detected([song(mood=labelled)], [song(mood=of_class)]) == {}


def test_texts_that_people_read_changed__nothing_detected() -> None:
    class Reworded(models.TextChoices):
        HAPPY = "happy", "In good spirits"
        SAD = "sad", "In low spirits"

    Reworded.__name__ = "Mood"
    assert detected([song(mood=MOOD)], [song(mood=EnumField(Reworded))]) == {}


def test_types_of_two_apps__created_each_in_its_own() -> None:
    changes = detected([], [song(mood=MOOD), model("dance.Step", tempo=EnumField(Tempo))])
    assert steps(changes) == {
        "dance": [["Create enum type tempo", "Create model Step"]],
        "music": [["Create enum type mood", "Create model Song"]],
    }


@isolate_apps()
def test_enum_field_of_an_abstract_base__created_once_for_its_concrete_models() -> None:
    class Moody(models.Model):
        mood = EnumField(Mood)

        class Meta:
            app_label = "music"
            abstract = True

        def __str__(self) -> str:
            return str(self.mood)

    class Song(Moody):
        class Meta(Moody.Meta):
            pass

    class Single(Song):
        class Meta:
            app_label = "music"

    class SongByName(Song):
        class Meta:
            app_label = "music"
            proxy = True

    states = [ModelState.from_model(cls) for cls in (Song, Single, SongByName)]
    assert steps(detected([], states)) == {
        "music": [
            [
                "Create enum type mood",
                "Create model Song",
                "Create model Single",
                "Create proxy model SongByName",
            ]
        ]
    }


@pytest.mark.parametrize(
    ("labels", "listed"),
    [
        (["happy", "sad", "calm"], "happy, sad, calm"),
        (["calm", "happy", "sad"], "calm, happy, sad"),
        (["happy"], "happy"),
        (["sad", "happy"], "sad, happy"),
        (["happy", "blue"], "happy, blue"),
    ],
    ids=["added", "added before", "removed", "reordered", "renamed"],
)
def test_labels_changed__refused(labels: list[str], listed: str) -> None:
    changed = EnumField(type_name="mood", labels=labels)
    with pytest.raises(CommandError) as error:
        detected([song(mood=MOOD)], [song(mood=changed)])
    assert str(error.value) == (
        f"The labels of enum type 'mood' changed from (happy, sad) to ({listed}), which migrations "
        "cannot do yet. Restore them in app 'music', or give the new set of labels to a class of "
        "another name."
    )


def test_type_moved_to_another_app__refused() -> None:
    with pytest.raises(CommandError) as error:
        detected([song(mood=MOOD)], [song(), model("dance.Step", mood=MOOD)])
    assert str(error.value) == (
        "Enum type 'mood' moved from app 'music' to 'dance', which migrations cannot do yet. Keep "
        "its TextChoices in 'music', or give the new class another name."
    )


# What the written migration holds


def written(migration: Migration) -> tuple[str, Migration]:
    """The source of the file, and the migration that Python reads from it."""
    source = MigrationWriter(migration, include_header=False).as_string()
    module: dict[str, Any] = {}
    exec(source, module)  # noqa: S102  it is what a migration file is for
    return source, module["Migration"](migration.name, migration.app_label)


def test_migration_written__imports_no_enum_class() -> None:
    [migration] = detected([], [song(mood=EnumField(Mood, db_default=Mood.SAD))])["music"]
    source, _ = written(migration)
    imports = [line for line in source.splitlines() if "import" in line]
    assert imports == [
        "import config.database.fields",
        "import config.database.operations",
        "from django.db import migrations, models",
    ]


@pytest.mark.parametrize("option", ["default", "db_default"])
def test_migration_written__holds_plain_strings(option: str) -> None:
    field = EnumField(Mood, **{option: Mood.SAD})
    [migration] = detected([], [song(mood=field)])["music"]
    _, read = written(migration)
    assert isinstance(read.operations[1], CreateModel)
    assert dict(read.operations[1].fields)["mood"].deconstruct()[3] == {
        option: "sad",
        "type_name": "mood",
        "labels": ["happy", "sad"],
    }


def test_migration_written_and_read__finds_no_further_change() -> None:
    wanted = [song(mood=EnumField(Mood, db_default=Mood.SAD), moods=MOODS)]
    [migration] = detected([], wanted)["music"]
    _, read = written(migration)
    state = read.mutate_state(ProjectState())
    assert detected(list(state.models.values()), wanted) == {}


# Apps that refer to each other

REQUIRED = [
    model("shop.Order", book=fk("library.Book")),
    model("library.Book", title=TEXT),
]
CIRCLE = [
    model("library.Loan", payment=fk("shop.Payment", null=True), due=TEXT),
    model("shop.Payment", loan=fk("library.Loan")),
]


def dependencies(migration: Migration) -> list[tuple[str, str]]:
    return sorted(migration.dependencies)


def columns(migration: Migration, name: str) -> list[str]:
    """The columns that the new table of the model `name` gets, in order."""
    [created] = [
        operation
        for operation in migration.operations
        if isinstance(operation, CreateModel) and operation.name == name
    ]
    return [field_name for field_name, _ in created.fields]


def test_app_that_refers_to_another__is_one_migration_after_it() -> None:
    changes = detected([], REQUIRED)
    assert steps(changes) == {
        "library": [["Create model Book"]],
        "shop": [["Create model Order"]],
    }
    assert dependencies(changes["shop"][0]) == [("library", "0001_initial")]


def test_apps_that_refer_to_each_other_through_different_models__are_split_once() -> None:
    changes = detected(
        [],
        [
            model("library.Book", author=fk("people.Author", null=True)),
            model("people.Author"),
            model("people.Reader", favourite=fk("library.Book")),
        ],
    )
    assert steps(changes) == {
        "library": [["Create model Book"], ["Add field author to book"]],
        "people": [["Create model Author", "Create model Reader"]],
    }


def test_circle_of_apps__split_at_the_nullable_column() -> None:
    changes = detected([], CIRCLE)
    assert steps(changes) == {
        "library": [["Create model Loan"], ["Add field payment to loan"]],
        "shop": [["Create model Payment"]],
    }
    first, second = changes["library"]
    [payments] = changes["shop"]
    assert dependencies(first) == []
    assert dependencies(payments) == [("library", "0001_initial")]
    assert dependencies(second) == [("library", "0001_initial"), ("shop", "0001_initial")]


def test_circle_whose_nullable_column_is_in_the_later_app__split_there() -> None:
    changes = detected(
        [],
        [
            model("library.Loan", payment=fk("shop.Payment")),
            model("shop.Payment", loan=fk("library.Loan", null=True)),
        ],
    )
    assert steps(changes) == {
        "library": [["Create model Loan"]],
        "shop": [["Create model Payment"], ["Add field loan to payment"]],
    }


def test_circle_without_a_nullable_column__still_split() -> None:
    changes = detected(
        [],
        [
            model("library.Loan", payment=fk("shop.Payment")),
            model("shop.Payment", loan=fk("library.Loan")),
        ],
    )
    assert steps(changes) == {
        "library": [["Create model Loan"], ["Add field payment to loan"]],
        "shop": [["Create model Payment"]],
    }


def test_circle_of_three_apps__only_one_is_split() -> None:
    changes = detected(
        [],
        [
            model("a.One", two=fk("b.Two")),
            model("b.Two", three=fk("c.Three")),
            model("c.Three", one=fk("a.One", null=True)),
        ],
    )
    assert {app_label: len(migrations) for app_label, migrations in changes.items()} == {
        "a": 1,
        "b": 1,
        "c": 2,
    }


def test_app_before_and_app_after_a_circle__are_one_migration() -> None:
    changes = detected(
        [],
        [
            *CIRCLE,
            model("audit.Entry", payment=fk("shop.Payment"), loan=fk("library.Loan")),
            model("zoo.Animal"),
            model("library.Book", animal=fk("zoo.Animal")),
        ],
    )
    assert {app_label: len(migrations) for app_label, migrations in changes.items()} == {
        "zoo": 1,
        "library": 2,
        "shop": 1,
        "audit": 1,
    }


def test_columns_of_a_new_table__in_the_order_of_the_model() -> None:
    order = model("shop.Order", book=fk("library.Book"), note=TEXT, former=fk("library.Book"))
    changes = detected([], [order, model("library.Book")])
    assert columns(changes["shop"][0], "Order") == ["id", "book", "note", "former"]


def test_columns_of_a_split_table__in_the_order_of_the_model_without_those_that_wait() -> None:
    changes = detected([], CIRCLE)
    assert columns(changes["library"][0], "Loan") == ["id", "due"]


@pytest.mark.parametrize(
    "options",
    [
        {"indexes": [models.Index(fields=["-due"], name="due_idx")]},
        {"indexes": [models.Index("due", name="due_idx", condition=Q(due="now"))]},
        {"constraints": [models.UniqueConstraint(fields=["due"], name="due_uniq")]},
        {"constraints": [models.CheckConstraint(condition=Q(due__gt="now"), name="due_check")]},
    ],
)
def test_index_or_constraint_on_fields_that_do_not_wait__is_part_of_the_table(
    options: dict[str, list[Any]],
) -> None:
    loan = model("library.Loan", payment=fk("shop.Payment", null=True), due=TEXT, options=options)
    changes = detected([], [loan, CIRCLE[1]])
    assert steps(changes)["library"] == [["Create model Loan"], ["Add field payment to loan"]]


@pytest.mark.parametrize(
    "item",
    [
        models.Index(fields=["-payment"], name="loan_idx"),
        models.Index("payment", name="loan_idx"),
        models.Index(fields=["due"], include=["payment"], name="loan_idx"),
        models.Index(fields=["due"], condition=Q(payment__isnull=True), name="loan_idx"),
        models.Index(fields=["due"], condition=Q(payment_id__gt=1), name="loan_idx"),
        models.Index(Case(When(payment=None, then=Value(1))), name="loan_idx"),
        models.UniqueConstraint(fields=["due", "payment"], name="loan_uniq"),
        models.UniqueConstraint(models.F("payment").desc(), name="loan_uniq"),
        models.CheckConstraint(condition=Q(payment__isnull=False) | Q(due=""), name="loan_check"),
        models.CheckConstraint(condition=Q(due__lt=models.F("payment")), name="loan_check"),
        ExclusionConstraint(expressions=[("payment", "=")], name="loan_excl"),
        ExclusionConstraint(expressions=[(models.F("payment"), "=")], name="loan_excl"),
    ],
    ids=repr,
)
def test_index_or_constraint_on_a_field_that_waits__waits_with_it(
    item: models.Index | models.BaseConstraint,
) -> None:
    kind = "indexes" if isinstance(item, models.Index) else "constraints"
    loan = model(
        "library.Loan",
        payment=fk("shop.Payment", null=True),
        due=TEXT,
        options={kind: [item]},
    )
    first, second = detected([], [loan, CIRCLE[1]])["library"]
    assert described(first.operations) == ["Create model Loan"]
    assert first.operations[0].options.get(kind, []) == []  # type: ignore[attr-defined]
    assert [type(operation) for operation in second.operations] == [
        AddField,
        AddIndex if kind == "indexes" else AddConstraint,
    ]


def test_index_on_a_field_that_is_made_anew__comes_after_it() -> None:
    many = model("shop.Order", book=models.ManyToManyField("library.Book"))
    index = models.Index(fields=["book"], name="order_book_idx")
    one = model("shop.Order", book=fk("library.Book", null=True), options={"indexes": [index]})
    changes = detected([many, REQUIRED[1]], [one, REQUIRED[1]])
    assert steps(changes)["shop"] == [
        [
            "Remove field book from order",
            "Add field book to order",
            "Create index order_book_idx on field(s) book of model order",
        ]
    ]


def test_enum_type_of_an_app_in_a_circle__created_in_its_first_migration() -> None:
    loan = model("library.Loan", payment=fk("shop.Payment", null=True, default=None), mood=MOOD)
    changes = detected([], [loan, CIRCLE[1]])
    assert steps(changes)["library"] == [
        ["Create enum type mood", "Create model Loan"],
        ["Add field payment to loan"],
    ]


def test_circle_deleted__enum_types_dropped_after_the_models_that_wait() -> None:
    loan = model("library.Loan", payment=fk("shop.Payment", null=True), mood=MOOD)
    payment = model("shop.Payment", loan=fk("library.Loan"), tempo=EnumField(Tempo))
    assert steps(detected([loan, payment], [])) == {
        "library": [
            ["Remove field payment from loan"],
            ["Delete model Loan", "Drop enum type mood"],
        ],
        "shop": [["Delete model Payment", "Drop enum type tempo"]],
    }


def test_reference_to_the_user_model__stays_swappable() -> None:
    order = model("shop.Order", buyer=fk(settings.AUTH_USER_MODEL))
    user = model(settings.AUTH_USER_MODEL)
    changes = detected([], [order, user])
    assert dependencies(changes["shop"][0]) == [("__setting__", "AUTH_USER_MODEL")]


def test_reference_to_a_migrated_app__depends_on_its_last_migration() -> None:
    graph = MigrationGraph()
    for name in ("0001_initial", "0002_more"):
        graph.add_node(("library", name), Migration(name, "library"))
    graph.add_dependency(None, ("library", "0002_more"), ("library", "0001_initial"))
    changes = detected([REQUIRED[1]], REQUIRED, graph=graph)
    assert steps(changes) == {"shop": [["Create model Order"]]}
    assert dependencies(changes["shop"][0]) == [("library", "0002_more")]


def test_change_of_one_app_asked_for__brings_what_it_needs_and_no_more() -> None:
    states = [*REQUIRED, model("zoo.Animal"), model("audit.Entry", order=fk("shop.Order"))]
    changes = detected([], states, trim_to_apps={"shop"})
    assert steps(changes) == {
        "library": [["Create model Book"]],
        "shop": [["Create model Order"]],
    }
