from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", include("config.admin_pages.urls")),
    path("admin/", admin.site.urls),
]

handler400 = "config.admin.error_pages.bad_request"
handler403 = "config.admin.error_pages.permission_denied"
handler404 = "config.admin.error_pages.page_not_found"
handler500 = "config.admin.error_pages.server_error"
