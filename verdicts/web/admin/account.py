"""One's own account: password, two-factor authentication, and the browsers that are logged in."""

import math

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import HiddenField

from verdicts.config import current_settings
from verdicts.extensions import begin_write, begin_write_after_read, db
from verdicts.staff import accounts, passwords, second_factor, sessions, throttle
from verdicts.staff.models import Role
from verdicts.web.admin.auth import current_account, log_activity, requires_role
from verdicts.web.admin.forms.base import AdminForm, required_text
from verdicts.web.admin.login import TOO_MANY_ATTEMPTS_MESSAGE, NewPasswordForm
from verdicts.web.clock import now

bp = Blueprint("account", __name__)

SUCCESS_MESSAGES = {
    "changed": "Password changed. Your other browsers are logged out.",
    "second-factor": "Two-factor authentication is off.",
    "elsewhere": "Your other browsers are logged out.",
}
NOT_CURRENT_MESSAGE = "This is not your current password."
WRONG_CODE_MESSAGE = "This code is not correct. Check the clock of your phone, and try the next code."


class ChangePasswordForm(NewPasswordForm):
    current_password = required_text("Current password", passwords.MAX_LENGTH)


class EnableTwoFactorForm(AdminForm):
    secret = HiddenField()
    code = required_text("Code from the app", 20)


class DisableTwoFactorForm(AdminForm):
    current_password = required_text("Current password", passwords.MAX_LENGTH)


@bp.get("/admin/me")
@requires_role(Role.EDITOR)
def index() -> ResponseReturnValue:
    done = SUCCESS_MESSAGES.get(request.args.get("done", ""), "")
    open_sessions = sessions.list_open(current_account().id, now())
    return render_template("admin/account/index.html", sessions=open_sessions, done=done)


@bp.route("/admin/me/password", methods=["GET", "POST"])
@requires_role(Role.EDITOR)
def password() -> ResponseReturnValue:
    form = ChangePasswordForm()
    if request.method == "GET":
        return render_template("admin/account/password.html", form=form)
    form.personal_words = (current_account().name, current_account().email)
    if not form.validate() or not _check_current_password(form):
        return render_template("admin/account/password.html", form=form), 422
    password_hash = passwords.hash_password(form.password.data or "")
    begin_write()
    accounts.set_password(current_account().id, password_hash, keep_session=current_account().token_hash)
    log_activity("changed their password", "account", current_account().name)
    db.session.commit()
    return redirect(url_for(".index", done="changed"), 303)


@bp.get("/admin/me/second-factor")
@requires_role(Role.EDITOR)
def two_factor() -> ResponseReturnValue:
    if current_account().has_totp:
        return render_template("admin/account/two_factor_off.html", form=DisableTwoFactorForm())
    return _enable_page(EnableTwoFactorForm(formdata=None, secret=second_factor.new_secret()))


@bp.post("/admin/me/second-factor")
@requires_role(Role.EDITOR)
def enable_two_factor() -> ResponseReturnValue:
    if current_account().has_totp:  # replacing it takes the password: it must be disabled first
        return redirect(url_for(".two_factor"), 303)
    form = EnableTwoFactorForm()
    secret = form.secret.data or ""
    is_secret = len(secret) == 32 and secret.isalnum() and secret.isascii()
    if not form.validate() or not is_secret or second_factor.find_step(secret, form.code.data or "", now()) is None:
        if not form.code.errors:
            form.add_error("code", WRONG_CODE_MESSAGE)
        return _enable_page(form, 422)
    begin_write_after_read()
    codes = second_factor.enable(current_account().id, secret, now())
    sessions.delete_all(current_account().id, keep_session=current_account().token_hash)
    log_activity("enabled two-factor authentication", "account", current_account().name)
    db.session.commit()
    return render_template("admin/account/recovery_codes.html", codes=codes)


@bp.post("/admin/me/second-factor/off")
@requires_role(Role.EDITOR)
def disable_two_factor() -> ResponseReturnValue:
    form = DisableTwoFactorForm()
    if not form.validate() or not _check_current_password(form):
        return render_template("admin/account/two_factor_off.html", form=form), 422
    begin_write()
    second_factor.disable(current_account().id)
    log_activity("disabled two-factor authentication", "account", current_account().name)
    db.session.commit()
    return redirect(url_for(".index", done="second-factor"), 303)


@bp.post("/admin/me/sign-out-elsewhere")
@requires_role(Role.EDITOR)
def log_out_elsewhere() -> ResponseReturnValue:
    begin_write_after_read()
    sessions.delete_all(current_account().id, keep_session=current_account().token_hash)
    log_activity("logged out elsewhere", "account", current_account().name)
    db.session.commit()
    return redirect(url_for(".index", done="elsewhere"), 303)


def _check_current_password(form: ChangePasswordForm | DisableTwoFactorForm) -> bool:
    """Return whether the form holds the current password; add an error if it does not.

    Attempts are counted, since somebody may use a browser that is left logged in. No transaction is open while the
    password is hashed.
    """
    counter = throttle.for_current_password(current_account().name)
    begin_write_after_read()
    wait = throttle.count_attempt([counter], now())
    db.session.commit()
    if wait:
        form.add_error("current_password", TOO_MANY_ATTEMPTS_MESSAGE.format(seconds=math.ceil(wait.total_seconds())))
        return False
    account = accounts.get(current_account().id)
    db.session.rollback()
    if not passwords.is_correct(form.current_password.data or "", account.password_hash):
        form.add_error("current_password", NOT_CURRENT_MESSAGE)
        return False
    begin_write()
    throttle.reset(counter)
    db.session.commit()
    return True


def _enable_page(form: EnableTwoFactorForm, status: int = 200) -> ResponseReturnValue:
    secret = form.secret.data or second_factor.new_secret()
    link = second_factor.provisioning_uri(secret, current_account().name, current_settings().site_name)
    return make_response(render_template("admin/account/two_factor.html", form=form, secret=secret, link=link), status)
