"""Export the published catalogue; import a file after a dry run that shows every change."""

from collections.abc import Iterable
from dataclasses import dataclass
from os import SEEK_END
from tempfile import TemporaryFile
from typing import IO

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileField
from sqlalchemy.exc import IntegrityError
from werkzeug.wsgi import wrap_file

from verdicts.curation.catalog_file.faults import CatalogRefused
from verdicts.curation.catalog_file.parsing import MAX_FAULTS_COLLECTED
from verdicts.curation.transfer import pending, reading
from verdicts.curation.transfer.exporting import TooLargeForYaml, write
from verdicts.curation.transfer.importing import import_catalog
from verdicts.curation.transfer.pending import PendingFile
from verdicts.curation.transfer.report import ImportReport
from verdicts.extensions import begin_write, begin_write_after_read, db
from verdicts.staff import audit
from verdicts.staff.models import Role
from verdicts.web.admin.auth import MEGABYTE, actor, current_account, log_activity, max_upload, requires_role
from verdicts.web.admin.forms.base import AdminForm
from verdicts.web.clock import now, today

bp = Blueprint("import_export", __name__)

MAX_MEGABYTES = 2  # some 1,500 tools; on SQLite a dry run keeps other writers waiting, for a second at this size
TOO_LARGE_MESSAGE = (
    f"This page accepts {MAX_MEGABYTES} MB at most. Import larger files on the server: flask catalog import FILE."
)
MAX_CHANGES_SHOWN = 300
AS_DRAFTS = "drafts"
SUCCESS_MESSAGES = {
    "as-predicted": "Imported, exactly as previewed.",
    "otherwise": "Imported, but not exactly as previewed, because the catalogue had changed. See below what changed.",
    "dropped": "File discarded. Nothing was imported.",
    "gone": "There is no file to continue with: it was imported or discarded, or is older than a day. Upload it again.",
}
ANOTHER_FILE_MESSAGE = (
    "You uploaded another file since then, so nothing was imported. This is the preview of that file."
)
CHANGED_MESSAGE = "Someone changed the catalogue at the same moment, so nothing was imported. This is a new preview."


class UploadForm(AdminForm):
    file = FileField("Catalogue file")


@dataclass(frozen=True)
class DryRun:
    """What importing a file would do: a report, or the faults for which it is refused."""

    report: ImportReport | None
    faults: tuple[str, ...] = ()

    @property
    def has_more_faults(self) -> bool:
        return len(self.faults) >= MAX_FAULTS_COLLECTED


@bp.get("/admin/catalogue")
@requires_role(Role.EDITOR)
def index() -> ResponseReturnValue:
    return _render_index(UploadForm(), done=SUCCESS_MESSAGES.get(request.args.get("done", ""), ""))


@bp.post("/admin/catalogue")
@requires_role(Role.ADMIN)
@max_upload(MAX_MEGABYTES, TOO_LARGE_MESSAGE)
def upload() -> ResponseReturnValue:
    form, file = UploadForm(), request.files.get("file")
    content = file.read() if file else b""
    if file is None or not content:
        form.add_error("file", "Choose a file that is not empty.")
    elif len(content) > MAX_MEGABYTES * MEGABYTE:
        form.add_error("file", TOO_LARGE_MESSAGE)
    if file is None or form.field_errors():
        return _render_index(form), 422
    begin_write_after_read()
    pending.store(current_account().id, reading.bare_name(file.filename or ""), content, now())
    db.session.commit()
    return redirect(url_for(".dry_run"), 303)


@bp.get("/admin/catalogue/import")
@requires_role(Role.ADMIN)
def dry_run() -> ResponseReturnValue:
    file = pending.find(current_account().id, now())
    return _render_dry_run(file) if file else redirect(url_for(".index", done="gone"), 303)


@bp.post("/admin/catalogue/import")
@requires_role(Role.ADMIN)
def run_import() -> ResponseReturnValue:
    file = pending.find(current_account().id, now())
    if file is None:
        return redirect(url_for(".index", done="gone"), 303)
    if file.digest != request.form.get("file"):
        return _render_dry_run(file, ANOTHER_FILE_MESSAGE), 422
    try:
        report = _import(file, as_drafts=request.form.get("new") == AS_DRAFTS)
    except (CatalogRefused, IntegrityError):
        db.session.rollback()
        return _render_dry_run(file, CHANGED_MESSAGE), 422
    audit.record_all(report.differences, now=now(), actor=actor())
    log_activity("imported", "catalogue", file.name, **report.figures)
    pending.delete(current_account().id)
    db.session.commit()
    is_as_predicted = report.fingerprint == request.form.get("report")
    return redirect(url_for(".index", done="as-predicted" if is_as_predicted else "otherwise"), 303)


@bp.post("/admin/catalogue/import/forget")
@requires_role(Role.ADMIN)
def discard() -> ResponseReturnValue:
    begin_write_after_read()
    pending.delete(current_account().id)
    db.session.commit()
    return redirect(url_for(".index", done="dropped"), 303)


@bp.get("/admin/catalogue/export")
@requires_role(Role.EDITOR)
def export_file() -> ResponseReturnValue:
    """Return the file that `flask catalog export` writes.

    It lies whole on the disk first: a slow client must not hold a transaction open or get half a file.
    """
    as_yaml = request.args.get("as") == "yaml"
    try:
        file = _store_temporarily(write(now(), as_yaml=as_yaml))
    except TooLargeForYaml as error:
        return _render_index(UploadForm(), problem=str(error)), 422
    extension = "yaml" if as_yaml else "json"
    headers = {"Content-Disposition": f'attachment; filename="catalogue-{today().isoformat()}.{extension}"'}
    response = Response(wrap_file(request.environ, file), mimetype=f"application/{extension}", headers=headers)
    response.content_length = file.seek(0, SEEK_END)
    file.seek(0)
    return response


def _store_temporarily(pieces: Iterable[str]) -> IO[bytes]:
    """Return a file with this text, which vanishes once it is closed, as a response does with what it sends."""
    file = TemporaryFile()  # noqa: SIM115
    try:
        file.writelines(piece.encode() for piece in pieces)
    except BaseException:
        file.close()
        raise
    return file


def _import(file: PendingFile, *, as_drafts: bool = False) -> ImportReport:
    """Import a file; the caller commits or rolls back. It is parsed before the write lock is taken."""
    db.session.rollback()
    data = reading.read(file.content, file.name)
    begin_write()
    return import_catalog(data, now(), as_drafts=as_drafts)


def _run_dry_run(file: PendingFile) -> DryRun:
    """Return what importing a file would do; roll it back."""
    try:
        return DryRun(_import(file))
    except CatalogRefused as error:
        return DryRun(None, error.faults)
    finally:
        db.session.rollback()


def _render_dry_run(file: PendingFile, problem: str = "") -> str:
    dry_run = _run_dry_run(file)
    return render_template(
        "admin/import_export/dry_run.html", file=file, dry_run=dry_run, max_changes=MAX_CHANGES_SHOWN, problem=problem
    )


def _render_index(form: UploadForm, *, done: str = "", problem: str = "") -> str:
    return render_template(
        "admin/import_export/index.html",
        form=form,
        max_megabytes=MAX_MEGABYTES,
        pending_import=pending.find(current_account().id, now()),
        imports=audit.search("imported catalogue", limit=5),
        done=done,
        problem=problem,
    )
