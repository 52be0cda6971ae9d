"""Users: who may log in, and their roles; for admins."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import StringField
from wtforms.validators import AnyOf

from verdicts.extensions import begin_write, begin_write_after_read, db
from verdicts.staff import accounts, passwords, second_factor
from verdicts.staff.accounts import Account, InvalidAccount
from verdicts.staff.models import Role
from verdicts.web.admin.auth import log_activity, requires_role
from verdicts.web.admin.current_password import CurrentPasswordForm, check_current_password
from verdicts.web.admin.drafts import RedisplayCause, act_or_redisplay, redisplayed_on
from verdicts.web.admin.forms.base import AdminForm, max_length, required_text
from verdicts.web.admin.open_pages import tell_saved_form
from verdicts.web.clock import now
from verdicts.web.paging import ID

bp = Blueprint("users", __name__)

NEEDED_FOR_ADMINS_MESSAGE = "Enter your password to add an admin."
ROLES = [(Role.EDITOR.value, "Editor: content and digest drafts"), (Role.ADMIN.value, "Admin: also users and sending")]


class UserForm(AdminForm):
    name = required_text("Name to log in with", 40)
    email = required_text("Email address", 254)
    role = StringField("Role", default=Role.EDITOR.value, validators=[AnyOf(list(Role), "Choose editor or admin.")])
    current_password = StringField("Your password", validators=[max_length(passwords.MAX_LENGTH)])

    def is_confirmed(self) -> bool:
        """Return whether this may be done: who adds an admin confirms it with their password. Adds an error if not."""
        if self.role.data != Role.ADMIN:
            return True
        if not self.current_password.data:
            self.add_error("current_password", NEEDED_FOR_ADMINS_MESSAGE)
            return False
        return check_current_password(self)


@dataclass(frozen=True)
class PasswordProblem:
    """Why an act on an account was not confirmed: shown beside that act's password."""

    act: str
    account_id: int
    message: str


@bp.get("/admin/people")
@requires_role(Role.ADMIN)
def index() -> ResponseReturnValue:
    return _render_index()


@bp.route("/admin/people/new", methods=["GET", "POST"])
@requires_role(Role.ADMIN)
@redisplayed_on("admin.users.add")
def add() -> ResponseReturnValue:
    """Create an account with a password that is shown once, and must be changed at the first log-in."""
    form = UserForm()
    if request.method == "GET":
        return _render_add(form)
    return act_or_redisplay(lambda: _add(form), lambda cause: _render_add(form, cause))


def _add(form: UserForm) -> ResponseReturnValue:
    if not form.validate() or not form.is_confirmed():
        return _render_add(form), 422
    password = "-".join(secrets.token_hex(3) for _ in range(4))
    db.session.rollback()
    password_hash = passwords.hash_password(password)
    begin_write()
    name, role = (form.name.data or "").strip(), Role(form.role.data)
    try:
        accounts.create(name, (form.email.data or "").strip(), role, password_hash, now())
    except InvalidAccount as error:
        db.session.rollback()
        form.add_error(error.field, str(error))
        return _render_add(form), 422
    log_activity("added", "account", name, role=(None, str(role)))
    db.session.commit()
    return tell_saved_form(
        make_response(render_template("admin/users/new_password.html", name=name, password=password))
    )


@bp.post(f"/admin/people/{ID}/role")
@requires_role(Role.ADMIN)
def set_role(id: int) -> ResponseReturnValue:
    if request.form.get("role") not in set(Role):
        abort(400, "A role is editor or admin.")
    role = Role(request.form["role"])
    if refused := _refuse_unconfirmed(id, "role", lambda account: account.role is not role):
        return refused
    account = _begin_and_get_account(id)
    change = None if account.role is role else (lambda: accounts.set_role(id, role))
    return _apply_and_log(account, change, "changed the role of", role=(str(account.role), str(role)))


@bp.post(f"/admin/people/{ID}/disable")
@requires_role(Role.ADMIN)
def disable(id: int) -> ResponseReturnValue:
    account = _begin_and_get_account(id)
    return _apply_and_log(account, None if account.disabled_at else (lambda: accounts.disable(id, now())), "disabled")


@bp.post(f"/admin/people/{ID}/enable")
@requires_role(Role.ADMIN)
def enable(id: int) -> ResponseReturnValue:
    def is_admin_again(account: Account) -> bool:
        return account.disabled_at is not None and account.role is Role.ADMIN

    if refused := _refuse_unconfirmed(id, "enable", is_admin_again):
        return refused
    account = _begin_and_get_account(id)
    return _apply_and_log(account, (lambda: accounts.enable(id)) if account.disabled_at else None, "enabled")


@bp.post(f"/admin/people/{ID}/second-factor/off")
@requires_role(Role.ADMIN)
def reset_two_factor(id: int) -> ResponseReturnValue:
    if refused := _refuse_unconfirmed(id, "two-factor", lambda account: account.totp_secret is not None):
        return refused
    account = _begin_and_get_account(id)
    change = (lambda: second_factor.disable(id)) if account.totp_secret else None
    return _apply_and_log(account, change, "reset two-factor authentication of")


def _render_add(form: UserForm, cause: RedisplayCause | None = None) -> str:
    return render_template("admin/users/add.html", form=form, roles=ROLES, cause=cause)


def _render_index(problem: str = "", password_problem: PasswordProblem | None = None) -> str:
    return render_template(
        "admin/users/index.html", accounts=accounts.list_all(), problem=problem, password_problem=password_problem
    )


def _refuse_unconfirmed(id: int, act: str, needs_password: Callable[[Account], bool]) -> tuple[str, HTTPStatus] | None:
    """Return the page again, with an error beside the password, if an act needs it and it is not right; else None."""
    form = CurrentPasswordForm()
    if not needs_password(_get_account(id)) or (form.validate() and check_current_password(form)):
        return None
    problem = PasswordProblem(act, id, " ".join(map(str, form.current_password.errors)))
    return _render_index(password_problem=problem), HTTPStatus.UNPROCESSABLE_ENTITY


def _begin_and_get_account(id: int) -> Account:
    begin_write_after_read()
    return _get_account(id)


def _get_account(id: int) -> Account:
    account = next((each for each in accounts.list_all() if each.id == id), None)
    return account or abort(404, "There is no such account.")


def _apply_and_log(
    account: Account, change: Callable[[], None] | None, action: str, **changes: tuple[object, object]
) -> ResponseReturnValue:
    """Change an account and log it. If `change` is None (a button was pressed twice), log nothing."""
    if change is None:
        db.session.rollback()
        return redirect(url_for(".index"), 303)
    try:
        change()
    except InvalidAccount as error:
        db.session.rollback()
        return _render_index(str(error)), 422
    log_activity(action, "account", account.name, account.id, **changes)
    db.session.commit()
    return redirect(url_for(".index"), 303)
