"""Addresses of the prevent app."""

from django.urls import path

from amends.web.prevent import views

app_name = "prevent"
urlpatterns = [
    path("", views.fixes, name="fixes"),
    path("worth/", views.worth, name="worth"),
    path("new/", views.propose, name="propose"),
    path("<int:pk>/", views.fix, name="fix"),
    path("<int:pk>/date/", views.date, name="date"),
    path("<int:pk>/confirmation/", views.confirmation, name="confirmation"),
]
