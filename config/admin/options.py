"""Options of the admin that all tables share."""

from functools import cached_property
from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, connection
from django.http import HttpRequest, HttpResponse
from unfold import admin as unfold

from config.admin.actions import ActionOptions
from config.admin.bounds import QuerySet
from config.admin.changelist import BoundedPaginator, ChangeList
from config.admin.deletion import Deletion
from config.admin.export import SECRETS, ExportOptions
from config.admin.filters import filter_for
from config.admin.form_options import FormOptions
from config.admin.forms import Allowed
from config.admin.mistakes import FORM_PARAMETERS, warn_of_ignored, warn_of_page
from config.admin.paths import field_at, select_names, with_names
from config.admin.related_records import children, only_children, parents
from config.admin.search import Search
from config.admin.shown import sealed
from config.admin.violations import refused


class ModelAdmin(ActionOptions, ExportOptions, FormOptions, unfold.ModelAdmin):
    """The admin of a table. The database fills in ids, times, defaults and generated columns."""

    icon = "table_rows"
    """A name from https://fonts.google.com/icons, for the sidebar."""
    named_by: tuple[str, ...] = ()
    """The foreign keys that `__str__` follows."""
    through: tuple[tuple[str, str], ...] = ()
    """Rows that refer to a row through other rows: `(("courses.Lesson", "module__course"),)`."""
    violations: ClassVar[dict[str, tuple[str, str]]] = {}
    """The field that a form marks and the message that it shows there, by constraint."""

    allowed: ClassVar[dict[str, Allowed]] = {}
    """The records that a foreign key may refer to, if not any."""

    paginator = BoundedPaginator
    list_per_page = 50
    show_full_result_count = False  # would count the table once more for each list
    show_facets = admin.ShowFacets.NEVER  # would count the table for each choice of each filter
    list_filter_submit = True
    list_disable_select_all = True
    change_form_before_template = "config_admin/shown.html"
    change_form_outer_before_template = "config_admin/related.html"
    warn_unsaved_form = True
    list_display: tuple[str, ...] = ("__str__",)
    ordering: ClassVar[tuple[str, ...]] = ("-pk",)  # keys are UUIDs in the order of their creation

    # Lists

    @cached_property
    def columns(self) -> list[Any]:
        """Functions that show the columns of the list; the first column links to the row."""
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
        return [path for record in records if record for path in with_names(self.model, record)]

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
        """Allow also `...__exact` of any record that foreign keys lead to; never allow a secret."""
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
        """Return the row, joined with all records that its page names."""
        keys = [field.name for field in self.opts.concrete_fields if field.is_relation]
        paths = [path for key in keys for path in with_names(self.model, key)]
        paths += [name for name, _ in only_children(self.model)]
        rows = self.get_queryset(request)
        rows = rows.select_related(*paths) if paths else rows
        if request.method == "POST" and connection.in_atomic_block:
            # What is compared with the form must stay so until it is saved.
            rows = rows.select_for_update(of=("self",), no_key=True)
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
        """Show the form again if PostgreSQL refuses values that the form accepted.

        Another session may have saved a duplicate since, or jsonb may not hold the document.
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
        form.allowed = self.allowed
        return form

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add links to all related records."""
        if (row := context.get("original")) is not None:
            context |= {"parents": parents(row), "children": children(row, self.through)}
            context["shown"] = self._shown_by(context)
        self._warn(request, context)
        return super().render_change_form(request, context, *args, **kwargs)

    def _warn(self, request: HttpRequest, context: dict[str, Any]) -> None:
        """Name the parameters of the address that the page does not understand."""
        formsets = [inline.formset for inline in context["inline_admin_formsets"]]
        paged = {f"{rows.prefix}-page": rows for rows in formsets if rows.per_page}
        initial = () if context.get("original") else context["adminform"].form.fields
        warn_of_ignored(request, {*FORM_PARAMETERS, *paged, *initial})
        for parameter, rows in paged.items():
            plural = str(rows.model._meta.verbose_name_plural)
            warn_of_page(request, parameter, rows.page.number, plural)

    def _shown_by(self, context: dict[str, Any]) -> str:
        """Return the value of the hidden input that says what the page shows."""
        inlines = [inline.formset for inline in context["inline_admin_formsets"]]
        rows = [form for formset in inlines for form in formset.initial_forms]
        forms = [form for form in [context["adminform"].form, *rows] if form.texts]
        return sealed((form.row, form.texts) for form in forms) if forms else ""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Write only the columns that were changed in the form."""
        if change:
            form.save_changes()
        else:
            super().save_model(request, obj, form, change)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, Any], set[str], list[Any]]:
        """Return the tables whose rows stay, and those whose rows are deleted, by title.

        Django would return each row, and ask for permissions to delete related rows.
        """
        deletion = Deletion(self.model, [row.pk for row in objs])
        counts = {affected.title: affected for affected in deletion.deleted}
        return deletion.kept, counts, set(), []


class ReadOnlyAdmin(ModelAdmin):
    """The admin of a table that only the platform writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def readonly_names(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [field.name for field in self.opts.concrete_fields]
