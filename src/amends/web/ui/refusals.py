"""What a verb refuses, beside the field of the form that it is about."""

from django.core.exceptions import ValidationError
from django.forms import Form


def complain(form: Form, error: ValidationError) -> None:
    """Put the sentences of a refusal into a form."""
    for field, sentences in getattr(error, "message_dict", {None: error.messages}).items():
        for sentence in sentences:
            form.add_error(field if field in form.fields else None, sentence)
