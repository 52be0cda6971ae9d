"""The forms of the digest's admin pages."""

from datetime import UTC, datetime

from wtforms import HiddenField, StringField, ValidationError

from verdicts.digest import weeks
from verdicts.digest.editing import MAX_INTRO_LENGTH, MAX_SUBJECT_LENGTH
from verdicts.digest.weeks import NotAWeek, Week
from verdicts.mailing.addresses import InvalidAddress, parse_address
from verdicts.web.admin.forms.base import AdminForm, max_length, one_line, paragraphs, required_text
from verdicts.web.admin.forms.fields import with_plain_line_ends
from verdicts.web.clock import now

MOMENT_FORMAT = "%Y-%m-%dT%H:%M"


class NewEditionForm(AdminForm):
    week = required_text("Week", 20)

    parsed_week: Week

    def validate_week(self, field: StringField) -> None:
        try:
            self.parsed_week = weeks.parse((field.data or "").strip())
        except NotAWeek as error:
            raise ValidationError(str(error)) from None


class SubjectAndIntroForm(AdminForm):
    """`version` identifies the text that the form was opened with, so that no change is overwritten unseen."""

    subject = StringField(
        "Subject", filters=[with_plain_line_ends], validators=[one_line, max_length(MAX_SUBJECT_LENGTH)]
    )
    intro = StringField("Intro", filters=[with_plain_line_ends], validators=[paragraphs, max_length(MAX_INTRO_LENGTH)])
    version = HiddenField()


class TestEmailForm(AdminForm):
    address = required_text("Address for the test email", 254)

    def validate_address(self, field: StringField) -> None:
        try:
            parse_address((field.data or "").strip())
        except InvalidAddress:
            raise ValidationError("Enter a valid email address.") from None


class ScheduleForm(AdminForm):
    at = required_text("Send at (UTC)", 32)

    moment: datetime

    def validate_at(self, field: StringField) -> None:
        try:
            self.moment = datetime.fromisoformat(field.data or "")
        except ValueError:
            raise ValidationError("Enter a date and time such as 2026-11-23T08:00.") from None
        if self.moment.tzinfo:
            raise ValidationError("Enter the time in UTC, without a time zone.")
        self.moment = self.moment.replace(tzinfo=UTC)
        if self.moment <= now():
            raise ValidationError("This time has passed. Enter a later one, or use “Send now”.")
