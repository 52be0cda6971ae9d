"""Logging in and out, and resetting a password by mail. No response tells which accounts exist."""

import math
from datetime import timedelta

from flask import Blueprint, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from wtforms import HiddenField, StringField, ValidationError

from verdicts.extensions import begin_write, begin_write_after_read, db
from verdicts.staff import accounts, audit, passwords, sessions, throttle
from verdicts.staff.accounts import Account
from verdicts.staff.log_ins import Attempt
from verdicts.staff.models import Role
from verdicts.voting.networks import network_of
from verdicts.web.admin import devices
from verdicts.web.admin.auth import (
    clear_session_cookie,
    current_account,
    login_not_required,
    requires_role,
    safe_next_path,
    session_cookie_name,
    set_session_cookie,
)
from verdicts.web.admin.edit_links import clear_marker, set_marker
from verdicts.web.admin.forms.base import AdminForm, required_password, required_text
from verdicts.web.clock import now

bp = Blueprint("login", __name__)

TOO_MANY_ATTEMPTS_MESSAGE = "Too many attempts. Try again in {seconds} seconds."
WRONG_CREDENTIALS_MESSAGE = "The name, password or code is not correct."


# Longer than any accepted password: validation then says so in its own words.
MAX_SUBMITTED_PASSWORD = 10_000


class LogInForm(AdminForm):
    name = required_text("Name", 40)
    password = required_password("Password", passwords.MAX_LENGTH)
    code = StringField("Code (if you use two-factor authentication)")
    next = HiddenField()


class ForgottenPasswordForm(AdminForm):
    email = required_text("Email address", 254)


class NewPasswordForm(AdminForm):
    password = required_password("New password", MAX_SUBMITTED_PASSWORD)

    def validate_password(self, field: StringField) -> None:
        if problem := passwords.find_problem(field.data or "", self.personal_words):
            raise ValidationError(problem)

    personal_words: tuple[str, ...] = ()


@bp.get("/admin/login")
@login_not_required
def log_in() -> ResponseReturnValue:
    form = LogInForm(data={"next": request.args.get("next", "")})
    note = next((each for each in ("changed", "kept") if each in request.args), "")
    return render_template("admin/login/login.html", form=form, note=note)


@bp.post("/admin/login")
@login_not_required
def submit_log_in() -> ResponseReturnValue:
    form = LogInForm()
    if not form.validate():
        return render_template("admin/login/login.html", form=form, note=""), 422
    name = (form.name.data or "").strip().lower()
    account = accounts.find(name)
    attempt = Attempt(name, account, _network(), devices.find_device(account))
    if wait := _count(attempt):
        return _too_many_attempts(form, wait)
    is_password_correct = _is_password_correct(attempt, form.password.data or "")
    begin_write()
    code = form.code.data or ""
    if not attempt.is_granted(code, now(), is_password_correct=is_password_correct) or account is None:
        db.session.commit()
        form.add_error("password", WRONG_CREDENTIALS_MESSAGE)
        return render_template("admin/login/login.html", form=form, note=""), 422
    attempt.forgive()
    token = _create_session(account)
    db.session.commit()
    session.clear()  # the form token of the earlier session is not valid any more
    response = make_response(redirect(safe_next_path(form.next.data or ""), 303))
    set_session_cookie(response, token)
    set_marker(response)
    devices.remember_device(response, account)
    return response


@bp.post("/admin/logout")
@requires_role(Role.EDITOR)
def log_out() -> ResponseReturnValue:
    begin_write_after_read()
    sessions.delete(current_account().token_hash)
    db.session.commit()
    session.clear()
    response = make_response(redirect(url_for(".log_in"), 303))
    clear_session_cookie(response)
    clear_marker(response)
    return response


@bp.get("/admin/forgot")
@login_not_required
def forgot() -> ResponseReturnValue:
    return render_template("admin/login/forgot.html", form=ForgottenPasswordForm(), is_sent="sent" in request.args)


@bp.post("/admin/forgot")
@login_not_required
def send_reset() -> ResponseReturnValue:
    form = ForgottenPasswordForm()
    if not form.validate():
        return render_template("admin/login/forgot.html", form=form, is_sent=False), 422
    begin_write()
    wait = throttle.count_attempt([throttle.for_network(_network())], now())
    if not wait:
        accounts.send_password_reset(form.email.data or "", now())
    db.session.commit()
    if wait:
        return _too_many_attempts(form, wait, "admin/login/forgot.html", is_sent=False)
    return redirect(url_for(".forgot", sent=1), 303)


@bp.get("/admin/reset/<token>")
@login_not_required
def reset(token: str) -> ResponseReturnValue:
    is_valid = accounts.find_by_reset_token(token, now()) is not None
    return _reset_page(token, NewPasswordForm(), 200 if is_valid else 404)


@bp.post("/admin/reset/<token>")
@login_not_required
def reset_password(token: str) -> ResponseReturnValue:
    account, form = accounts.find_by_reset_token(token, now()), NewPasswordForm()
    if account is None:
        return _reset_page(token, form, 404)
    form.personal_words = (account.name, account.email)
    if not form.validate():
        return _reset_page(token, form, 422)
    db.session.rollback()
    password_hash = passwords.hash_password(form.password.data or "")
    begin_write()
    if accounts.find_by_reset_token(token, now()) is None:
        db.session.rollback()
        return _reset_page(token, form, 404)
    accounts.set_password(account.id, password_hash)
    audit.record("reset their password by email", "account", account.name, now=now(), actor=(account.id, account.name))
    account = accounts.get(account.id)
    db.session.commit()
    response = make_response(redirect(url_for(".log_in", changed=1), 303))
    devices.remember_device(response, account)
    return response


def _reset_page(token: str, form: NewPasswordForm, status: int) -> ResponseReturnValue:
    page = render_template("admin/login/reset.html", form=form, reset_token=token, is_expired=status == 404)
    return page, status


def _network() -> str:
    address = request.remote_addr or ""
    return network_of(address) or address


def _count(attempt: Attempt) -> timedelta | None:
    begin_write_after_read()
    wait = attempt.count(now())
    db.session.commit()
    return wait


def _is_password_correct(attempt: Attempt, password: str) -> bool:
    """Check the password. No transaction is open while it is hashed."""
    try:
        return passwords.is_correct(password, attempt.account.password_hash if attempt.account else None)
    except passwords.TooManyHashes:  # nobody looked at the password, so it is no failure
        begin_write()
        attempt.undo()
        db.session.commit()
        raise


def _create_session(account: Account) -> str:
    """Log an account in, in place of the session that this browser had; return the new session's token."""
    sessions.delete(sessions.hash_token(request.cookies.get(session_cookie_name(), "")))
    audit.record("logged in", "account", account.name, now=now(), actor=(account.id, account.name))
    return sessions.create(account.id, request.headers.get("User-Agent", ""), now())


def _too_many_attempts(
    form: AdminForm, wait: timedelta, template: str = "admin/login/login.html", **context: object
) -> ResponseReturnValue:
    seconds = math.ceil(wait.total_seconds())
    form.add_error(next(iter(form)).name, TOO_MANY_ATTEMPTS_MESSAGE.format(seconds=seconds))
    page = render_template(template, form=form, **{"note": "", **context})
    return page, 429, {"Retry-After": str(seconds)}
