"""`python -m amends.web COMMAND`: Django's own commands, such as migrate or makemigrations."""

import sys

from django.core.management import execute_from_command_line

from amends.web.project.start import prepared

if __name__ == "__main__":
    with prepared():
        execute_from_command_line(["python -m amends.web", *sys.argv[1:]])
