"""What chaining the audit trail costs its writers, against linking in their own transactions.

Several writers commit small transactions of changes at the same time, on a PostgreSQL of its own.
"""

import argparse
import os
import tempfile
from pathlib import Path
from threading import Thread
from time import perf_counter, sleep

IN_THE_WRITERS = """
CREATE OR REPLACE FUNCTION audit_note_and_seal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM audit_seal(5000); RETURN NULL; END $$;
CREATE TRIGGER zz_seal AFTER INSERT ON accounts_teamevent
FOR EACH ROW EXECUTE FUNCTION audit_note_and_seal()
"""


def measure(writers: int, transactions: int, think_ms: float) -> float:
    """Return transactions a second: each changes two teams and thinks between the two."""
    from django.db import connection, transaction  # noqa: PLC0415

    from amends.web.accounts.models import Team  # noqa: PLC0415

    def write(writer: int) -> None:
        for i in range(transactions):
            with transaction.atomic():
                Team.objects.create(name=f"{os.urandom(6).hex()} {writer} {i}")
                sleep(think_ms / 1e3)
                Team.objects.create(name=f"{os.urandom(6).hex()} {writer} {i}")
        connection.close()

    threads = [Thread(target=write, args=[n]) for n in range(writers)]
    began = perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return writers * transactions / (perf_counter() - began)


def main() -> None:
    """Print transactions a second without a chain, with ours, and linked in the transactions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--transactions", type=int, default=60)
    parser.add_argument("--think-ms", type=float, default=5)
    given = parser.parse_args()
    from amends.web.project.start import prepared  # noqa: PLC0415  (Django is set up in it)

    with tempfile.TemporaryDirectory() as home, prepared(Path(home)):
        _compare(given.writers, given.transactions, given.think_ms)


def _compare(writers: int, transactions: int, think_ms: float) -> None:
    from django.db import connection  # noqa: PLC0415

    from amends.web.audit.chain import seal  # noqa: PLC0415
    from amends.web.audit.verifying import verify  # noqa: PLC0415
    from amends.web.project.tables import migrate  # noqa: PLC0415

    migrate()
    run = connection.cursor().execute
    run("ALTER TABLE accounts_teamevent DISABLE TRIGGER audit_note")
    print(f"no chain              {measure(writers, transactions, think_ms):8.0f} transactions/s")
    run("TRUNCATE audit_loose")
    run("ALTER TABLE accounts_teamevent ENABLE TRIGGER audit_note")
    print(f"digest, sealed after  {measure(writers, transactions, think_ms):8.0f} transactions/s")
    began, n = perf_counter(), seal()
    print(f"sealing               {n / (perf_counter() - began):8.0f} entries/s")
    run(IN_THE_WRITERS)
    print(f"linked by the writer  {measure(writers, transactions, think_ms):8.0f} transactions/s")
    run("DROP TRIGGER zz_seal ON accounts_teamevent")
    run(
        "INSERT INTO accounts_teamevent (pgh_label, pgh_created_at, pgh_obj_id, id, name,"
        " created_at) SELECT 'insert', now(), i, i, 'Team ' || i, now()"
        " FROM generate_series(1, 100000) AS i"
    )
    seal()
    began, verdict = perf_counter(), verify()
    print(f"proving               {verdict.links / (perf_counter() - began):8.0f} links/s")
    connection.close()


if __name__ == "__main__":
    main()
