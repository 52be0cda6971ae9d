"""The password of the account that is logged in, asked for again beside what would be worst in other hands."""

import math

from wtforms import StringField

from verdicts.extensions import begin_write, begin_write_after_read, db
from verdicts.staff import accounts, passwords, refusals, throttle
from verdicts.web.admin.auth import actor, current_account
from verdicts.web.admin.forms.base import AdminForm, required_password
from verdicts.web.admin.login import TOO_MANY_ATTEMPTS_MESSAGE
from verdicts.web.clock import now

NOT_CURRENT_MESSAGE = "This is not your current password."


def current_password_field(label: str = "Your password") -> StringField:
    return required_password(label, passwords.MAX_LENGTH)


class CurrentPasswordForm(AdminForm):
    current_password = current_password_field()


def check_current_password(form: AdminForm) -> bool:
    """Return whether `current_password` of a form is the current password; add an error if it is not.

    Attempts are counted, since somebody may use a browser that is left logged in. No transaction is open while the
    password is hashed.
    """
    account = accounts.get(current_account().id)
    counter = throttle.for_current_password(account.name, account.password_version)
    begin_write_after_read()
    wait = throttle.count_attempt([counter], now())
    db.session.commit()
    if wait:
        form.add_error("current_password", TOO_MANY_ATTEMPTS_MESSAGE.format(seconds=math.ceil(wait.total_seconds())))
        return False
    is_correct = _is_correct(form, account, counter)
    begin_write()
    if is_correct:
        throttle.reset(counter)
    else:
        refusals.record("gave a wrong password in the session of", account.name, now(), actor())
        form.add_error("current_password", NOT_CURRENT_MESSAGE)
    db.session.commit()
    return is_correct


def _is_correct(form: AdminForm, account: accounts.Account, counter: throttle.Counter) -> bool:
    try:
        return passwords.is_correct(form["current_password"].data or "", account.password_hash)
    except passwords.TooManyHashes:  # nobody looked at the password, so it is no failure
        begin_write()
        throttle.undo_attempt(counter)
        db.session.commit()
        raise
