"""The digest desk's forms."""

from datetime import UTC, datetime

from wtforms import HiddenField, StringField, ValidationError
from wtforms.validators import Length

from verdicts.digest import weeks
from verdicts.digest.editing import MAX_NOTE_LENGTH, MAX_SUBJECT_LENGTH
from verdicts.digest.weeks import NotAWeek, Week
from verdicts.mailing.addresses import InvalidAddress, is_one_line, parse_address
from verdicts.web.admin.forms.base import AdminForm, required_text
from verdicts.web.clock import now

MOMENT = "%Y-%m-%dT%H:%M"


def with_plain_line_ends(typed: str | None) -> str:
    """Return a text as it was before a browser sent it: forms end every line with CR LF."""
    return (typed or "").replace("\r\n", "\n").strip()


class DraftForm(AdminForm):
    week = required_text("Week", 20)

    chosen: Week

    def validate_week(self, field: StringField) -> None:
        try:
            self.chosen = weeks.parse((field.data or "").strip())
        except NotAWeek as fault:
            raise ValidationError(str(fault)) from None


def at_most(most: int) -> Length:
    return Length(max=most, message="Is longer than %(max)d characters.")


class WordsForm(AdminForm):
    """`seen` marks the words that somebody began with, so that nobody's are overwritten unseen."""

    subject = StringField("Subject", filters=[with_plain_line_ends], validators=[at_most(MAX_SUBJECT_LENGTH)])
    note = StringField("Note", filters=[with_plain_line_ends], validators=[at_most(MAX_NOTE_LENGTH)])
    seen = HiddenField()

    def validate_subject(self, field: StringField) -> None:
        if not is_one_line(field.data):
            raise ValidationError("A subject is one line, without control characters.")

    def validate_note(self, field: StringField) -> None:
        if "\0" in field.data:
            raise ValidationError("The note holds a character that no text can hold.")


class ProofForm(AdminForm):
    address = required_text("Address for a test letter", 254)

    def validate_address(self, field: StringField) -> None:
        try:
            parse_address((field.data or "").strip())
        except InvalidAddress:
            raise ValidationError("This is no address that mail can be sent to.") from None


class ScheduleForm(AdminForm):
    at = required_text("When it goes out, in UTC", 32)

    chosen: datetime

    def validate_at(self, field: StringField) -> None:
        try:
            self.chosen = datetime.fromisoformat(field.data or "")
        except ValueError:
            raise ValidationError("This is no moment: write it like 2026-11-23T08:00.") from None
        if self.chosen.tzinfo:
            raise ValidationError("Write it in UTC, without another time zone.")
        self.chosen = self.chosen.replace(tzinfo=UTC)
        if self.chosen <= now():
            raise ValidationError("This moment has passed. To send the edition at once, use “Send it now”.")
