"""The checks of `flask doctor`: each looks at one thing, and says in words what it found."""

import logging
from collections.abc import Callable, Iterator, Mapping

from sqlalchemy.exc import DBAPIError

from verdicts import outages
from verdicts.extensions import db
from verdicts.operations import readiness
from verdicts.operations.checks import address, machine, sending, work
from verdicts.operations.checks.results import Installation, Result, fault, not_checked

logger = logging.getLogger(__name__)

Check = Callable[[Installation], Result]
CHECKS: dict[str, Check] = {
    "settings": machine.check_settings,
    "instance folder": machine.check_instance_folder,
    "free space": machine.check_free_space,
    "database": machine.check_database,
    "migration": machine.check_migration,
    "SQLite": machine.check_sqlite_version,
    "Redis": machine.check_redis,
    "clock": machine.check_clock,
    "address": address.check_address,
    "client address": address.check_client_address,
    "origin": address.check_origin,
    "caching": address.check_caching,
    "mail server": sending.check_mail_server,
    "test letter": sending.check_letter,
    "SPF": sending.check_spf,
    "DKIM": sending.check_dkim,
    "DMARC": sending.check_dmarc,
    "worker": work.check_worker,
    "backup": work.check_backup,
    "letters": work.check_outbox,
    "digest": work.check_digest,
    "votes": work.check_votes,
    "bounces": work.check_bounces,
}


def run(installation: Installation, checks: Mapping[str, Check] | None = None) -> Iterator[tuple[str, Result]]:
    """Yield the name and the result of each check. One that fails itself is a fault, and the others go on."""
    for name, check in (checks or CHECKS).items():
        yield name, _run(check, installation)


def _run(check: Check, installation: Installation) -> Result:
    try:
        return check(installation)
    except Exception as error:
        if obstacle := _find_obstacle(error):
            return not_checked(obstacle)
        logger.exception("a check failed")
        words = f"The check itself failed: {type(error).__name__}: {outages.reason_of(error)}"
        return fault(words, "Report it, with the lines of the log.")
    finally:
        db.session.remove()


def _find_obstacle(error: Exception) -> str | None:
    """Return why a check cannot be made, where another check says it too."""
    if outage := outages.find_outage(error):
        return f"{outage.words}."
    if isinstance(error, DBAPIError):
        db.session.rollback()
        if not readiness.is_migrated():
            return "The database lacks a migration."
    return None
