"""Addresses of the prevent app."""

from django.urls import URLPattern

app_name = "prevent"
urlpatterns: list[URLPattern] = []
