"""Addresses of the classify app."""

from django.urls import path

from amends.web.classify import views

app_name = "classify"
urlpatterns = [
    path("", views.causes, name="causes"),
    path("<path:path>/", views.cause, name="cause"),
]
