"""People: who may log in, as what; for admins."""

import secrets
from collections.abc import Callable

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import StringField
from wtforms.validators import AnyOf

from verdicts.extensions import begin_write, db
from verdicts.staff import accounts, audit, passwords, second_factor
from verdicts.staff.accounts import Account, InvalidAccount
from verdicts.staff.models import Role
from verdicts.web.admin.again import act_or_show
from verdicts.web.admin.forms import AdminForm, text
from verdicts.web.admin.gate import actor, door, needs
from verdicts.web.admin.places import shows_again
from verdicts.web.clock import now

bp = door("people", "/admin/people")

ROLES = [(Role.EDITOR.value, "Editor: content and digest drafts"), (Role.ADMIN.value, "Admin: people and sending too")]


class PersonForm(AdminForm):
    name = text("Name to log in with", 40)
    email = text("Email address", 254)
    role = StringField("Role", default=Role.EDITOR.value, validators=[AnyOf(list(Role), "Choose editor or admin.")])


@bp.get("")
@needs(Role.ADMIN)
def index() -> ResponseReturnValue:
    return render_template("admin/people.html", everyone=accounts.list_all(), problem="")


@bp.route("/new", methods=["GET", "POST"])
@needs(Role.ADMIN)
@shows_again("people.add")
def add() -> ResponseReturnValue:
    """Add someone, with a password that is shown once and good until they choose their own."""
    form = PersonForm()
    if request.method == "GET":
        return _adding(form)
    return act_or_show(lambda: _add(form), lambda why: _adding(form, why))


def _add(form: PersonForm) -> ResponseReturnValue:
    if not form.validate():
        return _adding(form), 422
    password = "-".join(secrets.token_hex(3) for _ in range(4))
    db.session.rollback()
    password_hash = passwords.hash_password(password)
    begin_write()
    name, role = (form.name.data or "").strip(), Role(form.role.data)
    try:
        accounts.create(name, (form.email.data or "").strip(), role, password_hash, now())
    except InvalidAccount as fault:
        db.session.rollback()
        form.blame(fault.field, str(fault))
        return _adding(form), 422
    audit.record("added", "account", name, now=now(), actor=actor(), role=(None, str(role)))
    db.session.commit()
    return render_template("admin/new_password.html", name=name, password=password)


@bp.post("/<int(max=2147483647):id>/role")
@needs(Role.ADMIN)
def set_role(id: int) -> ResponseReturnValue:
    if request.form.get("role") not in set(Role):
        abort(400, "A role is editor or admin.")
    role = Role(request.form["role"])
    found = _begin(id)
    if found.role is role:
        return _as_it_is()
    return _done(found, lambda: accounts.set_role(id, role), "changed the role of", role=(str(found.role), str(role)))


@bp.post("/<int(max=2147483647):id>/disable")
@needs(Role.ADMIN)
def disable(id: int) -> ResponseReturnValue:
    found = _begin(id)
    if found.disabled_at:
        return _as_it_is()
    return _done(found, lambda: accounts.disable(id, now()), "disabled")


@bp.post("/<int(max=2147483647):id>/enable")
@needs(Role.ADMIN)
def enable(id: int) -> ResponseReturnValue:
    found = _begin(id)
    if not found.disabled_at:
        return _as_it_is()
    return _done(found, lambda: accounts.enable(id), "enabled")


@bp.post("/<int(max=2147483647):id>/second-factor/off")
@needs(Role.ADMIN)
def take_off_second_factor(id: int) -> ResponseReturnValue:
    found = _begin(id)
    if not found.totp_secret:
        return _as_it_is()
    return _done(found, lambda: second_factor.disable(id), "took off the second factor of")


def _adding(form: PersonForm, unsaved: str = "") -> str:
    return render_template("admin/person.html", form=form, roles=ROLES, unsaved=unsaved)


def _begin(id: int) -> Account:
    db.session.rollback()
    begin_write()
    return next((each for each in accounts.list_all() if each.id == id), None) or abort(
        404, "There is nobody like that."
    )


def _as_it_is() -> ResponseReturnValue:
    """Lead on from a button that was pressed twice: what is so already is no entry of the trail."""
    db.session.rollback()
    return redirect(url_for(".index"), 303)


def _done(found: Account, act: Callable[[], None], words: str, **changes: tuple[object, object]) -> ResponseReturnValue:
    try:
        act()
    except InvalidAccount as fault:
        db.session.rollback()
        return render_template("admin/people.html", everyone=accounts.list_all(), problem=str(fault)), 422
    audit.record(words, "account", found.name, found.id, now=now(), actor=actor(), **changes)
    db.session.commit()
    return redirect(url_for(".index"), 303)
