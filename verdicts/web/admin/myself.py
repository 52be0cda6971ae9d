"""One's own account: password, second factor, and the browsers that are logged in."""

import math
from datetime import timedelta

from flask import make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import HiddenField

from verdicts.config import current_settings
from verdicts.extensions import begin_write, db
from verdicts.staff import accounts, audit, passwords, second_factor, sessions, throttle
from verdicts.staff.models import Role
from verdicts.web.admin.entrance import NewPasswordForm
from verdicts.web.admin.forms import AdminForm, text
from verdicts.web.admin.gate import actor, door, needs, person
from verdicts.web.clock import now

bp = door("myself", "/admin/me")

DONE = {
    "changed": "Your password is changed, and your other browsers are logged out.",
    "second-factor": "Your second factor is off.",
    "elsewhere": "Your other browsers are logged out.",
}
NOT_PRESENT = "This is not your present password."
WRONG_CODE = "This is not the code of this minute. Look at the clock of your phone, and try the next one."


class ChangePasswordForm(NewPasswordForm):
    present = text("Present password", passwords.MAX_LENGTH)


class SetUpForm(AdminForm):
    secret = HiddenField()
    code = text("Code that the app shows", 20)


class SwitchOffForm(AdminForm):
    present = text("Present password", passwords.MAX_LENGTH)


@bp.get("")
@needs(Role.EDITOR)
def index() -> ResponseReturnValue:
    done = DONE.get(request.args.get("done", ""), "")
    return render_template("admin/me.html", sessions=sessions.list_open(person().id, now()), done=done)


@bp.route("/password", methods=["GET", "POST"])
@needs(Role.EDITOR)
def password() -> ResponseReturnValue:
    form = ChangePasswordForm()
    if request.method == "GET":
        return render_template("admin/password.html", form=form)
    form.about = (person().name, person().email)
    if not form.validate() or not _is_present(form):
        return render_template("admin/password.html", form=form), 422
    password_hash = passwords.hash_password(form.password.data or "")
    begin_write()
    accounts.set_password(person().id, password_hash, keep_session=person().token_hash)
    audit.record("changed their password", "account", person().name, now=now(), actor=actor())
    db.session.commit()
    return redirect(url_for(".index", done="changed"), 303)


@bp.get("/second-factor")
@needs(Role.EDITOR)
def second_factor_page() -> ResponseReturnValue:
    if person().has_totp:
        return render_template("admin/second_factor_off.html", form=SwitchOffForm())
    return _offer(SetUpForm(formdata=None, secret=second_factor.new_secret()))


@bp.post("/second-factor")
@needs(Role.EDITOR)
def set_up() -> ResponseReturnValue:
    if person().has_totp:  # another one takes the place of this only after the password has taken this off
        return redirect(url_for(".second_factor_page"), 303)
    form = SetUpForm()
    secret = form.secret.data or ""
    is_ours = len(secret) == 32 and secret.isalnum() and secret.isascii()
    if not form.validate() or not is_ours or second_factor.find_step(secret, form.code.data or "", now()) is None:
        if not form.code.errors:
            form.blame("code", WRONG_CODE)
        return _offer(form, 422)
    db.session.rollback()
    begin_write()
    codes = second_factor.enable(person().id, secret, now())
    sessions.delete_all(person().id, keep_session=person().token_hash)
    audit.record("set up a second factor", "account", person().name, now=now(), actor=actor())
    db.session.commit()
    return render_template("admin/recovery_codes.html", codes=codes)


@bp.post("/second-factor/off")
@needs(Role.EDITOR)
def switch_off() -> ResponseReturnValue:
    form = SwitchOffForm()
    if not form.validate() or not _is_present(form):
        return render_template("admin/second_factor_off.html", form=form), 422
    begin_write()
    second_factor.disable(person().id)
    audit.record("took off their second factor", "account", person().name, now=now(), actor=actor())
    db.session.commit()
    return redirect(url_for(".index", done="second-factor"), 303)


@bp.post("/sign-out-elsewhere")
@needs(Role.EDITOR)
def sign_out_elsewhere() -> ResponseReturnValue:
    db.session.rollback()
    begin_write()
    sessions.delete_all(person().id, keep_session=person().token_hash)
    audit.record("signed out elsewhere", "account", person().name, now=now(), actor=actor())
    db.session.commit()
    return redirect(url_for(".index", done="elsewhere"), 303)


def _is_present(form: ChangePasswordForm | SwitchOffForm) -> bool:
    """Say whether the present password was given. No transaction is open while it is hashed.

    Who finds a browser logged in must not try passwords in it: tries are counted as they are at the entrance.
    """
    gauge = throttle.for_current_password(person().name)
    if wait := _count_a_try(gauge):
        form.blame("present", f"Too many tries. The next one is taken in {math.ceil(wait.total_seconds())} seconds.")
        return False
    found = accounts.get(person().id)
    db.session.rollback()
    if not passwords.is_correct(form.present.data or "", found.password_hash):
        form.blame("present", NOT_PRESENT)
        return False
    begin_write()
    throttle.reset(gauge)
    db.session.commit()
    return True


def _count_a_try(gauge: throttle.Counter) -> timedelta | None:
    db.session.rollback()
    begin_write()
    wait = throttle.count_attempt([gauge], now())
    db.session.commit()
    return wait


def _offer(form: SetUpForm, status: int = 200) -> ResponseReturnValue:
    secret = form.secret.data or second_factor.new_secret()
    link = second_factor.provisioning_uri(secret, person().name, current_settings().site_name)
    return make_response(render_template("admin/second_factor.html", form=form, secret=secret, link=link), status)
