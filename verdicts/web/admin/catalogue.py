"""The catalogue as a file: out as it is published, and in by way of a dry run that shows all it would do."""

from dataclasses import dataclass

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileField
from sqlalchemy.exc import IntegrityError

from verdicts.curation.catalog_file.faults import CatalogueRefused
from verdicts.curation.catalog_file.schema import MOST_FAULTS_COLLECTED
from verdicts.curation.transfer import pending, reading
from verdicts.curation.transfer.exporting import TooLargeForYaml, export
from verdicts.curation.transfer.importing import import_catalogue
from verdicts.curation.transfer.pending import PendingImport
from verdicts.curation.transfer.report import ImportReport
from verdicts.extensions import begin_write, db
from verdicts.staff import audit
from verdicts.staff.models import Role
from verdicts.web.admin.forms import AdminForm
from verdicts.web.admin.gate import MEGABYTE, actor, door, needs, person, takes
from verdicts.web.clock import now, today

bp = door("catalogue_file", "/admin/catalogue")

LARGEST = 2  # some 1,500 tools: on SQLite nobody else writes while a dry run goes on, a second for this much
TOO_LARGE = (
    f"The browser takes files of up to {LARGEST} MB. A larger one goes in on the server: flask catalog import FILE."
)
MOST_SHOWN = 300
DONE = {
    "as-told": "Imported. It did just what the dry run said.",
    "otherwise": "Imported, but it did something else than the dry run said, as the catalogue had changed meanwhile. "
    "What it did stands below.",
    "dropped": "The file is forgotten, and nothing was imported.",
    "gone": "There is no file to go on with: it was imported, forgotten, or is older than a day.",
}
ANOTHER_FILE = "Another file was sent meanwhile, so nothing was imported. This is what that one would do."
CHANGED = "Somebody changed the catalogue at the same moment, so nothing was imported. This is the dry run of now."


class UploadForm(AdminForm):
    file = FileField("Catalogue file")


@dataclass(frozen=True)
class Outcome:
    """What came of a file: a report, or the faults for which it is refused."""

    report: ImportReport | None
    faults: tuple[str, ...] = ()

    @property
    def has_more_faults(self) -> bool:
        return len(self.faults) >= MOST_FAULTS_COLLECTED


@bp.get("")
@needs(Role.EDITOR)
def index() -> ResponseReturnValue:
    return _page(UploadForm(), done=DONE.get(request.args.get("done", ""), ""))


@bp.post("")
@needs(Role.ADMIN)
@takes(LARGEST, TOO_LARGE)
def send() -> ResponseReturnValue:
    form, sent = UploadForm(), request.files.get("file")
    content = sent.read() if sent else b""
    if sent is None or not content:
        form.blame("file", "Choose a file that holds something.")
    elif len(content) > LARGEST * MEGABYTE:
        form.blame("file", TOO_LARGE)
    if sent is None or form.faults():
        return _page(form), 422
    db.session.rollback()
    begin_write()
    pending.store(person().id, reading.bare_name(sent.filename or ""), content, now())
    db.session.commit()
    return redirect(url_for(".dry_run"), 303)


@bp.get("/import")
@needs(Role.ADMIN)
def dry_run() -> ResponseReturnValue:
    found = pending.find(person().id, now())
    return _show(found) if found else redirect(url_for(".index", done="gone"), 303)


@bp.post("/import")
@needs(Role.ADMIN)
def import_it() -> ResponseReturnValue:
    found = pending.find(person().id, now())
    if found is None:
        return redirect(url_for(".index", done="gone"), 303)
    if found.digest != request.form.get("file"):
        return _show(found, ANOTHER_FILE), 422
    try:
        report = _import(found)
    except CatalogueRefused:
        return _show(found, CHANGED), 422
    except IntegrityError:
        db.session.rollback()
        return _show(found, CHANGED), 422
    audit.record_all(report.differences, now=now(), actor=actor())
    audit.record("imported", "catalogue", found.name, now=now(), actor=actor(), **report.figures)
    pending.delete(person().id)
    db.session.commit()
    is_as_told = report.fingerprint == request.form.get("report")
    return redirect(url_for(".index", done="as-told" if is_as_told else "otherwise"), 303)


@bp.post("/import/forget")
@needs(Role.ADMIN)
def forget() -> ResponseReturnValue:
    db.session.rollback()
    begin_write()
    pending.delete(person().id)
    db.session.commit()
    return redirect(url_for(".index", done="dropped"), 303)


@bp.get("/export")
@needs(Role.EDITOR)
def download() -> ResponseReturnValue:
    as_yaml = request.args.get("as") == "yaml"
    try:
        text = export(now(), as_yaml=as_yaml)
    except TooLargeForYaml as refusal:
        return _page(UploadForm(), problem=str(refusal)), 422
    kind = "yaml" if as_yaml else "json"
    headers = {"Content-Disposition": f'attachment; filename="catalogue-{today().isoformat()}.{kind}"'}
    return Response(text, mimetype=f"application/{kind}", headers=headers)


def _import(found: PendingImport) -> ImportReport:
    """Import a file; the caller commits, or takes it back. The file is parsed before anyone is kept waiting."""
    db.session.rollback()
    data = reading.read(found.content, found.name)
    begin_write()
    return import_catalogue(data, now())


def _try(found: PendingImport) -> Outcome:
    """Return what importing a file would do, having taken it back."""
    try:
        return Outcome(_import(found))
    except CatalogueRefused as refused:
        return Outcome(None, refused.faults)
    finally:
        db.session.rollback()


def _show(found: PendingImport, problem: str = "") -> str:
    outcome = _try(found)
    return render_template("admin/dry_run.html", found=found, outcome=outcome, most=MOST_SHOWN, problem=problem)


def _page(form: UploadForm, *, done: str = "", problem: str = "") -> str:
    return render_template(
        "admin/catalogue.html",
        form=form,
        largest=LARGEST,
        waiting=pending.find(person().id, now()),
        imports=audit.search("imported catalogue", limit=5),
        done=done,
        problem=problem,
    )
