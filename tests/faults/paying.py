"""Pay what is due in processes of their own, which a test may kill.

    python -m tests.faults.paying MINUTES [WORKERS]

`MINUTES` is how late it is for them. Prints how many receipts came.
"""

import os
import sys
from datetime import timedelta

from tests.with_django import set_up_django

set_up_django()

from django.utils import timezone  # noqa: E402  (Django is set up first)

from amends.web.cases.paying import PAYMENTS  # noqa: E402

LATE = timedelta(minutes=float(sys.argv[1]))


def forked() -> int:
    """Pay in a fork; return its number. Its exit code is how many receipts came."""
    child = os.fork()
    if child:
        return child
    os._exit(PAYMENTS.run(lambda: timezone.now() + LATE))


if __name__ == "__main__":
    children = [forked() for _ in range(int(sys.argv[2]) if len(sys.argv) > 2 else 0)]
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    told = sum(codes) if children else PAYMENTS.run(lambda: timezone.now() + LATE)
    sys.stdout.write(str(told))
