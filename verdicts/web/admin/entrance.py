"""The entrance: logging in and out, and a new password by mail. Nothing here tells which names exist."""

import math
from datetime import timedelta

from flask import make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from wtforms import HiddenField, StringField, ValidationError

from verdicts.extensions import begin_write, db
from verdicts.staff import accounts, audit, passwords, second_factor, sessions, throttle
from verdicts.staff.accounts import Account
from verdicts.staff.models import Role
from verdicts.voting.networks import network_of
from verdicts.web.admin.forms import AdminForm, text
from verdicts.web.admin.gate import (
    cookie_name,
    door,
    give_cookie,
    needs,
    open_to_all,
    path_of_ours,
    person,
    take_cookie,
)
from verdicts.web.clock import now

bp = door("entrance")

WRONG = "The name, the password or the code is not right."


class LogInForm(AdminForm):
    name = text("Name", 40)
    password = text("Password", passwords.MAX_LENGTH)
    code = StringField("Code, if you have set up a second factor")
    next = HiddenField()


class ForgotForm(AdminForm):
    email = text("Email address", 254)


class NewPasswordForm(AdminForm):
    password = text("New password", 10_000)

    def validate_password(self, field: StringField) -> None:
        if fault := passwords.find_problem(field.data or "", self.about):
            raise ValidationError(fault)

    about: tuple[str, ...] = ()


@bp.get("/login")
@open_to_all
def log_in() -> ResponseReturnValue:
    form = LogInForm(data={"next": request.args.get("next", "")})
    note = next((each for each in ("changed", "kept") if each in request.args), "")
    return render_template("admin/login.html", form=form, note=note)


@bp.post("/login")
@open_to_all
def let_in() -> ResponseReturnValue:
    form = LogInForm()
    if not form.validate():
        return render_template("admin/login.html", form=form, note=""), 422
    name = (form.name.data or "").strip().lower()
    if wait := _count_a_try(throttle.for_account(name)):
        return _come_back_later(form, wait)
    found = _who_is_it(name, form.password.data or "", form.code.data or "")
    if found is None:
        form.blame("password", WRONG)
        return render_template("admin/login.html", form=form, note=""), 422
    begin_write()
    if accounts.find(name) != found:  # its password was changed, or it was disabled, while this one was hashed
        db.session.rollback()
        form.blame("password", WRONG)
        return render_template("admin/login.html", form=form, note=""), 422
    throttle.reset(throttle.for_account(name))
    throttle.undo_attempt(_network())
    sessions.delete(sessions.hash_token(request.cookies.get(cookie_name(), "")))
    token = sessions.create(found.id, request.headers.get("User-Agent", ""), now())
    audit.record("logged in", "account", found.name, now=now(), actor=(found.id, found.name))
    db.session.commit()
    session.clear()  # the form token of before is nobody's any more
    response = make_response(redirect(path_of_ours(form.next.data or ""), 303))
    give_cookie(response, token)
    return response


@bp.post("/logout")
@needs(Role.EDITOR)
def log_out() -> ResponseReturnValue:
    db.session.rollback()
    begin_write()
    sessions.delete(person().token_hash)
    db.session.commit()
    session.clear()
    response = make_response(redirect(url_for(".log_in"), 303))
    take_cookie(response)
    return response


@bp.get("/forgot")
@open_to_all
def forgot() -> ResponseReturnValue:
    return render_template("admin/forgot.html", form=ForgotForm(), is_sent="sent" in request.args)


@bp.post("/forgot")
@open_to_all
def mail_a_reset() -> ResponseReturnValue:
    form = ForgotForm()
    if not form.validate():
        return render_template("admin/forgot.html", form=form, is_sent=False), 422
    address = (form.email.data or "").strip()
    if wait := _count_a_try(throttle.for_reset(address.lower())):
        return _come_back_later(form, wait, "admin/forgot.html", is_sent=False)
    begin_write()
    accounts.send_password_reset(address, now())
    db.session.commit()
    return redirect(url_for(".forgot", sent=1), 303)


@bp.get("/reset/<token>")
@open_to_all
def reset(token: str) -> ResponseReturnValue:
    found = accounts.find_by_reset_token(token, now())
    page = render_template("admin/reset.html", form=NewPasswordForm(), reset_token=token, is_dead=found is None)
    return page, 200 if found else 404


@bp.post("/reset/<token>")
@open_to_all
def set_password(token: str) -> ResponseReturnValue:
    found, form = accounts.find_by_reset_token(token, now()), NewPasswordForm()
    if found is None:
        return render_template("admin/reset.html", form=form, reset_token=token, is_dead=True), 404
    form.about = (found.name, found.email)
    if not form.validate():
        return render_template("admin/reset.html", form=form, reset_token=token, is_dead=False), 422
    db.session.rollback()
    password_hash = passwords.hash_password(form.password.data or "")
    begin_write()
    if accounts.find_by_reset_token(token, now()) is None:
        db.session.rollback()
        return render_template("admin/reset.html", form=form, reset_token=token, is_dead=True), 404
    accounts.set_password(found.id, password_hash)
    audit.record("set a new password by mail", "account", found.name, now=now(), actor=(found.id, found.name))
    db.session.commit()
    return redirect(url_for(".log_in", changed=1), 303)


def _count_a_try(gauge: throttle.Counter) -> timedelta | None:
    begin_write()
    wait = throttle.count_attempt([gauge, _network()], now())
    db.session.commit()
    return wait


def _network() -> throttle.Counter:
    address = request.remote_addr or ""
    return throttle.for_network(str(network_of(address) or address))


def _who_is_it(name: str, password: str, code: str) -> Account | None:
    """Return whose name, password and code these are. No transaction is open while the password is hashed."""
    found = accounts.find(name)
    db.session.rollback()
    if not passwords.is_correct(password, found.password_hash if found else None) or found is None or found.disabled_at:
        return None
    if found.totp_secret:
        begin_write()
        is_good = second_factor.consume_code(found.id, found.totp_secret, code, now())
        db.session.commit()
        return found if is_good else None
    return found


def _come_back_later(
    form: AdminForm, wait: timedelta, template: str = "admin/login.html", **more: object
) -> ResponseReturnValue:
    seconds = math.ceil(wait.total_seconds())
    form.blame(next(iter(form)).name, f"Too many tries. The next one is taken in {seconds} seconds.")
    more.setdefault("note", "")
    return render_template(template, form=form, **more), 429, {"Retry-After": str(seconds)}
