"""The base class of the admin forms, and the submitted fields."""

from collections.abc import Iterable
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from wtforms import Field, StringField
from wtforms.validators import DataRequired, Length, StopValidation

from verdicts.curation.catalog_file.values import FILL_IN
from verdicts.texts import LINE_ENDS_AND_TABS, bidi_fault, character_fault, is_blank

MAX_FIELDS = 3000  # of one form
_CONTROL_FIELDS = {"csrf_token", "do", "draft_key", "tab", "shown_draft", "copy"}
_HIDDEN_FIELDS = {"version"}

ONE_LINE_MESSAGE = "Enter one line, without control characters."

FieldPairs = list[tuple[str, str]]


def submitted_fields() -> FieldPairs:
    """Return the submitted fields, except control fields (token, button, draft key)."""
    return [(name, value) for name, value in request.form.items(multi=True) if name not in _CONTROL_FIELDS]


def labelled_fields(fields: Iterable[tuple[str, str]]) -> FieldPairs:
    """Return the visible fields that are not empty, each with its name in words."""
    visible = [(name, value) for name, value in fields if name not in _HIDDEN_FIELDS and value.strip()]
    return [(name.replace("-", " ").replace("_", " "), value) for name, value in visible]


class AdminForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF is untyped
    class Meta:
        csrf = False  # auth.check_access has checked the token of every form before this is made

    def add_error(self, field: str, message: str) -> None:
        """Add an error found after validation."""
        self[field].errors = [*self[field].errors, message]

    def field_errors(self) -> list[tuple[Field, str]]:
        """Return each field that has errors, with its errors joined into one text."""
        return [(field, " ".join(map(str, field.errors))) for field in self if field.errors]


def max_length(longest: int) -> Length:
    return Length(max=longest, message="This is longer than %(max)d characters. Shorten it.")


def one_line(_form: Any, field: Field) -> None:
    """Refuse line ends, control characters, and what changes the direction of text."""
    if character_fault(field.data or ""):
        raise StopValidation(bidi_fault(field.data) or ONE_LINE_MESSAGE)


def paragraphs(_form: Any, field: Field) -> None:
    """Refuse the same as `one_line`, but for line ends and tabs."""
    if fault := character_fault(field.data or "", LINE_ENDS_AND_TABS):
        raise StopValidation(fault)


def required_text(label: str, longest: int, *validators: Any, missing: str = FILL_IN) -> StringField:
    """Return a field for a text that may be shown or mailed."""
    return _required(label, missing, one_line, max_length(longest), *validators)


def required_password(label: str, longest: int) -> StringField:
    """Return a field for a password, which may have any characters."""
    return _required(label, FILL_IN, max_length(longest))


def _required(label: str, missing: str, *validators: Any) -> StringField:
    def refuse_blank(_form: Any, field: Field) -> None:
        if is_blank(field.data or ""):
            raise StopValidation(missing)

    return StringField(label, validators=[DataRequired(missing), refuse_blank, *validators])
