"""The abstract base models of all tables. This app has no tables."""

from django.db import models

from config.postgres.citus.distributed_model import DistributedModel
from config.postgres.functions import UUID7, Now


class IdentifiedModel(DistributedModel):
    """A row whose id PostgreSQL assigns, in order of creation."""

    id = models.UUIDField(
        primary_key=True,
        db_default=UUID7(),
        editable=False,
        db_comment="Version 7 UUID, assigned by the database; sorts by time of creation.",
    )

    class Meta:
        abstract = True


class TimestampedModel(IdentifiedModel):
    """A row that records when it was inserted and last saved."""

    created_at = models.DateTimeField(
        db_default=Now(), editable=False, db_comment="When the row was inserted."
    )
    updated_at = models.DateTimeField(
        db_default=Now(),
        auto_now=True,
        db_comment="When the row was last saved; plain SQL sets it itself.",
    )

    class Meta:
        abstract = True
