"""Fixtures of the help desk. Only tests install this app with enum columns of every kind."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.migrations.state import ProjectState
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from config.postgres.enums.operations import CreateEnum
from tests.postgres.enums.helpdesk.enums import Channel, Urgency
from tests.postgres.enums.helpdesk.models import Comment, Policy, Ticket

TYPES = (CreateEnum("urgency", Urgency.values), CreateEnum("channel", Channel.values))
TABLES = (Policy, Ticket, Comment)


@pytest.fixture(scope="module")
def helpdesk(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Install the app and its tables until the module ends, because other tests count tables."""
    state = ProjectState()
    with override_settings(
        INSTALLED_APPS=[*settings.INSTALLED_APPS, "tests.postgres.enums.helpdesk"]
    ):
        apps.clear_cache()  # the cache may lack relations to the app
        with django_db_blocker.unblock(), connection.schema_editor() as editor:
            for enum_type in TYPES:
                enum_type.database_forwards("helpdesk", editor, state, state)
            for table in TABLES:
                editor.create_model(table)
        yield
        with django_db_blocker.unblock(), connection.schema_editor() as editor:
            for table in reversed(TABLES):
                editor.delete_model(table)
            for enum_type in TYPES:
                enum_type.database_backwards("helpdesk", editor, state, state)


@pytest.fixture(
    scope="module", params=[False, True], ids=["client_side_binding", "server_side_binding"]
)
def binding(
    request: pytest.FixtureRequest, helpdesk: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """Run the module twice: with parameters inside the SQL, and with separate parameters.

    Only modules whose labels become parameters of queries need this fixture. Validation, forms and
    serializers do not depend on the binding.
    """
    before = connection.settings_dict["OPTIONS"]["server_side_binding"]
    with django_db_blocker.unblock():
        _reconnect(server_side_binding=request.param)
    yield
    with django_db_blocker.unblock():
        _reconnect(server_side_binding=before)


def _reconnect(*, server_side_binding: bool) -> None:
    connection.close()
    connection.settings_dict["OPTIONS"]["server_side_binding"] = server_side_binding
    connection.features = connection.features_class(connection)  # the features cache the option


@pytest.fixture(scope="module")
def committed_tickets(helpdesk: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Insert four tickets that stay until the module ends. The title of one is a label."""
    tickets = [
        Ticket(title="broken", urgency=Urgency.LOW),
        Ticket(
            title="high",
            urgency=Urgency.HIGH,
            former_urgency=Urgency.LOW,
            channel=Channel.EMAIL,
            urgencies=[Urgency.LOW, Urgency.HIGH],
        ),
        Ticket(
            title="slow",
            urgency=Urgency.MEDIUM,
            former_urgency=Urgency.HIGH,
            channel=Channel.PHONE,
            urgencies=[Urgency.MEDIUM],
        ),
        Ticket(title="typo", urgency=Urgency.LOW, former_urgency=Urgency.LOW),
    ]
    with django_db_blocker.unblock():
        for ticket in tickets:
            ticket.save()
    yield
    with django_db_blocker.unblock():
        Ticket.objects.all().delete()


@pytest.fixture
def tickets(committed_tickets: None, db: None) -> None:
    """Run the test in a transaction, with the tickets."""
