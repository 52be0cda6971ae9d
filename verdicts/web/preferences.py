"""A subscriber's own page, behind the link in their mail: what they read, the export of their data, and erasing it."""

from collections.abc import Collection
from dataclasses import replace

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import SelectMultipleField, StringField, ValidationError
from wtforms.validators import AnyOf

from verdicts.catalog import directory
from verdicts.catalog import queries as catalog
from verdicts.digest.queries import list_deliveries_for_export
from verdicts.extensions import begin_write, db
from verdicts.newsletter import leaving, preferences
from verdicts.newsletter.models import Rhythm, Status
from verdicts.newsletter.preferences import Preferences
from verdicts.newsletter.queries import Subscription
from verdicts.newsletter.tokens import Purpose
from verdicts.web.clock import now
from verdicts.web.forms import PublicForm
from verdicts.web.newsletter import get_subscription, leave_url

bp = Blueprint("preferences", __name__, url_prefix="/newsletter/preferences")

ALL, SOME = "all", "some"


class PreferencesForm(PublicForm):
    rhythm = StringField(validators=[AnyOf(list(Rhythm), message="Choose how often you want to read.")])
    scope = StringField(validators=[AnyOf([ALL, SOME], message="Choose all categories or some.")])
    category = SelectMultipleField(validate_choice=False)
    tool = SelectMultipleField(validate_choice=False)

    category_slugs: Collection[str] = ()

    def validate_category(self, field: SelectMultipleField) -> None:
        if self.scope.data == SOME and not set(field.data or ()) & set(self.category_slugs):
            raise ValidationError("Tick at least one category, or choose all of them.")


@bp.get("/<token>")
def show(token: str) -> ResponseReturnValue:
    subscription = get_subscription(Purpose.PREFERENCES, token)
    if not subscription.is_active:
        return render_template("newsletter/ended.html", subscription=subscription)
    return _render(token, subscription, preferences.load(subscription.id, subscription.rhythm, now()))


@bp.post("/<token>")
def save(token: str) -> ResponseReturnValue:
    form = PreferencesForm()
    begin_write()
    subscription = get_subscription(Purpose.PREFERENCES, token)
    if not subscription.is_active:
        return redirect(url_for(".show", token=token), 303)
    stored = preferences.load(subscription.id, subscription.rhythm, now())
    form.category_slugs = [category.slug for category in stored.categories]
    chosen = _apply_form(form, stored)
    if not form.validate():
        return _render(token, subscription, chosen, form), 422
    preferences.update(
        subscription.id,
        rhythm=Rhythm(form.rhythm.data),
        categories=[] if form.scope.data == ALL else [each.id for each in chosen.categories if each.is_chosen],
        tools=[link.id for link in chosen.follows],
        now=now(),
    )
    db.session.commit()
    return redirect(url_for(".show", token=token, saved=1), 303)


@bp.get("/<token>/data")
def data(token: str) -> Response:
    """Return all that is stored about a subscriber, as a JSON file."""
    subscription = get_subscription(Purpose.PREFERENCES, token)
    editions = list_deliveries_for_export(subscription.id)
    response = jsonify(preferences.export(subscription, now()) | {"editions": editions})
    response.headers["Content-Disposition"] = 'attachment; filename="my-subscription.json"'
    return response


@bp.post("/<token>/erase")
def erase(token: str) -> ResponseReturnValue:
    begin_write()
    leaving.end(get_subscription(Purpose.PREFERENCES, token).id, Status.ERASED, now())
    db.session.commit()
    return redirect(url_for(".show", token=token), 303)


def _apply_form(form: PreferencesForm, stored: Preferences) -> Preferences:
    """Return the preferences that a form states; a rhythm that there is not leaves the stored one."""
    ticked = set(form.category.data or ())
    slugs = [slug for slug in form.tool.data or () if slug and slug.isprintable()]
    links = catalog.list_published_links(slugs, now())
    return Preferences(
        rhythm=Rhythm(form.rhythm.data) if form.rhythm.data in set(Rhythm) else stored.rhythm,
        categories=tuple(replace(each, is_chosen=each.slug in ticked) for each in stored.categories),
        follows=tuple(sorted(links, key=lambda link: link.name.lower())),
    )


def _render(token: str, subscription: Subscription, chosen: Preferences, form: PreferencesForm | None = None) -> str:
    problems = {name: " ".join(faults) for name, faults in form.errors.items()} if form else {}
    return render_template(
        "newsletter/preferences.html",
        subscription=subscription,
        chosen=chosen,
        reads_all=form.scope.data != SOME if form else chosen.reads_all,
        problems=problems,
        groups=directory.list_by_category(now()),
        saved="saved" in request.args and not problems,
        token=token,
        leave_url=leave_url(subscription),
    )
