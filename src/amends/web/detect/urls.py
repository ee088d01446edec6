"""Addresses of the detect app."""

from django.urls import path

from amends.web.detect import budget_views, event_views, list_views, views

app_name = "detect"
urlpatterns = [
    path("", list_views.breakdowns, name="breakdowns"),
    path("budget/", budget_views.budget, name="budget"),
    path("budget/save/", budget_views.save, name="save_budget"),
    path("backtest/", budget_views.backtest, name="backtest"),
    path("events/", event_views.events, name="events"),
    path("events/note/", event_views.note, name="note_event"),
    path("<int:pk>/", views.breakdown, name="breakdown"),
    path("<int:pk>/verbatims/", views.verbatims, name="verbatims"),
    path("<int:pk>/acknowledgement/", views.acknowledgement, name="acknowledgement"),
    path("<int:pk>/owner/", views.owner, name="owner"),
    path("<int:pk>/level/", views.level, name="level"),
    path("<int:pk>/judgement/", views.judgement, name="judgement"),
]
