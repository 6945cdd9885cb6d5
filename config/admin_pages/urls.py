from django.contrib import admin
from django.urls import path

from config.admin_pages import views

app_name = "admin_pages"
urlpatterns = [
    path("", admin.site.admin_view(views.dashboard), name="dashboard"),
    path("schema/", admin.site.admin_view(views.schema), name="schema"),
]
