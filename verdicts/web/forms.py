"""Forms of public pages. A CSRF token would make the pages uncacheable; web.origin checks where forms come from."""

from flask_wtf import FlaskForm
from wtforms import StringField, ValidationError

from verdicts.mailing.addresses import InvalidAddress
from verdicts.newsletter.addresses import Address, parse_email


class PublicForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF is untyped
    class Meta:
        csrf = False


class HoneypotForm(PublicForm):
    """A form with a field that people do not see, but programs fill in."""

    leave_this_empty = StringField()

    @property
    def is_spam(self) -> bool:
        return bool(self.leave_this_empty.data)


class EmailForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF is untyped
    """A form with an email address; `address` is what was parsed once the form is valid."""

    email = StringField()
    address: Address

    def validate_email(self, field: StringField) -> None:
        try:
            self.address = parse_email(field.data or "")
        except InvalidAddress as error:
            raise ValidationError(str(error)) from None
