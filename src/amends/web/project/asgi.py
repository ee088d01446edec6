"""The door that the server calls. `amends web` prepares what it needs first."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amends.web.project.settings")
application = get_asgi_application()
