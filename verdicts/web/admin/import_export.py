"""The catalogue as a file: out as it is published, and in by way of a dry run that shows all it would do."""

from dataclasses import dataclass

from flask import Blueprint, Response, redirect, render_template, request, url_for
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
from verdicts.web.admin.auth import MEGABYTE, actor, current_account, log_activity, max_upload, requires
from verdicts.web.admin.forms.base import AdminForm
from verdicts.web.clock import now, today

bp = Blueprint("import_export", __name__)

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


@bp.get("/admin/catalogue")
@requires(Role.EDITOR)
def index() -> ResponseReturnValue:
    return _page(UploadForm(), done=DONE.get(request.args.get("done", ""), ""))


@bp.post("/admin/catalogue")
@requires(Role.ADMIN)
@max_upload(LARGEST, TOO_LARGE)
def upload() -> ResponseReturnValue:
    form, sent = UploadForm(), request.files.get("file")
    content = sent.read() if sent else b""
    if sent is None or not content:
        form.add_error("file", "Choose a file that holds something.")
    elif len(content) > LARGEST * MEGABYTE:
        form.add_error("file", TOO_LARGE)
    if sent is None or form.field_errors():
        return _page(form), 422
    db.session.rollback()
    begin_write()
    pending.store(current_account().id, reading.bare_name(sent.filename or ""), content, now())
    db.session.commit()
    return redirect(url_for(".dry_run"), 303)


@bp.get("/admin/catalogue/import")
@requires(Role.ADMIN)
def dry_run() -> ResponseReturnValue:
    found = pending.find(current_account().id, now())
    return _show(found) if found else redirect(url_for(".index", done="gone"), 303)


@bp.post("/admin/catalogue/import")
@requires(Role.ADMIN)
def run_import() -> ResponseReturnValue:
    found = pending.find(current_account().id, now())
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
    log_activity("imported", "catalogue", found.name, **report.figures)
    pending.delete(current_account().id)
    db.session.commit()
    is_as_told = report.fingerprint == request.form.get("report")
    return redirect(url_for(".index", done="as-told" if is_as_told else "otherwise"), 303)


@bp.post("/admin/catalogue/import/forget")
@requires(Role.ADMIN)
def discard() -> ResponseReturnValue:
    db.session.rollback()
    begin_write()
    pending.delete(current_account().id)
    db.session.commit()
    return redirect(url_for(".index", done="dropped"), 303)


@bp.get("/admin/catalogue/export")
@requires(Role.EDITOR)
def export_file() -> ResponseReturnValue:
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
    return render_template(
        "admin/import_export/dry_run.html", found=found, outcome=outcome, most=MOST_SHOWN, problem=problem
    )


def _page(form: UploadForm, *, done: str = "", problem: str = "") -> str:
    return render_template(
        "admin/import_export/index.html",
        form=form,
        largest=LARGEST,
        waiting=pending.find(current_account().id, now()),
        imports=audit.search("imported catalogue", limit=5),
        done=done,
        problem=problem,
    )
