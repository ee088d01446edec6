"""`docs/openapi.json`, written from the API; a test compares it with the code.

Run `python -m amends.web.project.api_docs` to write it.
"""

import json
import os
from pathlib import Path
from typing import Final

import django

PATH: Final = Path("docs/openapi.json")

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amends.web.project.settings")
    django.setup()
    from amends.web.intake.api import api

    schema = api.get_openapi_schema()
    PATH.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
