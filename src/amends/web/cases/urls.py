"""Addresses of the cases app."""

from django.urls import path

from amends.web.cases import (
    book_views,
    cashier_views,
    handoff_views,
    limit_views,
    sheet_views,
    views,
)
from amends.web.cases.deeds import DEEDS

app_name = "cases"
urlpatterns = [
    path("", views.queue, name="queue"),
    path("export.csv", views.export, name="export"),
    path("new/", views.new_case, name="new"),
    path("assignment/", views.assignment, name="assignment"),
    path("clocks/", sheet_views.clocks, name="clocks"),
    path("clocks/draft/", sheet_views.draft, name="clock_draft"),
    path("clocks/publication/", sheet_views.publication, name="clock_publication"),
    path("clocks/discard/", sheet_views.discard, name="clock_discard"),
    path("handoffs/", handoff_views.handoffs, name="handoffs"),
    path("playbooks/", book_views.playbooks, name="playbooks"),
    path("playbooks/draft/", book_views.draft, name="book_draft"),
    path("playbooks/publication/", book_views.publication, name="book_publication"),
    path("playbooks/discard/", book_views.discard, name="book_discard"),
    path("limits/", limit_views.limits, name="limits"),
    path("limits/new/", limit_views.limit, name="new_limit"),
    path("limits/away/", limit_views.absence, name="absence"),
    path("limits/away/<int:pk>/", limit_views.comeback, name="comeback"),
    path("limits/<int:pk>/", limit_views.limit, name="limit"),
    path("limits/<int:pk>/removal/", limit_views.removal, name="limit_removal"),
    path("approval/<str:token>/", limit_views.approval_link, name="approval_link"),
    path("cashier/", cashier_views.cashier, name="cashier"),
    path("payments/", cashier_views.payments, name="payments"),
    path("responsibilities/", handoff_views.responsibilities, name="responsibilities"),
    path("responsibilities/<str:step>/", handoff_views.responsibility, name="responsibility"),
    path(
        "responsibilities/<str:step>/<str:branch>/",
        handoff_views.responsibility,
        name="branch_responsibility",
    ),
    path("<str:ref>/", views.workspace, name="case"),
    path("<str:ref>/step/<str:name>/", book_views.step, name="step"),
    path("<str:ref>/signals/", views.signals, name="signals"),
    path("<str:ref>/note/", views.note, name="note"),
    path("<str:ref>/presence/", views.presence, name="presence"),
    *(path(f"<str:ref>/{deed.name}/", views.deed_view(deed), name=deed.name) for deed in DEEDS),
]
