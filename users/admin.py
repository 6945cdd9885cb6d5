"""Accounts and profiles in the admin."""

from django.contrib import admin
from django.contrib.auth import admin as auth
from django.contrib.auth import forms
from django.contrib.auth.models import Group
from django.http import HttpRequest

from config.database.admin import ModelAdmin, ModelForm
from users.models import User, UserProfile

# Permissions follow from the role; a group would give none.
admin.site.unregister(Group)


class UserAddForm(forms.AdminUserCreationForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ("email", "role")


class UserChangeForm(ModelForm, forms.UserChangeForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = "__all__"


@admin.register(User)
class UserAdmin(ModelAdmin, auth.UserAdmin):  # type: ignore[type-arg]
    """Accounts, closed ones too. The secrets of their links are never shown."""

    list_display = ("email", "role", "email_verified", "last_login", "created_at", "deleted_at")
    list_filter = ("role", "email_verified", "last_login", "created_at", "deleted_at")
    search_fields = ("email__istartswith", "id__exact")
    search_help_text = "The beginning of an e-mail address, or an id."
    ordering = ("email",)
    filter_horizontal = ()
    form = UserChangeForm
    add_form = UserAddForm
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

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """A secret is not to be guessed letter by letter from which rows a filter finds."""
        return not lookup.startswith("verification_token") and super().lookup_allowed(
            lookup, value, request
        )


@admin.register(UserProfile)
class UserProfileAdmin(ModelAdmin):
    list_display = ("full_name", "user", "timezone", "language", "created_at")
    list_filter = ("created_at", "updated_at")
    search_fields = ("full_name", "user__email__istartswith")
    search_help_text = "A part of the name, or the beginning of the e-mail address."
    autocomplete_fields = ("user",)
