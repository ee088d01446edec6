"""Addresses of policy."""

from django.urls import path

from amends.web.cases import policy_grid_views, policy_upload, policy_views, question_views

app_name = "policy"
urlpatterns = [
    path("", policy_views.policies, name="policies"),
    path("<str:name>/", policy_views.policy, name="policy"),
    path("<str:name>/questions/", question_views.questions, name="questions"),
    path("<str:name>/rows/", policy_grid_views.rows, name="rows"),
    path("<str:name>/draft/", policy_views.draft, name="draft"),
    path("<str:name>/file/", policy_upload.upload, name="upload"),
    path("<str:name>/replay/", policy_views.replayed, name="replay"),
    path("<str:name>/publication/", policy_views.publication, name="publication"),
    path("<str:name>/discard/", policy_views.discard, name="discard"),
    path("<str:name>/table.yaml", policy_views.export, name="export"),
    path("<str:name>/table.jdm.json", policy_views.export_jdm, name="export_jdm"),
]
