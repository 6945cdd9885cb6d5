"""The options that the admin pages of all tables share."""

from functools import cached_property
from typing import Any, ClassVar

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import PAGE_VAR
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold import admin as unfold

from config.admin.actions import ActionOptions
from config.admin.bounds import QuerySet
from config.admin.changelist import BoundedPaginator, ChangeList
from config.admin.confirmation import (
    ChangedSinceError,
    ask_again,
    check_confirmed,
    exactly,
    signed_counts,
)
from config.admin.deletion import Deletion
from config.admin.drafts import with_receipt
from config.admin.export import SECRETS, ExportOptions
from config.admin.filters import filter_for
from config.admin.form_options import FormOptions
from config.admin.form_summary import concurrent_changes, problems
from config.admin.forms import Allowed
from config.admin.paths import field_at, paths_for_str, select_names
from config.admin.related_records import children, only_children, parents
from config.admin.search import Search
from config.admin.shown_values import shown_page, shown_row, shown_zone, signed_values
from config.admin.url_parameters import (
    FORM_PARAMETERS,
    HISTORY_PARAMETERS,
    understood,
    warn_of_ignored,
    warn_of_page,
)
from config.admin.violations import Violation, refused
from config.postgres.citus import MovedRowError

SAVE_AS_NEW = "_saveasnew"
"""The parameter that lets Django save the form of an existing row as a new row."""
DELETED = (
    "The {noun} “{caption}” was deleted while this form was open, so nothing was saved. What you "
    "typed is below. Save it to add a new {noun}."
)


class ModelAdmin(ActionOptions, ExportOptions, FormOptions, unfold.ModelAdmin):
    """The base of the admin of each table."""

    icon = "table_rows"
    """A name from https://fonts.google.com/icons, for the sidebar."""
    named_by: tuple[str, ...] = ()
    """The foreign keys that `__str__` follows."""
    through: tuple[tuple[str, str], ...] = ()
    """Tables that refer to this table indirectly: `(("courses.Lesson", "module__course"),)`."""
    violations: ClassVar[dict[str, tuple[str, str]]] = {}
    """For each constraint, the field at which a form explains a violation, and the message."""
    allowed: ClassVar[dict[str, Allowed]] = {}
    """The records that may be chosen for a foreign key. Other foreign keys allow all records."""

    list_on_replica = False
    """True if the rows of the list are read on the replica. Every list counts its rows there."""
    paginator = BoundedPaginator
    list_per_page = 50
    show_full_result_count = False  # otherwise Django counts the whole table
    show_facets = admin.ShowFacets.NEVER  # facets count the table for each choice of each filter
    list_filter_submit = True
    list_disable_select_all = True
    change_form_before_template = "config_admin/form_top.html"
    change_form_outer_before_template = "config_admin/related.html"
    warn_unsaved_form = True
    list_display: tuple[str, ...] = ("__str__",)
    ordering: ClassVar[tuple[str, ...]] = ("-pk",)  # keys are UUIDs that sort by creation time

    # Lists

    @cached_property
    def columns(self) -> list[Any]:
        """The entries of `list_display`, with each field name replaced by a function that shows it.

        In the first column, a foreign key is no link, because the column links to the row.
        """
        return [
            self.shown(name, link=position > 0) if field_at(self.model, name) else name
            for position, name in enumerate(self.list_display)
        ]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return self.columns

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """Return a filter for each declared name, chosen by the type of its column."""
        return [
            filter_for(self.opts.get_field(name)) if isinstance(name, str) else name
            for name in self.list_filter
        ]

    def get_list_select_related(self, request: HttpRequest) -> list[str]:
        """Return the paths to the records that the columns show."""
        names = [*self.list_display, *self.money.values()]
        fields = {name: field for name in names if (field := field_at(self.model, name))}
        records = dict.fromkeys(
            name if field.is_relation else name.rpartition("__")[0]
            for name, field in fields.items()
        )
        return [path for record in records if record for path in paths_for_str(self.model, record)]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ChangeList

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return select_names(super().get_queryset(request))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        """Search related tables first, each by its own index."""
        search = Search(self.get_search_fields(request), search_term)
        found = search.matching(queryset)
        request.vague = sorted(search.vague)
        return found, False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Also allow `exact` on keys of this table and of related tables. Never allow SECRETS."""
        names = lookup.split("__")
        if SECRETS.intersection(names):
            return False
        field = field_at(self.model, "__".join(names[:-1]))
        if field and names[-1] == "exact" and (field.is_relation or field.primary_key):
            return True
        return bool(super().lookup_allowed(lookup, value, request))

    # Records

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """Return the row, joined with all records that its page shows by name."""
        keys = [field.name for field in self.opts.concrete_fields if field.is_relation]
        paths = [path for key in keys for path in paths_for_str(self.model, key)]
        paths += [name for name, _ in only_children(self.model)]
        rows = self.get_queryset(request)
        rows = rows.select_related(*paths) if paths else rows
        if request.method == "POST" and connection.in_atomic_block:
            # The row must not change between its comparison with the form and the update.
            rows = rows.select_for_update(of=("self",), no_key=True)
        field = self.opts.get_field(from_field) if from_field else self.opts.pk
        try:
            return rows.get(**{field.name: field.to_python(object_id)})
        except (self.model.DoesNotExist, ValidationError, ValueError):
            return None

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Read the form in the time zone in which it was shown.

        The zone of the viewer's profile may have changed while the form was open.
        """
        if request.method != "POST":
            return super().changeform_view(request, object_id, *args, **kwargs)
        with timezone.override(shown_zone(request.POST)):
            response = self._save(request, object_id, *args, **kwargs)
            return response.render() if isinstance(response, TemplateResponse) else response

    def _save(
        self, request: HttpRequest, object_id: str | None, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show the form again if PostgreSQL refuses values that the form accepted.

        For example, another session may have saved a duplicate meanwhile.
        """
        if object_id and SAVE_AS_NEW not in request.POST:
            self._keep_typed(request, unquote(object_id))
        try:
            return super().changeform_view(request, object_id, *args, **kwargs)
        except (DataError, IntegrityError, OperationalError, MovedRowError) as error:
            request.refusal = refused(error, self.model, request.POST)
            return super().changeform_view(request, object_id, *args, **kwargs)

    def _keep_typed(self, request: HttpRequest, key: str) -> None:
        """Turn the form into a form for a new row if its row has been deleted meanwhile."""
        if self.get_object(request, key) is not None or not self.has_add_permission(request):
            return
        noun = self.opts.verbose_name
        caption = shown_row(shown_page(request.POST), self.model(pk=key)).caption
        request.refusal = Violation(None, DELETED.format(noun=noun, caption=caption or key))
        request.POST = request.POST.copy()
        request.POST[SAVE_AS_NEW] = "1"

    def response_add(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return with_receipt(request, super().response_add(request, *args, **kwargs))

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        return with_receipt(request, super().response_change(request, obj))

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        form = super().get_form(request, *args, **kwargs)
        form.refusal = getattr(request, "refusal", None)
        form.allowed = self.allowed
        return form

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add links to related records, and the size limits and errors of the form."""
        context |= {
            "max_bytes": settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
            "max_fields": settings.DATA_UPLOAD_MAX_NUMBER_FIELDS,
        }
        if (row := context.get("original")) is not None:
            context |= {"parents": parents(row), "children": children(row, self.through)}
        context |= self._form_top(context)
        if SAVE_AS_NEW in request.POST:
            context |= {"gone": True, "show_save": True, "show_save_and_continue": True}
            kwargs |= {"add": True, "change": False}
        self._warn(request, context)
        return super().render_change_form(request, context, *args, **kwargs)

    def _warn(self, request: HttpRequest, context: dict[str, Any]) -> None:
        """Warn about parameters in the address that the page does not understand."""
        formsets = [inline.formset for inline in context["inline_admin_formsets"]]
        paged = {f"{rows.prefix}-page": rows for rows in formsets if rows.per_page}
        initial = () if context.get("original") else context["adminform"].form.fields
        warn_of_ignored(request, {*FORM_PARAMETERS, *paged, *initial})
        for parameter, rows in paged.items():
            plural = str(rows.model._meta.verbose_name_plural)
            warn_of_page(request, parameter, rows.page.number, plural)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return understood(request, super().get_changeform_initial_data(request), self.opts)

    def history_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Warn about parameters in the address that the page does not understand."""
        warn_of_ignored(request, HISTORY_PARAMETERS)
        response = super().history_view(request, *args, **kwargs)
        if isinstance(response, TemplateResponse):
            entries = (response.context_data or {})["action_list"]
            warn_of_page(request, PAGE_VAR, entries.number, "history")
        return response

    def _form_top(self, context: dict[str, Any]) -> dict[str, Any]:
        """Return the value of the hidden input `shown`, and the summary of a sent form."""
        form = context["adminform"].form
        formsets = [inline.formset for inline in context["inline_admin_formsets"]]
        rows = [form, *(row for formset in formsets for row in formset.initial_forms)]
        known = [(row.row, row.texts) for row in rows if getattr(row, "texts", None)]
        top: dict[str, Any] = {"shown": signed_values(known) if known else ""}
        if form.is_bound:
            top["notes"] = [note for formset in formsets for note in formset.notes]
            top["problems"] = list(problems(form, formsets))
            top["changes"] = list(concurrent_changes(form, formsets))
        return top

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save the rows, and warn about rows that no longer exist."""
        super().save_formset(request, form, formset, change)
        for note in formset.notes:
            self.message_user(request, note, messages.WARNING)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Write only the columns that were edited."""
        if change:
            form.save_changes()
        else:
            super().save_model(request, obj, form, change)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, Any], set[str], list[Any]]:
        """Return the links that become NULL and, by title, the tables that lose rows.

        Django's own method returns each row, and requires permissions to delete related rows.
        """
        deletion = request.deletion = Deletion(self.model, [row.pk for row in objs])
        request.counted = signed_counts(deletion)
        self.check_deletion(request, deletion)
        counts = {affected.title: affected for affected in deletion.deleted}
        return deletion.kept, counts, set(), []

    def check_deletion(self, request: HttpRequest, deletion: Deletion) -> None:
        """Raise ChangedSinceError if the rows to delete are not those that were confirmed."""
        check_confirmed(deletion, request)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask again if the rows to delete are not those that were confirmed."""
        warn_of_ignored(request, FORM_PARAMETERS)
        try:
            return super().delete_view(request, *args, **kwargs)
        except ChangedSinceError as error:
            ask_again(request, error)
            # Django treats any POST data as a confirmation, so pass the rest of the data by GET.
            request.GET = request.GET.copy()
            request.GET.update(request.POST)
            request.POST = QueryDict()
            return super().delete_view(request, *args, **kwargs)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with exactly(request.deletion):
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        with exactly(request.deletion):
            super().delete_queryset(request, queryset)


class ReadOnlyAdmin(ModelAdmin):
    """The admin of a table whose rows only the platform itself writes."""

    list_on_replica = True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def readonly_names(self, request: HttpRequest, obj: Any) -> list[str]:
        return [field.name for field in self.opts.concrete_fields]
