from typing import Any, ClassVar

import django.contrib.postgres.fields
import django.db.models.fields.json
from django.db import migrations, models

from amends.web.audit.sql import EVERYTHING

OPERATIONS = [
    ("BASELINE", "stood there before the chain began"),
    ("INSERT", "was written"),
    ("UPDATE", "was overwritten"),
    ("DELETE", "was taken out"),
]


def chained() -> list[tuple[str, Any]]:
    return [
        ("relation", models.CharField(max_length=63)),
        ("entry", models.BigIntegerField()),
        ("operation", models.CharField(choices=OPERATIONS, max_length=8)),
        ("object", models.TextField()),
        ("verb", models.TextField()),
        ("at", models.DateTimeField()),
        ("context", models.JSONField(null=True)),
        (
            "columns",
            django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None),
        ),
        ("digest", models.CharField(max_length=64)),
    ]


class Migration(migrations.Migration):
    initial = True
    dependencies: ClassVar[list[tuple[str, str]]] = [
        ("intake", "0008_erasures"),
        ("pghistory", "0007_auto_20250421_0444"),
    ]
    operations: ClassVar[list[migrations.operations.base.Operation]] = [
        migrations.CreateModel(
            name="Link",
            fields=[
                *chained(),
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("previous", models.CharField(max_length=64)),
                ("hash", models.CharField(max_length=64)),
            ],
            options={
                "ordering": ["number"],
                "indexes": [
                    models.Index("relation", "entry", "number", name="link_by_entry"),
                    models.Index("relation", "object", "number", name="link_by_object"),
                    models.Index("at", name="link_by_time"),
                    models.Index(
                        django.db.models.fields.json.KeyTransform("user", "context"),
                        "number",
                        name="link_by_person",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Loose",
            fields=[*chained(), ("id", models.BigAutoField(primary_key=True, serialize=False))],
            options={
                "verbose_name_plural": "loose",
                "ordering": ["id"],
                "indexes": [models.Index("relation", "entry", name="loose_by_entry")],
            },
        ),
        *[migrations.RunSQL(statement, migrations.RunSQL.noop) for statement in EVERYTHING],
    ]
