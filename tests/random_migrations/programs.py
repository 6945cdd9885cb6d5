"""Programs: lists of steps to run, shortened if they fail."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from django.test import override_settings

from tests.random_migrations import oracles
from tests.random_migrations.apps import RandomApps
from tests.random_migrations.edits import EDITS
from tests.random_migrations.handwritten import STATE_ONLY, WRITTEN
from tests.random_migrations.journey import Journey, OracleError, RefusalError
from tests.random_migrations.world import Choice
from tests.support.migrations import new_default_database

STEPS = [*EDITS, "add_model", "add_field", "add_field", "alter_field", "several", "several"]
BY_HAND = [*WRITTEN, *STATE_ONLY]


def program(seed: int, length: int, by_hand: float = 0.35) -> list[Choice]:
    """Return the steps of `seed`, the first two of which add models."""
    random = Random(seed)  # noqa: S311
    steps = ["add_model", "add_model"] + [
        random.choice(BY_HAND if random.random() < by_hand else STEPS) for _ in range(length - 2)
    ]
    return [Choice(step, random.randrange(10**9)) for step in steps]


def run(template: str, seed: int, steps: Sequence[Choice]) -> OracleError | None:
    """Run the steps on a copy of `template`; return the error of an oracle, or None."""
    with (
        TemporaryDirectory() as directory,
        installed(Path(directory)) as lab,
        new_default_database(template),
    ):
        try:
            journey = Journey(lab, Random(seed))  # noqa: S311
            for choice in steps:
                journey.advance(choice)
            if len(journey.points) > 1:
                oracles.check_migrating_back(journey)
                oracles.check_rollback(journey)
        except RefusalError as refusal:
            return OracleError("a command refuses", str(refusal), lab.files())
        except OracleError as error:
            error.files = lab.files()
            return error
    return None


@contextmanager
def installed(directory: Path) -> Iterator[RandomApps]:
    backups = directory / "backups"
    with override_settings(ROLLBACK_BACKUP_DIR=backups), RandomApps(directory).installed() as lab:
        assert isinstance(lab, RandomApps)
        yield lab


def smallest(
    template: str, seed: int, steps: Sequence[Choice], fault: OracleError
) -> tuple[list[Choice], OracleError]:
    """Leave out the steps that the failure of the same oracle does not need."""
    left = list(steps)
    for choice in reversed(steps):
        fewer = [each for each in left if each is not choice]
        found = run(template, seed, fewer)
        if found and found.kind == fault.kind:
            left, fault = fewer, found
    return left, fault


def described(seed: int, steps: Sequence[Choice], fault: OracleError) -> str:
    """Return a report on the failure, with the models and migrations as files to paste."""
    names = ", ".join(choice.step for choice in steps)
    files = "\n".join(f"# {path}\n{text}" for path, text in fault.files.items())
    return f"seed {seed} ({names})\n{fault}\n\n{files}"
