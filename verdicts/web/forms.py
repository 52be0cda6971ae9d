"""Forms of public pages. A CSRF token would make the pages uncacheable; web.origin checks where forms come from."""

from flask_wtf import FlaskForm
from wtforms import StringField


class PublicForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF is untyped
    class Meta:
        csrf = False


class HoneypotForm(PublicForm):
    """A form with a field that people do not see, but programs fill in."""

    leave_this_empty = StringField()

    @property
    def is_spam(self) -> bool:
        return bool(self.leave_this_empty.data)
