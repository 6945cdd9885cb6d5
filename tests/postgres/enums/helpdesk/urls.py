"""The admin site of the help desk."""

from django.contrib import admin
from django.urls import path
from unfold.sites import UnfoldAdminSite

from tests.postgres.enums.helpdesk.models import Ticket

site = UnfoldAdminSite("helpdesk")


@admin.register(Ticket, site=site)
class TicketAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("title", "urgency", "former_urgency", "channel")
    list_filter = ("urgency", "former_urgency", "channel", "policy__urgency")
    list_editable = ("channel",)
    search_fields = ("urgency", "channel__iexact", "^title", "policy__urgency")
    ordering = ("urgency", "title")


urlpatterns = [path("admin/", site.urls)]
