"""Histories of random migrations, checked by all oracles.

The suite runs a few seeds; `make test-random SEEDS=200` runs many, and shortens a failing program.
"""

import os
from collections.abc import Iterator

import pytest
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from tests.random_migrations.apps import OTHERS
from tests.random_migrations.programs import described, program, run, smallest
from tests.support.databases import migrate_all
from tests.support.templates import Templates

MANY = int(os.environ.get("RANDOM_SEEDS", "0"))
FEW = (3, 14)
SEEDS = range(1, MANY + 1) if MANY else FEW
LENGTH = 7 if MANY else 5


@pytest.fixture(scope="module")
def template(templates: Templates, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """Return the name of a database with the tables of the apps that no history changes."""
    with (
        override_settings(INSTALLED_APPS=OTHERS),
        templates.prepared("random_migrations", migrate_all) as name,
    ):
        yield name


@pytest.mark.parametrize("seed", SEEDS)
def test_random_history__holds_every_oracle(
    seed: int, template: str, django_db_blocker: DjangoDbBlocker
) -> None:
    steps = program(seed, LENGTH)
    with django_db_blocker.unblock():
        fault = run(template, seed, steps)
        if fault and MANY:
            steps, fault = smallest(template, seed, steps, fault)
    if fault:
        pytest.fail(described(seed, steps, fault), pytrace=False)
