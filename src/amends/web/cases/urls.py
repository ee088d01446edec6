"""Addresses of the cases app."""

from django.urls import path

from amends.web.cases import views
from amends.web.cases.deeds import DEEDS

app_name = "cases"
urlpatterns = [
    path("", views.queue, name="queue"),
    path("new/", views.new_case, name="new"),
    path("assignment/", views.assignment, name="assignment"),
    path("<str:ref>/", views.workspace, name="case"),
    path("<str:ref>/signals/", views.signals, name="signals"),
    path("<str:ref>/note/", views.note, name="note"),
    path("<str:ref>/presence/", views.presence, name="presence"),
    *(path(f"<str:ref>/{deed.name}/", views.deed_view(deed), name=deed.name) for deed in DEEDS),
]
