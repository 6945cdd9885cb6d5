"""Accounts and profiles in the admin."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.admin.options import ActionLocation
from django.contrib.auth import admin as auth
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from unfold import forms

from config.admin import ModelAdmin, ModelForm, QuerySet, StackedInline
from config.postgres import Now
from users.models import User, UserProfile

# Permissions follow from the role; a group would give none.
admin.site.unregister(Group)

PROFILE_FIELDS = (
    "full_name",
    "bio",
    "avatar_url",
    "timezone",
    "language",
    "notification_preferences",
    "privacy_settings",
)


class UserAddForm(forms.UserCreationForm):
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
    per_page = None
    collapsible = False


@admin.register(User)
class UserAdmin(ModelAdmin, auth.UserAdmin):  # type: ignore[type-arg]
    """Accounts, closed ones too. The secrets of their links are never shown."""

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
            "Kept by the platform",
            {"fields": ("last_login", "password_reset_expires", "created_at", "updated_at", "id")},
        ),
    )
    readonly_fields = ("last_login", "password_reset_expires")
    actions = ("deactivate", "reopen")
    violations: ClassVar[dict[str, tuple[str, str]]] = {
        "users_email_lowercase_check": ("email", "An e-mail address is kept in lower case."),
        "users_email_shape_check": ("email", "It has to look like name@example.com."),
        "users_password_reset_check": (
            "password_reset_expires",
            "A password reset has a token and an expiry, or neither.",
        ),
        "users_deleted_at_check": (
            "deleted_at",
            "An account cannot be closed before it was made.",
        ),
    }

    def get_inlines(self, request: HttpRequest, obj: Any) -> tuple[type[StackedInline], ...]:
        """A profile needs its account first."""
        return self.inlines if obj else ()

    def readonly_names(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Nobody takes their own role, or closes their own account: who would give it back?"""
        own = ["role", "deleted_at"] if obj == request.user else []
        return [*super().readonly_names(request, obj), *own]

    # Closing an account is what deletion means here; `erase_view` is for good.

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Not one's own account: nobody might be left to open it again."""
        return obj != request.user and bool(super().has_delete_permission(request, obj))

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Close the account."""
        obj.deleted_at = obj.deleted_at or max(timezone.now(), obj.created_at)
        obj.save(update_fields=["deleted_at", "updated_at"])

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        self.log_all(request, queryset, "Deactivated.")

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: Any) -> HttpResponse:
        self.message_user(request, f"The user “{obj_display}” was deactivated.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:users_user_changelist"))

    def get_actions(
        self, request: HttpRequest, action_location: ActionLocation = ActionLocation.CHANGE_LIST
    ) -> dict[str, Any]:
        """Without the deletion of what is selected, which here is `deactivate`."""
        actions = super().get_actions(request, action_location)
        return {name: action for name, action in actions.items() if name != "delete_selected"}

    @admin.action(description="Deactivate selected accounts")
    def deactivate(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Without asking, since they can be opened again."""
        users = list(queryset.filter(deleted_at__isnull=True).exclude(pk=request.user.pk))
        User.objects.filter(pk__in=[user.pk for user in users]).update(
            deleted_at=Greatest(Now(), F("created_at")), updated_at=Now()
        )
        self.log_deletions(request, users)
        skipped = queryset.count() - len(users)
        self.report(request, len(users), skipped, "deactivated", "closed before, or your own")

    @admin.action(description="Open selected accounts again")
    def reopen(self, request: HttpRequest, queryset: QuerySet) -> None:
        closed = list(queryset.filter(deleted_at__isnull=False))
        skipped = queryset.count() - len(closed)
        queryset.filter(deleted_at__isnull=False).update(deleted_at=None)
        self.log_all(request, closed, "Opened again.")
        self.report(request, len(closed), skipped, "opened again", "they are open")

    # Passwords

    def user_change_password(
        self,
        request: HttpRequest,
        id: str,  # noqa: A002  # as the URL pattern of Django's has it
        form_url: str = "",
    ) -> HttpResponse:
        """One's own is changed by who knows it, and cannot be taken away."""
        if self.get_object(request, id) == request.user:
            return HttpResponseRedirect(reverse("admin:password_change"))
        return super().user_change_password(request, id, form_url)

    # Deletion for good

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.erase_view)
        return [path("<path:object_id>/erase/", view, name="users_user_erase"), *super().get_urls()]

    def erase_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Delete an account and all that belongs to it, once its address is typed in."""
        user = self.get_object(request, object_id)
        if user is None or not self.has_delete_permission(request, user):
            raise Http404("There is no such account that could be deleted.")
        if LogEntry.objects.filter(user=user.pk).exists():
            return self._keep(request, user)
        typed = request.POST.get("email", "").strip().lower()
        if request.method == "POST" and typed == user.email:
            return self._erase(request, user)
        kept, counts, _, _ = self.get_deleted_objects([user], request)
        context = self.admin_site.each_context(request) | {
            "title": "Delete for good",
            "subtitle": str(user),
            "object": user,
            "opts": self.opts,
            "media": self.media,
            "model_count": counts.items(),
            "deleted_objects": kept,
            "mismatch": "It is another address." if request.method == "POST" else "",
        }
        return TemplateResponse(request, "admin/users/user/erase.html", context)

    def _keep(self, request: HttpRequest, user: User) -> HttpResponse:
        """The log would lose what the account did."""
        said = f"The log says what “{user}” changed: the account can be closed, but not deleted."
        self.message_user(request, said, messages.ERROR)
        return HttpResponseRedirect(reverse("admin:users_user_change", args=[user.pk]))

    @transaction.atomic
    def _erase(self, request: HttpRequest, user: User) -> HttpResponse:
        super().log_deletions(request, [user])
        user.delete()
        self.message_user(request, f"The user “{user}” was deleted for good.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:users_user_changelist"))


@admin.register(UserProfile)
class UserProfileAdmin(ModelAdmin):
    icon = "badge"
    named_by = ("user",)
    list_display = ("__str__", "user", "timezone", "language", "created_at")
    list_filter = ("user", "created_at", "updated_at")
    search_fields = ("full_name", "user__email__startswith")
    search_help_text = "Part of the name, or beginning of the e-mail address"
    fields = ("user", *PROFILE_FIELDS)
    violations: ClassVar[dict[str, tuple[str, str]]] = {
        "user_profiles_timezone_check": ("timezone", "It has to be a name such as Europe/Prague."),
        "user_profiles_language_check": ("language", "It has to be a code such as en or pt-br."),
    }
