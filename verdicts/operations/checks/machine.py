"""What the site stands on: settings, folder, disk, database, Redis, clock."""

import ctypes
import os
import shutil
import sys
import tempfile
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from verdicts import outages
from verdicts.config import CHECKOUT, Settings
from verdicts.engines import sqlite_driver, sqlite_warning
from verdicts.extensions import db, limiter
from verdicts.operations import readiness
from verdicts.operations.checks.results import Installation, Result, fault, not_checked, ok, warning

MIN_FREE_BYTES, SCARCE_BYTES = 100 * 1024 * 1024, 1024 * 1024 * 1024
MEGABYTE = 1024 * 1024
MIN_TOKEN_LENGTH = 16
MAX_CLOCK_DIFFERENCE = timedelta(seconds=5)
_TIME_ERROR = 5  # what adjtimex() returns where nothing keeps the clock right: adjtimex(2)
_TIMEX_BYTES = 512  # more than the kernel's struct has


def check_settings(installation: Installation) -> Result:
    """The settings were read, or no command would run. Of those that are missing, say what readers miss by it."""
    settings = installation.settings
    env = CHECKOUT / ".env"
    if env.exists() and env.stat().st_mode & 0o077:
        return fault(f"Others on this machine can read the keys in {env}.", f"chmod 600 {env}")
    if settings.metrics_token and len(settings.metrics_token) < MIN_TOKEN_LENGTH:
        return warning(f"METRICS_TOKEN has only {len(settings.metrics_token)} characters.", "Give it 32 random ones.")
    missing = [name for name, is_missing in _missing(settings) if is_missing]
    if missing:
        words = f"{', '.join(missing)} is not set." if len(missing) == 1 else f"{', '.join(missing)} are not set."
        return warning(words, "See .env.example for what each is for.")
    return ok("All settings are valid.")


def _missing(settings: Settings) -> list[tuple[str, bool]]:
    is_public = not settings.demo
    return [
        ("CONTACT_EMAIL", is_public and not settings.contact_email),
        ("POSTAL_ADDRESS", is_public and not settings.mail.postal_address),
    ]


def check_instance_folder(installation: Installation) -> Result:
    """The site can write where it must, and nobody else can read there."""
    folder = installation.settings.instance_path
    try:
        with tempfile.NamedTemporaryFile(prefix=".doctor-", dir=folder) as file:
            file.write(b"written")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        remedy = "Give the folder to the user that runs the site."
        return fault(f"Nothing can be written in {folder}: {error.strerror or error}.", remedy)
    if folder.stat().st_mode & 0o077:
        return warning(f"Others on this machine can enter {folder}.", f"chmod 700 {folder}")
    return ok(f"{folder} can be written, by this user alone.")


def check_free_space(installation: Installation) -> Result:
    """There is room where the site writes."""
    folder = installation.settings.instance_path
    free = shutil.disk_usage(folder).free
    words = f"{free // MEGABYTE:,} MB are free where {folder} is."
    if free < MIN_FREE_BYTES:
        return fault(words, "Make room: on a full disk no vote is taken.")
    return warning(words, "Make room, or a larger disk.") if free < SCARCE_BYTES else ok(words)


def check_database(installation: Installation) -> Result:
    """The database answers, and takes changes."""
    name = sa.make_url(installation.settings.database_url).render_as_string(hide_password=True)
    try:
        _, is_read_only = readiness.applied_migration()
        obstacle = readiness.find_obstacle(is_read_only=is_read_only)
    except SQLAlchemyError as error:
        return fault(f"{name} cannot be used: {outages.reason_of(error)}.", "Start it, and look at DATABASE_URL.")
    if obstacle:
        return fault(f"{obstacle.words}: {name}.", "Pages are served, but nothing is stored until that is over.")
    return ok(f"{name} answers, and takes changes.")


def check_migration(_installation: Installation) -> Result:
    """The database has every migration of this version."""
    applied, _ = readiness.applied_migration()
    newest = readiness.newest_migration()
    if applied == newest:
        return ok(f"The database has every migration, up to {applied}.")
    remedy = "Restart the site with `make serve` or its unit, which migrates; or run `flask db upgrade`."
    return fault(f"The database is at migration {applied or 'none'}, this version at {newest}.", remedy)


def check_sqlite_version(installation: Installation) -> Result:
    """This SQLite is free of a bug that can damage a database."""
    if not installation.settings.is_sqlite:
        return ok("PostgreSQL is used.")
    if words := sqlite_warning():
        return warning(words, "Install pysqlite3, which `make setup` does where it can.")
    return ok(f"SQLite {sqlite_driver().sqlite_version} is sound.")


def check_redis(installation: Installation) -> Result:
    """Redis answers, where it is set."""
    if not installation.settings.redis_url:
        return ok("Redis is not used: the workers of one machine share their limits in a file.")
    if not limiter.storage.check():
        remedy = "Start Redis, and look at REDIS_URL. Until then each worker counts rate limits alone."
        return fault("Redis does not answer.", remedy)
    return ok("Redis answers.")


def check_clock(installation: Installation) -> Result:
    """The clock is right: schedules, votes and signatures depend on it."""
    ahead = [name for name, state in installation.jobs.items() if _is_ahead(state.done_at, installation.now)]
    if ahead:
        words = f"By this machine's clock, the job {ahead[0]} was done in the future."
        return fault(words, "Set the clocks of all machines, and have NTP keep them.")
    if not installation.settings.is_sqlite:
        there: datetime = db.session.connection().scalar(sa.select(sa.func.clock_timestamp()))  # type: ignore[assignment]
        difference = abs(there - datetime.now(UTC))
        if difference > MAX_CLOCK_DIFFERENCE:
            words = f"The clocks of this machine and of PostgreSQL differ by {difference.total_seconds():.0f} s."
            return fault(words, "Have NTP keep both clocks.")
    if not sys.platform.startswith("linux"):
        return not_checked("Whether something keeps the clock right can be seen on Linux only.")
    if ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES)) == _TIME_ERROR:
        return warning("Nothing keeps this machine's clock right.", "Install systemd-timesyncd, chrony or another NTP.")
    return ok("The clock is kept right.")


def _is_ahead(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment > now + timedelta(minutes=1)
