"""The admin pages. Every view states the role that it requires; a test checks this for all routes."""

from flask import Blueprint, Flask

from verdicts.web.admin import (
    account,
    activity,
    auth,
    autosave,
    bounced_addresses,
    categories,
    comparisons,
    dashboard,
    digest,
    digest_sending,
    drafts,
    edit_links,
    import_export,
    login,
    logos,
    merging,
    notices,
    panels,
    price_checks,
    record_pages,
    reviewers,
    subscribers,
    tools,
    traffic,
    users,
    worklists,
)
from verdicts.web.admin.forms.record_editor import record_editors

VIEWS = (
    login,
    dashboard,
    activity,
    tools,
    panels,
    comparisons,
    categories,
    reviewers,
    logos,
    merging,
    import_export,
    worklists,
    price_checks,
    traffic,
    digest,
    digest_sending,
    subscribers,
    bounced_addresses,
    users,
    account,
    autosave,
    edit_links,
)


def create_blueprint() -> Blueprint:
    """Return the blueprint of all admin pages. auth.check_access runs before every view."""
    bp = Blueprint("admin", __name__)
    bp.before_request(auth.check_access)
    bp.after_request(auth.set_admin_headers)
    bp.after_request(notices.set_notice_cookie)
    for module in VIEWS:
        bp.register_blueprint(module.bp)
    return bp


def init_app(app: Flask) -> None:
    app.register_blueprint(create_blueprint())
    app.register_error_handler(auth.OtherPageRequired, drafts.handle_other_page_required)
    app.add_template_global(auth.find_current_account, "current_account")
    app.context_processor(lambda: {"csrf_token": auth.form_token})  # in place of Flask-WTF's
    app.add_template_global(auth.find_account_for_error_page, "account_for_error_page")
    app.add_template_global(notices.take_notice)
    app.add_template_global(record_editors)
    for function in (record_pages.record_tabs, record_pages.record_state, record_pages.public_url):
        app.add_template_global(function)
