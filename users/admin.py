"""Accounts and profiles in the admin."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.options import ActionLocation
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.contrib.auth import admin as auth
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Greatest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from unfold import forms

from config.admin import (
    Allowed,
    ChangedSinceError,
    ModelAdmin,
    ModelForm,
    QuerySet,
    StackedInline,
    ask_again,
)
from config.postgres import Now
from users.enums import Role
from users.models import User, UserProfile
from users.time_zones import time_zones

# Permissions follow from the role, so groups have no effect.
admin.site.unregister(Group)

EDUCATOR = Allowed(Q(role=Role.EDUCATOR), "an educator")
"""The accounts that may teach a course or write its announcements."""
PROFILE_FIELDS = (
    "full_name",
    "bio",
    "avatar_url",
    "timezone",
    "language",
    "notification_preferences",
    "privacy_settings",
)
OFFERS = {
    "timezone": lambda: {name: name for name in sorted(time_zones())},
    "language": lambda: {code: f"{name} ({code})" for code, name in settings.LANGUAGES},
}


class UserAddForm(ModelForm, forms.UserCreationForm):
    class Meta:
        model = User
        fields = ("email", "role")


class UserChangeForm(ModelForm, forms.UserChangeForm):
    class Meta:
        model = User
        fields = "__all__"


class ProfileInline(StackedInline):
    model = UserProfile
    fields = PROFILE_FIELDS
    offers = OFFERS
    per_page = None
    collapsible = False


@admin.register(User)
class UserAdmin(ModelAdmin, auth.UserAdmin):  # type: ignore[type-arg]
    """The admin of accounts, including closed ones. It never shows secrets."""

    icon = "group"
    through = (
        ("enrollments.LessonProgress", "enrollment__student"),
        ("enrollments.Certificate", "enrollment__student"),
        ("payments.Refund", "payment__user"),
    )
    list_display = ("email", "role", "email_verified", "last_login", "created_at", "deleted_at")
    list_filter = ("role", "email_verified", "last_login", "created_at", "deleted_at")
    search_fields = ("email__startswith", "id__exact")
    search_help_text = "Beginning of the e-mail address, or id"
    ordering = ("email",)
    filter_horizontal = ()
    form = UserChangeForm
    add_form = UserAddForm
    change_password_form = forms.AdminPasswordChangeForm
    inlines = (ProfileInline,)
    add_fieldsets = (
        (None, {"fields": ("email", "role", "usable_password", "password1", "password2")}),
    )
    fieldsets = (
        (None, {"fields": ("email", "password", "role", "email_verified", "deleted_at")}),
        (
            "Maintained by the platform",
            {"fields": ("last_login", "password_reset_expires", "created_at", "updated_at", "id")},
        ),
    )
    readonly_fields = ("last_login", "password_reset_expires")
    actions = ("deactivate", "reopen")
    violations = {
        "users_email_lowercase_check": ("email", "An e-mail address must be in lower case."),
        "users_email_shape_check": ("email", "The address must look like name@example.com."),
        "users_password_reset_check": (
            "password_reset_expires",
            "Set both the reset token and its expiry time, or neither.",
        ),
        "users_deleted_at_check": (
            "deleted_at",
            "The closing time must not be before the creation of the account.",
        ),
    }

    def get_inlines(self, request: HttpRequest, obj: Any) -> tuple[type[StackedInline], ...]:
        """Return no inline for a new account, because its profile needs a saved account."""
        return self.inlines if obj else ()

    def readonly_names(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Also return the role and the closing time for the administrator's own account."""
        own = ["role", "deleted_at"] if obj == request.user else []
        return [*super().readonly_names(request, obj), *own]

    # Deletion closes an account; `erase_view` deletes it permanently.

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False for the user's own account, because it may be the only administrator's."""
        return obj != request.user and bool(super().has_delete_permission(request, obj))

    def check_deletion(self, request: HttpRequest, deletion: Any) -> None:
        """Check only permanent deletions, because closing an account deletes nothing."""
        if "email" in request.POST:
            super().check_deletion(request, deletion)

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Close the account."""
        obj.deleted_at = obj.deleted_at or max(timezone.now(), obj.created_at)
        obj.save(update_fields=["deleted_at", "updated_at"])

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        LogEntry.objects.log_actions(request.user.pk, queryset, CHANGE, "Deactivated.")

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: Any) -> HttpResponse:
        self.message_user(request, f"The user “{obj_display}” was deactivated.", messages.SUCCESS)
        return self._to_list(request)

    def get_actions(
        self, request: HttpRequest, action_location: ActionLocation = ActionLocation.CHANGE_LIST
    ) -> dict[str, Any]:
        """Return all actions except `delete_selected`, which `deactivate` replaces."""
        actions = super().get_actions(request, action_location)
        return {name: action for name, action in actions.items() if name != "delete_selected"}

    @admin.action(description="Deactivate selected accounts")
    def deactivate(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Close accounts without a confirmation, because they can be reactivated."""
        open_ = Q(deleted_at__isnull=True) & ~Q(pk=request.user.pk)
        values = {"deleted_at": Greatest(Now(), "created_at"), "updated_at": Now()}
        why = "already closed, or your own"
        self.change(request, queryset, open_, "deactivated", why, **values)

    @admin.action(description="Reactivate selected accounts")
    def reopen(self, request: HttpRequest, queryset: QuerySet) -> None:
        closed = Q(deleted_at__isnull=False)
        values = {"deleted_at": None, "updated_at": Now()}
        self.change(request, queryset, closed, "reactivated", "already active", **values)

    # Passwords

    @transaction.atomic  # `get_object` locks the row, because all of its columns are saved
    def user_change_password(
        self,
        request: HttpRequest,
        id: str,  # noqa: A002  # Django's URL pattern names it so
        form_url: str = "",
    ) -> HttpResponse:
        """Redirect to the page that asks for the old password if the account is the user's own."""
        if self.get_object(request, id) == request.user:
            return HttpResponseRedirect(reverse("admin:password_change"))
        return super().user_change_password(request, id, form_url)

    # Permanent deletion

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.erase_view)
        return [path("<path:object_id>/erase/", view, name="users_user_erase"), *super().get_urls()]

    def erase_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for the address of an account, then delete the account with all its rows."""
        user = self.get_object(request, object_id)
        if user is None or not self.has_delete_permission(request, user):
            raise Http404("There is no such account, or it must not be deleted.")
        if LogEntry.objects.filter(user=user.pk).exists():
            return self._keep(request, user)
        typed = request.POST.get("email", "").strip().lower()
        mismatch = request.method == "POST" and typed != user.email
        if mismatch:
            request.POST = QueryDict()  # so that the page shows the current numbers
        elif request.method == "POST" and (response := self._erase(request, user)):
            return response
        kept, counts, _, _ = self.get_deleted_objects([user], request)
        context = self.admin_site.each_context(request) | {
            "title": "Delete permanently",
            "subtitle": str(user),
            "object": user,
            "opts": self.opts,
            "media": self.media,
            "model_count": counts.items(),
            "deleted_objects": kept,
            "preserved_filters": self.get_preserved_filters(request),
            "mismatch": "This is not the account's address." if mismatch else "",
        }
        return TemplateResponse(request, "admin/users/user/erase.html", context)

    def _keep(self, request: HttpRequest, user: User) -> HttpResponse:
        """Refuse to delete the account, because its entries in the log would also be deleted."""
        message = f"The log has changes by “{user}”, so the account can be closed but not deleted."
        self.message_user(request, message, messages.ERROR)
        return HttpResponseRedirect(reverse("admin:users_user_change", args=[user.pk]))

    def _erase(self, request: HttpRequest, user: User) -> HttpResponse | None:
        """Delete the account. Return None if the rows to delete differ from those shown."""
        try:
            with transaction.atomic():
                self.get_deleted_objects([user], request)
                super().log_deletions(request, [user])
                super().delete_model(request, user)
        except ChangedSinceError as error:
            ask_again(request, error)
            request.POST = QueryDict()
            return None
        self.message_user(request, f"The user “{user}” was deleted permanently.", messages.SUCCESS)
        return self._to_list(request)

    def _to_list(self, request: HttpRequest) -> HttpResponse:
        """Redirect to the list, and keep its filters."""
        context = {"opts": self.opts, "preserved_filters": self.get_preserved_filters(request)}
        address = add_preserved_filters(context, reverse("admin:users_user_changelist"))
        return HttpResponseRedirect(address)


@admin.register(UserProfile)
class UserProfileAdmin(ModelAdmin):
    icon = "badge"
    named_by = ("user",)
    list_display = ("full_name", "user", "timezone", "language", "created_at")
    list_filter = ("user", "created_at", "updated_at")
    search_fields = ("full_name", "user__email__startswith")
    search_help_text = "Part of the name, or beginning of the e-mail address"
    fields = ("user", *PROFILE_FIELDS)
    offers = OFFERS
    violations = {
        "user_profiles_timezone_check": ("timezone", "Use a name such as Europe/Prague."),
        "user_profiles_language_check": ("language", "Use a code such as en or pt-br."),
    }
