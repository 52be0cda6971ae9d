"""`make demo`, as a program: made once, gone on with, reached where it says."""

import re
import signal
import socket
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.apps import new_app
from tests.faults.serving import wait_until
from tests.makers import make_subscriber
from tests.postgres import free_port
from tests.programs import get, run, served
from verdicts.cli.demo import describe_mail, origin_of, prepare_settings, trusted_hosts_for
from verdicts.digest import editions, scheduling, weeks
from verdicts.engines import engine_options
from verdicts.extensions import begin_write, db
from verdicts.mailing import outbox
from verdicts.mailing.rendering import Letter

EVERY_ADDRESS = "0.0.0.0"  # noqa: S104  # what HOST may be


@pytest.fixture
def port() -> int:
    return free_port()


def rows_of(path: Path, table: str) -> int:
    url = f"sqlite:///{path}"
    engine = sa.create_engine(url, **engine_options(url))
    try:
        with engine.connect() as connection:
            return connection.scalar(sa.select(sa.func.count()).select_from(sa.table(table))) or 0
    finally:
        engine.dispose()


def test_the_demo_makes_its_settings_once_and_goes_on_with_the_same_data_at_another_address(
    tmp_path: Path, port: int
) -> None:
    with served("-m", "verdicts.cli.demo", port=port, instance=tmp_path) as demo:
        worker = worker_of(demo.pid)
        status, printed = demo.stop()
    assert status == 0
    wait_until(lambda: not is_worker(worker), 30)
    assert f"Verdicts is served at http://127.0.0.1:{port}\n" in printed
    first_settings = (tmp_path / "demo.env").read_text()
    login = re.fullmatch(
        r"DEMO=1\nSECRET_KEY=[0-9a-f]{64}\nHASH_KEY=[0-9a-f]{64}\n"
        rf"BASE_URL=http://127\.0\.0\.1:{port}\nTRUSTED_HOSTS=127\.0\.0\.1,localhost\nDEMO_ADMIN_PASSWORD=([0-9a-f]{{16}})\n",
        first_settings,
    )
    assert login
    assert f"Log in at http://127.0.0.1:{port}/admin as admin with the password {login[1]}\n" in printed
    assert stat.S_IMODE((tmp_path / "demo.env").stat().st_mode) == 0o600
    votes = rows_of(tmp_path / "demo.sqlite3", "vote")
    assert votes > 1000

    elsewhere = free_port()
    with served("-m", "verdicts.cli.demo", port=elsewhere, instance=tmp_path, HOST="[::1]") as demo:
        assert get(elsewhere, "/livez", host=f"localhost:{elsewhere}", address="::1") == 200
        assert get(elsewhere, "/tools", address="::1") == 200
        assert get(elsewhere, "/tools", host=f"[::2]:{elsewhere}", address="::1") == 400
        _, printed = demo.stop()
    assert f"Verdicts is served at http://[::1]:{elsewhere}\n" in printed
    assert f"Log in at http://[::1]:{elsewhere}/admin as admin with the password {login[1]}\n" in printed
    assert (tmp_path / "demo.env").read_text() == first_settings
    assert rows_of(tmp_path / "demo.sqlite3", "vote") == votes


def test_the_demo_sends_letters_and_the_digest_for_as_long_as_it_runs(tmp_path: Path, port: int) -> None:
    with served("-m", "verdicts.cli.demo", port=port, instance=tmp_path) as demo:
        write_a_letter(tmp_path)
        start_the_digest(tmp_path)
        wait_until(lambda: len(list((tmp_path / "mailbox").glob("*.eml"))) == 2, 60)
        wait_until(lambda: state_of_the_digest(tmp_path) == "sent", 60)
        assert get(port, "/dev/mailbox") == 200
        worker = worker_of(demo.pid)
        _, printed = demo.stop(signal.SIGKILL)
    assert f"Mail is not sent but kept, to be read at http://127.0.0.1:{port}/dev/mailbox\n" in printed
    assert re.search(r"^Edition \d{4}-w\d\d: 1 of 1: 1 sent\.$", printed, re.MULTILINE)
    wait_until(lambda: not is_worker(worker), 30)


def start_the_digest(instance: Path) -> None:
    """Let the edition that the demo has drafted go to one reader, as the digest's page does."""
    with new_app(f"sqlite:///{instance / 'demo.sqlite3'}", instance, DEMO="1"):
        make_subscriber("ada@readers.example")
        begin_write()
        scheduling.start_sending(editions.get_by_week(weeks.week_of(datetime.now(UTC))).id, datetime.now(UTC))
        db.session.commit()


def state_of_the_digest(instance: Path) -> str:
    with new_app(f"sqlite:///{instance / 'demo.sqlite3'}", instance, DEMO="1"):
        return editions.get_by_week(weeks.week_of(datetime.now(UTC))).state


def write_a_letter(instance: Path) -> None:
    url = f"sqlite:///{instance / 'demo.sqlite3'}"
    with new_app(url, instance, DEMO="1"):
        begin_write()
        outbox.put(Letter("Hello", "x", "x"), to="ada@readers.example", now=datetime.now(UTC))
        db.session.commit()


def worker_of(process: int) -> int:
    """Return the process beside a demo's site that sends its letters and its digest."""
    children = [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    (worker,) = [child for child in children if is_worker(child)]
    return worker


def is_worker(process: int) -> bool:
    """Say whether a process runs and is `flask work`."""
    try:
        return "work" in Path(f"/proc/{process}/cmdline").read_text().split("\0")
    except OSError:
        return False


def test_the_demo_refuses_a_wrong_setting_before_anything_is_written(tmp_path: Path) -> None:
    status, printed = run("-m", "verdicts.cli.demo", instance=tmp_path / "instance", PORT="eight thousand")
    assert status == 1
    assert "PORT is 'eight thousand'" in printed
    assert "BASE_URL" not in printed
    assert not (tmp_path / "instance").exists()


def test_the_demo_reports_a_busy_port_before_anything_is_written(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as other:
        port = other.getsockname()[1]
        status, printed = run("-m", "verdicts.cli.demo", instance=tmp_path, PORT=str(port))
    assert status == 1
    assert printed.startswith(f"Port {port} on 127.0.0.1 is in use")
    assert list(tmp_path.iterdir()) == []


def test_the_demo_leaves_alone_what_the_environment_sets(tmp_path: Path, port: int) -> None:
    given = {"BASE_URL": "http://demo.example:8080", "MAIL_SERVER": "mail.example", "PORT": str(port)}
    environ = {"INSTANCE_PATH": str(tmp_path), **given}
    settings = prepare_settings(environ)
    assert environ.items() >= given.items()
    assert settings.base_url == given["BASE_URL"]
    assert settings.trusted_hosts == ("demo.example", "127.0.0.1", "localhost")
    assert describe_mail(settings) == "Mail is sent through mail.example."


@pytest.mark.parametrize(
    ("host", "port", "address"),
    [
        ("127.0.0.1", 8000, "http://127.0.0.1:8000"),
        (EVERY_ADDRESS, 8000, "http://127.0.0.1:8000"),
        ("::", 8000, "http://127.0.0.1:8000"),
        ("::1", 9000, "http://[::1]:9000"),
        ("demo.example", 80, "http://demo.example"),
    ],
)
def test_the_demos_address_is_one_that_a_browser_can_open(host: str, port: int, address: str) -> None:
    assert origin_of(host, port) == address


def test_the_demo_is_reached_under_every_name_of_its_machine() -> None:
    assert trusted_hosts_for("http://127.0.0.1:8000", EVERY_ADDRESS) == ["127.0.0.1", "localhost"]
    assert trusted_hosts_for("http://demo.example", "192.168.1.5") == [
        "demo.example",
        "192.168.1.5",
        "127.0.0.1",
        "localhost",
    ]
    assert trusted_hosts_for("http://[::1]:8000", "[::1]") == ["::1", "127.0.0.1", "localhost"]
    assert trusted_hosts_for("http://127.0.0.1:8000", "::") == ["127.0.0.1", "localhost", "::1"]
