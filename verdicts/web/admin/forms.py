"""Forms behind the log-in, and their faults in words beside each field."""

from flask import request
from flask_wtf import FlaskForm
from wtforms import Field, StringField
from wtforms.validators import DataRequired, Length

NOT_KEPT = {"csrf_token", "do"}
NOT_TYPED = {"version"}


def typed_fields() -> list[tuple[str, str]]:
    """Return the fields of a form as they were sent, but for those that are not its reader's."""
    return [(name, value) for name, value in request.form.items(multi=True) if name not in NOT_KEPT]


def readable_fields(fields: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return what somebody typed of a form's fields, each with its name in words."""
    told = [(name.replace("-", " ").replace("_", " "), value) for name, value in fields if name not in NOT_TYPED]
    return [(name, value) for name, value in told if value.strip()]


class AdminForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF is untyped
    class Meta:
        csrf = False  # the gate has checked the token of every form before this is made

    def blame(self, field: str, words: str) -> None:
        """Say what is wrong with a field after all."""
        self[field].errors = [*self[field].errors, words]

    def faults(self) -> list[tuple[Field, str]]:
        """Return each field that is wrong, and why."""
        return [(field, " ".join(map(str, field.errors))) for field in self if field.errors]


def text(label: str, most: int, *, missing: str = "Fill this in.") -> StringField:
    return StringField(label, validators=[DataRequired(missing), Length(max=most)])
