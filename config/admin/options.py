"""What the admin of every table has in common."""

from functools import cached_property
from typing import Any, ClassVar, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.options import ActionLocation, IncorrectLookupParameters
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DataError, IntegrityError, ProgrammingError, models, transaction
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.text import capfirst
from unfold import admin as unfold

from config.admin import export
from config.admin.bounds import QuerySet
from config.admin.changelist import BoundedPaginator, ChangeList
from config.admin.columns import Column, column
from config.admin.deletion import Deletion
from config.admin.filters import filter_for
from config.admin.forms import InlineFormSet, JSONField, ModelForm, RecordSelect, name_inputs
from config.admin.related import children, only_children, parents
from config.admin.search import Search, is_value
from config.admin.violations import refused
from config.postgres import Now

SECRETS = frozenset({"password", "verification_token", "password_reset_token"})
"""Fields that are neither shown, nor filtered by, nor exported."""
WRONG_VALUES = (ValueError, TypeError, OverflowError, LookupError)
"""What Django's lookups raise of values that are none of theirs."""


type Violations = dict[str, tuple[str, str]]


class FormOptions:
    """How rows are shown in forms, whether on a page of their own or inside another's."""

    form: Any = ModelForm
    money: ClassVar[dict[str, str]] = {}
    """Where the currency of an amount is: `{"amount": "payment__currency"}`."""
    model: type[models.Model]
    opts: Any

    def formfield_for_dbfield(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        """Show the column's comment, and its default in a fresh form. NULL is an empty input."""
        comment = (db_field.db_comment or "").replace("NULL", "empty").replace("`", "")
        kwargs.setdefault("help_text", db_field.help_text or capfirst(comment))
        if isinstance(db_field.db_default, Now):
            kwargs.setdefault("initial", timezone.now)
        elif db_field.has_db_default():
            kwargs.setdefault("initial", db_field.db_default)
        if isinstance(db_field, models.JSONField):
            kwargs.setdefault("form_class", JSONField)
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and db_field.is_relation:  # one deletes where one sees what goes with it
            field.widget.can_delete_related = False
        return name_inputs(field) if field else None

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Found by typing."""
        kwargs.setdefault("widget", RecordSelect(db_field, admin.site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """What has no default is to be chosen; unfold would choose the first."""
        chosen = db_field.has_default() or "initial" in kwargs
        kwargs["choices"] = db_field.get_choices(include_blank=db_field.blank or not chosen)
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def get_autocomplete_fields(self, request: HttpRequest) -> list[str]:
        """All foreign keys: no list of all rows, however few there are today."""
        return [field.name for field in self.opts.concrete_fields if field.is_relation]

    def get_field_queryset(self, db: str | None, db_field: Any, request: HttpRequest) -> QuerySet:
        """Rows with what their names consist of."""
        related = admin.site.get_model_admin(db_field.remote_field.model)
        return related.get_queryset(request)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Of a row that exists, also what is never typed in. Another key would be another row."""
        return [self.shown(name) for name in self.readonly_names(request, obj)]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """With what is read-only as it is shown in lists."""
        readonly = set(self.readonly_names(request, obj))
        return [
            (
                title,
                options
                | {
                    "fields": [
                        self.shown(name) if name in readonly else name
                        for name in options["fields"]
                        if obj is not None or name not in readonly
                    ]
                },
            )
            for title, options in super().get_fieldsets(request, obj)
        ]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """In the order of the table; what is read-only comes last."""
        if self.fields:
            return list(self.fields)
        readonly = self.readonly_names(request, obj)
        form = self._get_form_for_get_fields(request, obj)
        return [*form.base_fields, *(readonly if obj is not None else ())]

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """What is read-only has no input."""
        return [*(super().get_exclude(request, obj) or ()), *self.readonly_names(request, obj)]

    def readonly_names(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """The fields that nobody types in."""
        names = list(self.readonly_fields)
        if obj is not None:
            names += [
                field.name
                for field in self.opts.concrete_fields
                if (field.primary_key or not field.editable) and field.name not in names
            ]
        return names

    def shown(self, name: str, *, link: bool = True) -> Column:
        """The function that shows the field `name` of a row; always the same one."""
        if (name, link) not in self._shown:
            self._shown[name, link] = column(self.model, name, self.money, link=link)
        return self._shown[name, link]

    @cached_property
    def _shown(self) -> dict[tuple[str, bool], Column]:
        return {}


class ModelAdmin(FormOptions, unfold.ModelAdmin):
    """Leaves to the database what is the database's: ids, times, defaults, generated columns."""

    icon = "table_rows"
    """A name of https://fonts.google.com/icons, for the sidebar."""
    named_by: tuple[str, ...] = ()
    """The foreign keys that `__str__` follows."""
    through: tuple[tuple[str, str], ...] = ()
    """Rows that belong to a row through others: `(("courses.Lesson", "module__course"),)`."""
    violations: ClassVar[Violations] = {}
    """What constraints demand: name of the constraint, the field to blame, and words."""

    paginator = BoundedPaginator
    list_per_page = 50
    show_full_result_count = False  # it would count the table once more for each list
    show_facets = admin.ShowFacets.NEVER  # they would count it for each choice of each filter
    list_filter_submit = True
    list_disable_select_all = True  # an action is for the rows that one sees
    list_before_template = "config_admin/list_notice.html"
    change_form_outer_before_template = "config_admin/related.html"
    warn_unsaved_form = True
    list_display: tuple[str, ...] = ("__str__",)
    ordering: ClassVar[tuple[str, ...]] = ("-pk",)  # keys are in order of time

    # Lists

    @cached_property
    def columns(self) -> list[Any]:
        """The functions that show the columns of the list; the first links to the row itself."""
        fields = {field.name for field in self.opts.get_fields()}
        return [
            self.shown(name, link=position > 0) if name.partition("__")[0] in fields else name
            for position, name in enumerate(self.list_display)
        ]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return self.columns

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """Each with the filter that fits the type of its column."""
        return [
            filter_for(self.opts.get_field(name)) if isinstance(name, str) else name
            for name in self.list_filter
        ]

    def get_list_select_related(self, request: HttpRequest) -> list[str]:
        """What the columns show of other tables."""
        paths = [name for name in self.list_display if self._is_relation(name)]
        paths += [name.rpartition("__")[0] for name in self.list_display if "__" in name.strip("_")]
        paths += [path.rpartition("__")[0] for path in self.money.values() if "__" in path]
        return list(dict.fromkeys(name for path in paths for name in self._with_names(path)))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ChangeList

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Treat a value in the URL that only the query finds wrong as any other wrong one."""
        try:
            return cast(ChangeList, super().get_changelist_instance(request))
        except (DataError, ProgrammingError, *WRONG_VALUES) as error:
            raise IncorrectLookupParameters from error

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Rows with what their names consist of."""
        paths = [path for name in self.named_by for path in self._with_names(name)]
        rows: QuerySet = super().get_queryset(request)
        return rows.select_related(*paths) if paths else rows

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        """Find related rows first, by an index of their own."""
        search = Search(self.get_search_fields(request), search_term)
        found = search.of(queryset)
        request.vague = sorted(search.vague)
        return found, False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Also all rows of a record, however far away; but a secret is not to be guessed."""
        names = lookup.split("__")
        if SECRETS.intersection(names):
            return False
        return self._leads_to_a_key(names) or bool(super().lookup_allowed(lookup, value, request))

    def _leads_to_a_key(self, names: list[str]) -> bool:
        opts = self.opts
        for name in names[:-1]:
            field = next((field for field in opts.concrete_fields if field.name == name), None)
            if field is None:
                return False
            if field.primary_key and not field.is_relation:
                return names[-1] == "exact"
            if not field.is_relation:
                return False
            opts = field.related_model._meta
        return names[-1] == "exact"

    def _is_relation(self, name: str) -> bool:
        """Whether the column `name` of the list shows another record."""
        opts = self.opts
        for part in name.split("__"):
            field = next((field for field in opts.concrete_fields if field.name == part), None)
            if field is None or not field.is_relation:
                return False
            opts = field.related_model._meta
        return True

    def _with_names(self, path: str) -> list[str]:
        """`path`, and what the name of the record to which it leads consists of."""
        model: Any = self.model
        for name in path.split("__"):
            model = model._meta.get_field(name).related_model
        further = getattr(self.admin_site.get_model_admin(model), "named_by", ())
        return [
            path,
            *(longer for name in further for longer in self._with_names(f"{path}__{name}")),
        ]

    # Export

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.export_view)
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        return [path("export/<format_>/", view, name=name), *super().get_urls()]

    def export_view(self, request: HttpRequest, format_: str) -> StreamingHttpResponse:
        """The rows of the list as a file: all pages, with its filters and its search."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if format_ not in export.FORMATS:
            raise Http404(f"There is no export as {format_}.")
        request.GET = request.GET.copy()
        request.GET.pop("p", None)
        try:
            rows = self.get_changelist_instance(request).queryset
        except IncorrectLookupParameters as error:
            raise Http404("The list has no such filter.") from error
        fields = [field for field in self.opts.concrete_fields if field.name not in SECRETS]
        return export.respond(rows.select_related(None), fields, format_)

    # Records

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """With all that it refers to, whose names are on the page."""
        paths = [
            path
            for field in self.opts.concrete_fields
            if field.is_relation
            for path in self._with_names(field.name)
        ]
        paths += [name for name, _ in only_children(self.model)]
        rows = self.get_queryset(request)
        rows = rows.select_related(*paths) if paths else rows
        field = self.opts.get_field(from_field) if from_field else self.opts.pk
        try:
            return rows.get(**{field.name: field.to_python(object_id)})
        except (self.model.DoesNotExist, ValidationError, ValueError):
            return None

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the form again if PostgreSQL refuses what it thought valid.

        Somebody else was faster, or a JSON document holds what jsonb does not take.
        """
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except (DataError, IntegrityError) as error:
            request.refusal = refused(error, self.model)
            return super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        form.refusal = getattr(request, "refusal", None)
        return form

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """With links to all related records."""
        if (row := context.get("original")) is not None:
            context |= {"parents": parents(row), "children": children(row, self.through)}
        return super().render_change_form(request, context, *args, **kwargs)

    # Deletion

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, Any], set[str], list[Any]]:
        """Counts instead of rows: what the database will delete, and what will stay behind."""
        deletion = Deletion(self.model, [row.pk for row in objs])
        counts = {affected.title: affected for affected in deletion.deleted}
        return deletion.kept, counts, set(), []

    # Actions

    def get_action_choices(
        self,
        request: HttpRequest,
        default_choices: Any = None,
        action_location: ActionLocation = ActionLocation.CHANGE_LIST,
    ) -> list[tuple[str, str]]:
        """As Django 6.1 wants it; unfold's has the signature of before."""
        blank = [("", "Select action")]
        return admin.ModelAdmin.get_action_choices(self, request, blank, action_location)

    def log_all(self, request: HttpRequest, rows: list[Any], message: str) -> None:
        """Write into the log that `rows` were changed."""
        LogEntry.objects.log_actions(request.user.pk, rows, CHANGE, message)

    def response_action(
        self, request: HttpRequest, queryset: QuerySet, **kwargs: Any
    ) -> HttpResponse | None:
        """Only for the rows of the page, since all rows of a list may be millions; with its log."""
        request.POST = request.POST.copy()
        request.POST["select_across"] = "0"
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
        keys = [key for key in chosen if is_value(self.opts.pk, key)]
        found = list(queryset.filter(pk__in=keys).values_list("pk", flat=True))
        if chosen and not found:
            self.message_user(request, "What was selected is not there any more.", messages.WARNING)
            return None
        request.POST.setlist(ACTION_CHECKBOX_NAME, keys)
        # By their keys: what an action changes would leave the filters of the list.
        rows = self.get_queryset(request).filter(pk__in=found)
        with transaction.atomic():
            return super().response_action(request, rows, **kwargs)

    def report(self, request: HttpRequest, done: int, skipped: int, what: str, why: str) -> None:
        """Say how many rows an action changed, and why it left the others alone."""
        if done:
            noun = self.opts.verbose_name if done == 1 else self.opts.verbose_name_plural
            self.message_user(request, f"{done} {noun} {what}.", messages.SUCCESS)
        if skipped:
            self.message_user(request, f"{skipped} skipped: {why}.", messages.WARNING)


class ReadOnlyAdmin(ModelAdmin):
    """Rows that the platform writes: to look at."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def readonly_names(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [field.name for field in self.opts.concrete_fields]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return self.readonly_names(request, obj)


class InlineOptions(FormOptions):
    """Rows inside the form of the row that they belong to: a page of them at a time."""

    formset = InlineFormSet
    extra = 0
    per_page = 10
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Rows with what their names consist of."""
        named_by = admin.site.get_model_admin(self.model).named_by
        rows: QuerySet = super().get_queryset(request)
        return rows.select_related(*named_by) if named_by else rows


class StackedInline(InlineOptions, unfold.StackedInline):
    """One form under the other, folded."""

    collapsible = True


class TabularInline(InlineOptions, unfold.TabularInline):
    """One form a line."""

    def formfield_for_dbfield(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        """The heading of a column is no label of the inputs below it."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field:
            field.widget.attrs.setdefault("aria-label", field.label)
        return field
