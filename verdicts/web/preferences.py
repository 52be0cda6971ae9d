"""A subscriber's own page, behind the link in their mail: what they read, what is kept of them, and an end to it."""

from collections.abc import Collection
from dataclasses import replace

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import SelectMultipleField, StringField, ValidationError
from wtforms.validators import AnyOf

from verdicts.catalog import directory
from verdicts.catalog import queries as catalog
from verdicts.catalog.records import ToolLink
from verdicts.digest.queries import list_copies
from verdicts.extensions import begin_write, db
from verdicts.newsletter import leaving, own_data, preferences, queries
from verdicts.newsletter.models import Rhythm
from verdicts.newsletter.preferences import Preferences
from verdicts.newsletter.queries import Subscription
from verdicts.newsletter.tokens import Purpose
from verdicts.web.clock import now
from verdicts.web.newsletter import UnknownLink, leave_url

bp = Blueprint("preferences", __name__, url_prefix="/newsletter/preferences")

ALL, SOME = "all", "some"


class PreferencesForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF is untyped
    class Meta:
        csrf = False  # the token in the address authorises it, and web.origin checks where it comes from

    rhythm = StringField(validators=[AnyOf(list(Rhythm), message="Choose how often you want to read.")])
    scope = StringField(validators=[AnyOf([ALL, SOME], message="Choose all categories or some.")])
    category = SelectMultipleField(validate_choice=False)
    tool = SelectMultipleField(validate_choice=False)

    known: Collection[str] = ()

    def validate_category(self, field: SelectMultipleField) -> None:
        if self.scope.data == SOME and not set(field.data or ()) & set(self.known):
            raise ValidationError("Tick at least one category, or choose all of them.")


@bp.get("/<token>")
def show(token: str) -> ResponseReturnValue:
    found = _find(token)
    if not found.is_under_way:
        return render_template("newsletter/ended.html", found=found)
    return _page(token, found, preferences.load(found.id, found.rhythm, now()))


@bp.post("/<token>")
def save(token: str) -> ResponseReturnValue:
    begin_write()
    found, form = _find(token), PreferencesForm()
    if not found.is_under_way:
        return redirect(url_for(".show", token=token), 303)
    kept = preferences.load(found.id, found.rhythm, now())
    form.known = [category.slug for category in kept.categories]
    chosen = _as_typed(form, kept)
    if not form.validate():
        return _page(token, found, chosen, form), 422
    preferences.prefer(
        found.id,
        rhythm=Rhythm(form.rhythm.data),
        categories=[] if form.scope.data == ALL else [each.id for each in chosen.categories if each.is_chosen],
        tools=[link.id for link in chosen.follows],
        now=now(),
    )
    db.session.commit()
    return redirect(url_for(".show", token=token, saved=1), 303)


@bp.get("/<token>/data")
def data(token: str) -> Response:
    """Hand out all that is kept of a subscriber, as a file."""
    found = _find(token)
    response = jsonify(own_data.of(found, now()) | {"editions": list_copies(found.id)})
    response.headers["Content-Disposition"] = 'attachment; filename="my-subscription.json"'
    return response


@bp.post("/<token>/erase")
def erase(token: str) -> ResponseReturnValue:
    begin_write()
    leaving.erase(_find(token).id, now())
    db.session.commit()
    return redirect(url_for(".show", token=token), 303)


def _find(token: str) -> Subscription:
    found = queries.find_by_token(Purpose.PREFERENCES, token)
    if found is None:
        raise UnknownLink
    return found


def _as_typed(form: PreferencesForm, kept: Preferences) -> Preferences:
    """Return the preferences that a form states, with whatever it does not state as they were."""
    ticked, slugs = (
        set(form.category.data or ()),
        [slug for slug in form.tool.data or () if slug and slug.isprintable()],
    )
    return Preferences(
        rhythm=Rhythm(form.rhythm.data) if form.rhythm.data in set(Rhythm) else kept.rhythm,
        categories=tuple(replace(each, is_chosen=each.slug in ticked) for each in kept.categories),
        follows=tuple(_links(slugs)),
    )


def _links(slugs: list[str]) -> list[ToolLink]:
    return sorted(catalog.list_published_links(slugs, now()), key=lambda link: link.name.lower())


def _page(token: str, found: Subscription, chosen: Preferences, form: PreferencesForm | None = None) -> str:
    problems = {name: " ".join(faults) for name, faults in form.errors.items()} if form else {}
    return render_template(
        "newsletter/preferences.html",
        found=found,
        chosen=chosen,
        reads_all=form.scope.data != SOME if form else chosen.reads_all,
        problems=problems,
        groups=directory.list_by_category(now()),
        saved="saved" in request.args and not problems,
        token=token,
        leave_url=leave_url(found),
    )
