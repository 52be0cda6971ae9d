"""One's own account: password, two-factor authentication, and the browsers that are logged in."""

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import HiddenField

from verdicts.config import current_settings
from verdicts.extensions import begin_write, begin_write_after_read, db
from verdicts.staff import accounts, passwords, second_factor, sessions
from verdicts.staff.models import Role
from verdicts.web.admin import devices
from verdicts.web.admin.auth import current_account, log_activity, requires_role
from verdicts.web.admin.current_password import CurrentPasswordForm, check_current_password, current_password_field
from verdicts.web.admin.forms.base import required_text
from verdicts.web.admin.login import NewPasswordForm
from verdicts.web.clock import now

bp = Blueprint("account", __name__)

SUCCESS_MESSAGES = {
    "changed": "Password changed. Your other browsers are logged out.",
    "second-factor": "Two-factor authentication is off.",
    "elsewhere": "Your other browsers are logged out.",
    "one": "That browser is logged out.",
}
WRONG_CODE_MESSAGE = "This code is not correct. Check the clock of your phone, and try the next code."


class ChangePasswordForm(NewPasswordForm):
    current_password = current_password_field("Current password")


class EnableTwoFactorForm(CurrentPasswordForm):
    secret = HiddenField()
    code = required_text("Code from the app", 20)


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
    if not form.validate() or not check_current_password(form):
        return render_template("admin/account/password.html", form=form), 422
    password_hash = passwords.hash_password(form.password.data or "")
    begin_write()
    accounts.set_password(current_account().id, password_hash, keep_session=current_account().token_hash)
    log_activity("changed their password", "account", current_account().name)
    account = accounts.get(current_account().id)
    db.session.commit()
    response = make_response(redirect(url_for(".index", done="changed"), 303))
    devices.remember_device(response, account)  # what knew this browser ended with the former password
    return response


@bp.get("/admin/me/second-factor")
@requires_role(Role.EDITOR)
def two_factor() -> ResponseReturnValue:
    if current_account().has_totp:
        return render_template("admin/account/two_factor_off.html", form=CurrentPasswordForm())
    return _enable_page(EnableTwoFactorForm(formdata=None, secret=second_factor.new_secret()))


@bp.post("/admin/me/second-factor")
@requires_role(Role.EDITOR)
def enable_two_factor() -> ResponseReturnValue:
    if current_account().has_totp:  # replacing it takes the password: it must be disabled first
        return redirect(url_for(".two_factor"), 303)
    form = EnableTwoFactorForm()
    secret = form.secret.data or ""
    if not (form.validate() and check_current_password(form) and _check_first_code(form, secret)):
        return _enable_page(form, 422)
    begin_write()
    codes = second_factor.enable(current_account().id, secret, now())
    sessions.delete_all(current_account().id, keep_session=current_account().token_hash)
    log_activity("enabled two-factor authentication", "account", current_account().name)
    db.session.commit()
    return render_template("admin/account/recovery_codes.html", codes=codes)


@bp.post("/admin/me/second-factor/off")
@requires_role(Role.EDITOR)
def disable_two_factor() -> ResponseReturnValue:
    form = CurrentPasswordForm()
    if not form.validate() or not check_current_password(form):
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


@bp.post("/admin/me/sessions/end")
@requires_role(Role.EDITOR)
def end_session() -> ResponseReturnValue:
    """End one of one's own sessions, which `session` names; that of this browser by logging out."""
    name = request.form.get("session", "")
    own = sessions.list_open(current_account().id, now())
    ended = next((each for each in own if each.name == name and each.token_hash != current_account().token_hash), None)
    if ended is None:  # somebody was faster, or it has expired
        return redirect(url_for(".index"), 303)
    begin_write_after_read()
    sessions.delete(ended.token_hash)
    log_activity("logged out another browser of", "account", current_account().name)
    db.session.commit()
    return redirect(url_for(".index", done="one"), 303)


def _check_first_code(form: EnableTwoFactorForm, secret: str) -> bool:
    """Return whether the form has a code of the secret that we gave it; add an error if it does not."""
    is_secret = len(secret) == 32 and secret.isalnum() and secret.isascii()
    if is_secret and second_factor.find_step(secret, form.code.data or "", now()) is not None:
        return True
    form.add_error("code", WRONG_CODE_MESSAGE)
    return False


def _enable_page(form: EnableTwoFactorForm, status: int = 200) -> ResponseReturnValue:
    secret = form.secret.data or second_factor.new_secret()
    link = second_factor.provisioning_uri(secret, current_account().name, current_settings().site_name)
    return make_response(render_template("admin/account/two_factor.html", form=form, secret=secret, link=link), status)
