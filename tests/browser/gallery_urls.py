"""The project's addresses with the gallery, which otherwise only debugging has."""

from django.urls import path

from amends.web.accounts.access import public
from amends.web.project.urls import handler400, handler403, handler404, handler500, urlpatterns
from amends.web.ui.gallery import gallery

__all__ = ["handler400", "handler403", "handler404", "handler500"]

urlpatterns = [*urlpatterns, path("gallery/", public(gallery), name="gallery")]
