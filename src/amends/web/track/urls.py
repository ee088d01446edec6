"""Addresses of the track app."""

from django.urls import path

from amends.web.track import views

app_name = "track"
urlpatterns = [
    path("", views.outcomes, name="outcomes"),
    path("contacts/", views.contacts, name="contacts"),
    path("effects/", views.effects, name="effects"),
]
