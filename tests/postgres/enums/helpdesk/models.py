"""Tickets of a help desk, with comments and policies."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce

from config.postgres.enums.field import EnumField
from tests.postgres.enums.helpdesk.enums import Channel, Urgency


class Policy(models.Model):
    """A table with an enum column as the primary key."""

    urgency = EnumField(Urgency, primary_key=True)
    hours = models.IntegerField()

    objects: ClassVar[models.Manager["Policy"]] = models.Manager()

    class Meta:
        app_label = "helpdesk"

    def __str__(self) -> str:
        return f"{self.urgency}: {self.hours} h"


class Ticket(models.Model):
    """A table of enum columns with NULL, default, array, expression, constraint and index."""

    title = models.CharField(max_length=100, unique=True)
    body = models.TextField(blank=True, db_default="")
    urgency = EnumField(Urgency)
    former_urgency = EnumField(Urgency, null=True, blank=True)
    channel = EnumField(Channel, db_default=Channel.WEB)
    urgencies = ArrayField(EnumField(Urgency), default=list, blank=True)
    top_urgency = models.GeneratedField(
        expression=Coalesce("former_urgency", "urgency"),
        output_field=EnumField(Urgency),
        db_persist=True,
    )
    policy = models.ForeignKey(Policy, models.PROTECT, null=True, blank=True)

    objects: ClassVar[models.Manager["Ticket"]] = models.Manager()

    class Meta:
        app_label = "helpdesk"
        indexes = (
            models.Index(fields=["urgency"], name="ticket_urgency_idx"),
            models.Index(fields=["title"], condition=Q(channel=Channel.PHONE), name="ticket_phone"),
        )
        constraints = (
            models.CheckConstraint(
                condition=~Q(channel=Channel.PHONE) | Q(urgency__gt=Urgency.LOW),
                name="ticket_phone_check",
            ),
        )

    def __str__(self) -> str:
        return self.title


class Comment(models.Model):
    """A table with an enum column that is unique together with a foreign key."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="comments")
    channel = EnumField(Channel)

    objects: ClassVar[models.Manager["Comment"]] = models.Manager()

    class Meta:
        app_label = "helpdesk"
        constraints = (
            models.UniqueConstraint(fields=["ticket", "channel"], name="comment_channel_uniq"),
        )

    def __str__(self) -> str:
        return f"{self.ticket}, by {self.channel}"
