"""The operations that makemigrations finds for changed enum types and replaced fields."""

from typing import Any

import pytest
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.migrations import Migration
from django.db.migrations.graph import MigrationGraph
from django.db.migrations.operations import (
    AddConstraint,
    AddField,
    AddIndex,
    CreateModel,
    RemoveField,
)
from django.db.migrations.questioner import MigrationQuestioner
from django.db.migrations.state import ModelState, ProjectState
from django.db.migrations.writer import MigrationWriter
from django.db.models import Case, Q, Value, When
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact
from django.test.utils import isolate_apps

from config.postgres.enums import EnumAutodetector
from config.postgres.enums.field import EnumField
from tests.support.migrations import described, detected, model, project_state, steps


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
def test_enum_types_after_a_change__created_and_dropped_with_their_fields(
    before: list[ModelState], after: list[ModelState], operations: list[str]
) -> None:
    assert steps(detected(before, after)) == {"music": [operations]}


@pytest.mark.parametrize("field", [MOOD, MOODS, EnumField(Mood, db_default=Mood.SAD)])
def test_enum_field_unchanged__nothing_detected(field: "models.Field[Any, Any]") -> None:
    assert detected([song(mood=field)], [song(mood=field.clone())]) == {}


def test_enum_field_of_a_migration__equals_the_field_of_the_model() -> None:
    labelled = EnumField(type_name="mood", labels=["happy", "sad"], db_default="sad")
    of_class = EnumField(Mood, db_default=Mood.SAD)
    assert detected([song(mood=labelled)], [song(mood=of_class)]) == {}


def test_display_texts_changed__nothing_detected() -> None:
    class Reworded(models.TextChoices):
        HAPPY = "happy", "In good spirits"
        SAD = "sad", "In low spirits"

    Reworded.__name__ = "Mood"
    assert detected([song(mood=MOOD)], [song(mood=EnumField(Reworded))]) == {}


def test_types_of_two_apps__each_created_in_its_own_app() -> None:
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


# Changed labels; the developer answers yes to each question


def mood(*labels: str, **options: Any) -> EnumField:
    return EnumField(type_name="mood", labels=labels, **options)


ALTER = "Alter enum type mood"


@pytest.mark.parametrize(
    ("labels", "migrations"),
    [
        (["happy", "sad", "calm"], [["Add label 'calm' to enum type mood"]]),
        (["calm", "happy", "sad"], [["Add label 'calm' to enum type mood"]]),
        (["happy"], [[f"{ALTER}: remove 'sad'"]]),
        (["sad", "happy"], [[f"{ALTER}: reorder its labels"]]),
        (["happy", "blue"], [["Rename label 'sad' of enum type mood to 'blue'"]]),
        (
            ["blue", "grey"],
            [
                [
                    "Rename label 'happy' of enum type mood to 'blue'",
                    "Rename label 'sad' of enum type mood to 'grey'",
                ]
            ],
        ),
        (
            ["calm", "happy", "blue"],
            [
                ["Add label 'calm' to enum type mood"],
                ["Rename label 'sad' of enum type mood to 'blue'"],
            ],
        ),
        (
            ["blue", "happy"],
            [
                ["Rename label 'sad' of enum type mood to 'blue'"],
                [f"{ALTER}: reorder its labels"],
            ],
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value[0], str) else "",
)
def test_labels_changed__detected(labels: list[str], migrations: list[list[str]]) -> None:
    before, after = [song(mood=MOOD)], [song(mood=mood(*labels))]
    assert steps(detected(before, after)) == {"music": migrations}


@pytest.mark.parametrize(
    ("labels", "places"),
    [
        (["happy", "sad", "a", "b"], [{}, {}]),
        (["a", "happy", "sad"], [{"before": "happy"}]),
        (["a", "b", "happy", "sad"], [{"before": "happy"}, {"after": "a"}]),
        (["happy", "a", "b", "sad", "c"], [{"after": "happy"}, {"after": "a"}, {}]),
    ],
    ids=lambda value: " ".join(map(str, value)),
)
def test_labels_added__placed_in_their_declared_order(
    labels: list[str], places: list[dict[str, str]]
) -> None:
    [migration] = detected([song(mood=MOOD)], [song(mood=mood(*labels))])["music"]
    options = [operation.deconstruct()[2] for operation in migration.operations]
    kept = ("before", "after")
    assert [{name: o[name] for name in kept if name in o} for o in options] == places


@pytest.mark.parametrize(
    "wrap",
    [
        lambda field: field,
        lambda field: ArrayField(ArrayField(field)),
        lambda field: models.GeneratedField(
            expression=Coalesce("other", "other"), output_field=field, db_persist=True
        ),
    ],
    ids=["column", "array", "generated"],
)
def test_label_added__fields_of_the_type_are_not_altered(wrap: Any) -> None:
    before = [song(other=MOOD, mood=wrap(mood("happy", "sad")))]
    more = ("happy", "sad", "calm")
    after = [song(other=mood(*more), mood=wrap(mood(*more)))]
    assert steps(detected(before, after)) == {"music": [["Add label 'calm' to enum type mood"]]}


def named(label: str) -> ModelState:
    """Return a model with `label` in every expression and default that a rename updates."""
    kind = mood("happy", label)
    default = EnumField(type_name="mood", labels=kind.labels, default=label, db_default=label)
    is_it = Case(When(mood=label, then=Value(1)), When(Q(moods__contains=[label]), then=Value(2)))
    return song(
        mood=default,
        moods=ArrayField(kind, db_default=[label]),
        is_it=models.GeneratedField(
            expression=is_it, output_field=models.IntegerField(), db_persist=True
        ),
        other=models.GeneratedField(
            expression=Coalesce("mood", Value(label)), output_field=kind, db_persist=True
        ),
        options={
            "indexes": [
                models.Index(fields=["mood"], condition=Q(mood=label), name="a"),
                models.Index(Coalesce(models.F("mood"), Value(label)), name="b"),
            ],
            "constraints": [
                models.CheckConstraint(condition=~Q(mood__in=["happy", label]), name="c"),
                models.CheckConstraint(condition=Q(Exact(models.F("mood"), label)), name="d"),
                models.UniqueConstraint(is_it, name="e"),
            ],
        },
    )


def test_label_renamed__expressions_with_it_are_not_altered() -> None:
    assert steps(detected([named("sad")], [named("blue")])) == {
        "music": [["Rename label 'sad' of enum type mood to 'blue'"]]
    }


def test_label_renamed__equal_text_is_kept() -> None:
    def state(label: str) -> ModelState:
        check = models.CheckConstraint(condition=~Q(title="sad", mood__contains="sad"), name="c")
        return song(title=TEXT, mood=mood("happy", label), options={"constraints": [check]})

    assert steps(detected([state("sad")], [state("blue")])) == {
        "music": [["Rename label 'sad' of enum type mood to 'blue'"]]
    }


def test_check_changed_with_a_renamed_label__recreated_around_the_rename() -> None:
    def state(*labels: str) -> ModelState:
        check = models.CheckConstraint(condition=Q(mood__in=labels), name="c")
        return song(mood=mood(*labels), options={"constraints": [check]})

    assert steps(detected([state("happy", "sad")], [state("happy", "blue", "calm")])) == {
        "music": [
            ["Add label 'calm' to enum type mood"],
            [
                "Remove constraint c from model song",
                "Rename label 'sad' of enum type mood to 'blue'",
                "Create constraint c on model song",
            ],
        ]
    }


def test_default_moved_from_a_removed_to_an_added_label__altered_in_between() -> None:
    before = [song(mood=mood("happy", "sad", db_default="sad"), other=TEXT)]
    after = [song(mood=mood("a", "happy", "b", db_default="a"), other=TEXT)]
    autodetector = EnumAutodetector(
        project_state(*before), project_state(*after), MigrationQuestioner({"ask_initial": True})
    )
    changes = autodetector.changes(MigrationGraph())
    assert {app: [m.name for m in migrations] for app, migrations in changes.items()} == {
        "music": ["0001_initial", "0002_alter_song_mood", "0003_alter_mood"]
    }
    assert steps(changes) == {
        "music": [
            ["Add label 'a' to enum type mood", "Add label 'b' to enum type mood"],
            ["Alter field mood on song"],
            [f"{ALTER}: remove 'sad'"],
        ]
    }


def test_types_of_two_models_changed__detected_together() -> None:
    before = [song(mood=MOOD), model("music.Album", tempo=EnumField(Tempo))]
    slow = EnumField(type_name="tempo", labels=["slow"])
    after = [song(mood=mood("happy", "sad", "calm")), model("music.Album", tempo=slow)]
    assert steps(detected(before, after)) == {
        "music": [
            ["Add label 'calm' to enum type mood"],
            ["Alter enum type tempo: remove 'fast'"],
        ]
    }


def test_labels_changed_of_a_type_that_only_unmanaged_models_use__nothing_detected() -> None:
    def state(*labels: str) -> ModelState:
        return model("music.Song", mood=mood(*labels), options={"managed": False})

    assert detected([state("happy")], [state("happy", "sad")]) == {}


# Types that are renamed or moved


def feeling(*labels: str) -> EnumField:
    return EnumField(type_name="feeling", labels=labels)


def test_type_renamed__fields_are_not_altered() -> None:
    after = [song(mood=feeling("happy", "sad"), moods=ArrayField(feeling("happy", "sad")))]
    assert steps(detected([song(mood=MOOD, moods=ArrayField(MOOD))], after)) == {
        "music": [["Rename enum type mood to feeling"]]
    }


def test_type_renamed_and_labels_changed__both_are_detected() -> None:
    after = [song(mood=feeling("calm", "happy", "blue"))]
    assert steps(detected([song(mood=MOOD)], after)) == {
        "music": [
            ["Rename enum type mood to feeling", "Add label 'calm' to enum type feeling"],
            ["Rename label 'sad' of enum type feeling to 'blue'"],
        ]
    }


def test_type_moved_to_another_app__is_kept_and_the_new_app_depends_on_the_old_app() -> None:
    graph = MigrationGraph()
    graph.add_node(("music", "0001_initial"), Migration("0001_initial", "music"))
    changes = detected(
        [song(mood=MOOD), model("dance.Step")],
        [song(), model("dance.Step", mood=EnumField(Mood, null=True))],
        graph=graph,
    )
    assert steps(changes) == {
        "dance": [["Add field mood to step"]],
        "music": [["Remove field mood from song"]],
    }
    assert dependencies(changes["dance"][0]) == [("music", "0002_remove_song_mood")]


def test_type_moved_and_labels_changed__reordered_after_both_apps_have_changed() -> None:
    changes = detected(
        [song(mood=MOOD), model("dance.Step")],
        [song(), model("dance.Step", mood=mood("calm", "happy", null=True))],
    )
    assert steps(changes)["dance"] == [
        ["Rename label 'sad' of enum type mood to 'calm'", "Add field mood to step"],
        [f"{ALTER}: reorder its labels"],
    ]


def test_type_of_two_apps_changed__labels_added_before_and_removed_after_both() -> None:
    def states(*labels: str, title: bool) -> list[ModelState]:
        field: dict[str, Any] = {"title": models.TextField(default="")} if title else {}
        return [song(mood=mood(*labels), **field), model("dance.Step", mood=mood(*labels), **field)]

    before = states("happy", "sad", title=False)
    after = states("a", "happy", "sad", title=True)
    forwards, backwards = detected(before, after), detected(after, before)
    assert [described(migration.operations) for migration in forwards["dance"]] == [
        ["Add label 'a' to enum type mood"],
        ["Add field title to step"],
    ]
    assert dependencies(forwards["music"][0]) == [("dance", "0002_step_title")]
    assert [described(migration.operations) for migration in backwards["dance"]] == [
        ["Remove field title from step"],
        [f"{ALTER}: remove 'a'"],
    ]
    assert ("music", "0001_initial") in backwards["dance"][1].dependencies


# The source of migrations


def written(migration: Migration) -> tuple[str, Migration]:
    """Return the source of the file and the migration that Python reads from it."""
    source = MigrationWriter(migration, include_header=False).as_string()
    module: dict[str, Any] = {}
    exec(source, module)  # noqa: S102  Django also executes migration files
    return source, module["Migration"](migration.name, migration.app_label)


def test_migration_written__imports_no_enum_class() -> None:
    [migration] = detected([], [song(mood=EnumField(Mood, db_default=Mood.SAD))])["music"]
    source, _ = written(migration)
    imports = [line for line in source.splitlines() if "import" in line]
    assert imports == [
        "import config.postgres",
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

PAYMENT = model("shop.Payment", loan=fk("library.Loan"))


def dependencies(migration: Migration) -> list[tuple[str, str]]:
    return sorted(migration.dependencies)


def test_enum_type_of_an_app_with_circular_foreign_keys__created_in_its_first_migration() -> None:
    loan = model("library.Loan", payment=fk("shop.Payment", null=True, default=None), mood=MOOD)
    changes = detected([], [loan, PAYMENT])
    assert steps(changes)["library"] == [
        ["Create enum type mood", "Create model Loan"],
        ["Add field payment to loan"],
    ]


def test_apps_with_circular_foreign_keys_deleted__enum_types_dropped_after_the_models() -> None:
    loan = model("library.Loan", payment=fk("shop.Payment", null=True), mood=MOOD)
    payment = model("shop.Payment", loan=fk("library.Loan"), tempo=EnumField(Tempo))
    assert steps(detected([loan, payment], [])) == {
        "library": [
            ["Remove field payment from loan"],
            ["Delete model Loan", "Drop enum type mood"],
        ],
        "shop": [["Delete model Payment", "Drop enum type tempo"]],
    }


# Indexes and constraints


@pytest.mark.parametrize(
    "item",
    [
        models.Index(fields=["-payment"], name="loan_idx"),
        models.Index("payment", name="loan_idx"),
        models.Index(fields=["due"], include=["payment"], name="loan_idx"),
        models.Index(fields=["due"], condition=Q(payment__isnull=True), name="loan_idx"),
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
def test_index_or_constraint_on_a_field_that_is_replaced__created_after_the_new_field(
    item: models.Index | models.BaseConstraint,
) -> None:
    def loan(payment: Any, **options: Any) -> ModelState:
        return model("library.Loan", payment=payment, due=TEXT, options=options)

    kind = "indexes" if isinstance(item, models.Index) else "constraints"
    changes = detected(
        [loan(models.ManyToManyField("shop.Payment")), PAYMENT],
        [loan(fk("shop.Payment", null=True), **{kind: [item]}), PAYMENT],
    )
    [migration] = changes["library"]
    assert [type(operation) for operation in migration.operations] == [
        RemoveField,
        AddField,
        AddIndex if kind == "indexes" else AddConstraint,
    ]
