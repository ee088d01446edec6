"""Pay what is due in a process of its own, which a test may kill.

    python -m tests.faults.paying MINUTES

`MINUTES` is how late it is for this process. Prints how many receipts came.
"""

import sys
from datetime import timedelta

from tests.with_django import set_up_django

set_up_django()

from django.utils import timezone  # noqa: E402  (Django is set up first)

from amends.web.cases.paying import pay_due  # noqa: E402

if __name__ == "__main__":
    late = timedelta(minutes=float(sys.argv[1]))
    sys.stdout.write(str(pay_due(lambda: timezone.now() + late)))
