"""Programs of steps, how one is run, and how a failing one is made smaller."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from django.test import override_settings

from tests.random_migrations import oracles
from tests.random_migrations.apps import RandomApps
from tests.random_migrations.edits import EDITS
from tests.random_migrations.handwritten import STATE_ONLY, WRITTEN
from tests.random_migrations.journey import Fault, Journey, Refused
from tests.random_migrations.world import Choice
from tests.support.migrations import new_database

STEPS = [*EDITS, "add_model", "add_field", "add_field", "alter_field", "add_item", "several", "several"]
BY_HAND = [*WRITTEN, *STATE_ONLY]


def program(seed: int, length: int, by_hand: float = 0.3) -> list[Choice]:
    """Return the steps that the seed decides; the first ones make models."""
    random = Random(seed)  # noqa: S311
    steps = ["add_model", "add_model"] + [
        random.choice(BY_HAND if random.random() < by_hand else STEPS) for _ in range(length - 2)
    ]
    return [Choice(step, random.randrange(10**9)) for step in steps]


def run(
    template: str, seed: int, steps: Sequence[Choice], say: Callable[[str], None] = lambda _: None
) -> Fault | None:
    """Take the steps on a copy of `template`, and return what an oracle found, or None."""
    with TemporaryDirectory() as directory, installed(Path(directory)) as lab:
        with new_database(template):
            try:
                journey = Journey(lab, Random(seed), say)  # noqa: S311
                for choice in steps:
                    journey.advance(choice)
                if len(journey.points) > 1:
                    oracles.check_there_and_back(journey)
                    oracles.check_rollback(journey)
            except Refused as refused:
                return Fault("a command refuses", str(refused), lab.files())
            except Fault as fault:
                fault.files = lab.files()
                return fault
    return None


@contextmanager
def installed(directory: Path) -> Iterator[RandomApps]:
    backups = directory / "backups"
    with override_settings(ROLLBACK_BACKUP_DIR=backups), RandomApps(directory).installed() as lab:
        assert isinstance(lab, RandomApps)
        yield lab


def smallest(
    template: str, seed: int, steps: Sequence[Choice], fault: Fault
) -> tuple[list[Choice], Fault]:
    """Leave out steps, as long as the same oracle still finds something."""
    left = list(steps)
    for choice in reversed(steps):
        fewer = [each for each in left if each is not choice]
        found = run(template, seed, fewer)
        if found and found.kind == fault.kind:
            left, fault = fewer, found
    return left, fault
