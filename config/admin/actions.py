"""Actions on the selected rows of a list, and their entries in the log."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.options import ActionLocation
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse

from config.admin.bounds import QuerySet
from config.admin.confirmation import ChangedSinceError, ask_again
from config.admin.search import is_value


class ActionOptions:
    """The part of ModelAdmin that runs actions."""

    opts: Any

    def get_action_choices(
        self,
        request: HttpRequest,
        default_choices: Any = None,
        action_location: ActionLocation = ActionLocation.CHANGE_LIST,
    ) -> list[tuple[str, str]]:
        """Accept `action_location`, an argument of Django 6.1 that unfold's method lacks."""
        blank = [("", "Select action")]
        return admin.ModelAdmin.get_action_choices(self, request, blank, action_location)

    def response_action(
        self, request: HttpRequest, queryset: QuerySet, **kwargs: Any
    ) -> HttpResponse | None:
        """Run the action on the rows that were selected on the page, in one transaction."""
        if request.mistakes:
            self.message_user(
                request, "Nothing was changed, because the list is empty.", messages.WARNING
            )
            return None
        request.POST = request.POST.copy()
        request.POST["select_across"] = "0"
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
        keys = [key for key in chosen if is_value(self.opts.pk, key)]
        found = list(queryset.filter(pk__in=keys).values_list("pk", flat=True))
        if chosen and not found:
            self.message_user(request, "The selected rows no longer exist.", messages.WARNING)
            return None
        request.POST.setlist(ACTION_CHECKBOX_NAME, keys)
        # Select by key, because a changed row may no longer match the filters of the list.
        rows = self.get_queryset(request).filter(pk__in=found)
        try:
            with transaction.atomic():
                return super().response_action(request, rows, **kwargs)
        except ChangedSinceError as error:
            ask_again(request, error)
            return super().response_action(request, rows, **kwargs)

    def change(
        self, request: HttpRequest, rows: QuerySet, where: Q, done: str, why: str, **values: Any
    ) -> None:
        """Set `values` in the rows that meet `where`, and log each change.

        `done` describes the changed rows, such as "published". `why` is the reason why
        other rows are skipped.
        """
        # Lock the rows, so that no other session changes them before the update.
        changed = list(rows.filter(where).select_for_update(of=("self",)))
        rows.model._base_manager.filter(pk__in=[row.pk for row in changed]).update(**values)
        LogEntry.objects.log_actions(request.user.pk, changed, CHANGE, f"{done.capitalize()}.")
        if changed:
            noun = self.opts.verbose_name if len(changed) == 1 else self.opts.verbose_name_plural
            self.message_user(request, f"{len(changed)} {noun} {done}.", messages.SUCCESS)
        if skipped := rows.count() - len(changed):
            self.message_user(request, f"{skipped} skipped: {why}.", messages.WARNING)
