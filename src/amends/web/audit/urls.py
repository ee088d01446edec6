"""Addresses of the audit trail."""

from django.urls import path

from amends.web.audit import views

app_name = "audit"
urlpatterns = [
    path("", views.trail, name="trail"),
    path("verification/", views.verification, name="verification"),
    path("trail.jsonl", views.export, name="export"),
    path("<int:number>/", views.link, name="link"),
]
