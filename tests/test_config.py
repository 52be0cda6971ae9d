"""Settings: what is required, what is assumed, and the words of each fault."""

import re
from pathlib import Path

import pytest

from verdicts import config
from verdicts.config import CHECKOUT, Settings, SettingsError
from verdicts.config.backup import BackupSettings
from verdicts.config.mail import DigestSettings, MailSettings

EXAMPLE = (CHECKOUT / ".env.example").read_text()


def load(instance: Path, **changes: str) -> Settings:
    required = {"SECRET_KEY": "s" * 32, "HASH_KEY": "h" * 32, "BASE_URL": "https://verdicts.example"}
    return config.load({**required, "INSTANCE_PATH": str(instance), **changes})


def fault_of(instance: Path, **changes: str) -> str:
    with pytest.raises(SettingsError) as refused:
        load(instance, **changes)
    (fault,) = refused.value.faults
    return fault


def test_three_settings_are_enough(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings.database_url == f"sqlite:///{tmp_path / 'verdicts.sqlite3'}"
    assert settings.redis_url is None
    assert settings.trusted_hosts == ("verdicts.example",)
    assert (settings.host, settings.port, settings.proxy_hops, settings.demo) == ("127.0.0.1", 8000, 0, False)


def test_every_missing_setting_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        config.load({"INSTANCE_PATH": str(tmp_path)})
    assert [fault.split()[0] for fault in refused.value.faults] == ["BASE_URL", "SECRET_KEY", "HASH_KEY"]


def test_every_wrong_setting_is_named_at_once(tmp_path: Path) -> None:
    wrong = {
        "SECRET_KEY": "short",
        "BASE_URL": "verdicts.example",
        "DATABASE_URL": "mysql://elsewhere",
        "REDIS_URL": "http://elsewhere",
        "SITE_NAME": "x" * 61,
        "POSTAL_ADDRESS": "1 Main \u202eStreet",
        "PROXY_HOPS": "-1",
        "PORT": "http",
        "WEB_CONCURRENCY": "0",
        "DEMO": "yes",
        "CONTACT_EMAIL": "nobody",
        "VOTES_PER_NETWORK_DAY": "2.5",
        "BACKUP_DIR": "backups",
        "BACKUP_AT": "3 o'clock",
    }
    with pytest.raises(SettingsError) as refused:
        load(tmp_path, **wrong)
    assert {fault.split()[0] for fault in refused.value.faults} == set(wrong)


def test_the_message_shows_each_fault_on_a_line_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"(?s)need fixing:\n  DEMO is 'yes'.*\n  PORT is 'http'"):
        load(tmp_path, PORT="http", DEMO="yes")


@pytest.mark.parametrize(
    "value",
    [
        "verdicts.example",
        "ftp://verdicts.example",
        "https://verdicts.example/",
        "https://verdicts.example/verdicts",
        "https://verdicts.example?a=b",
        "https://someone@verdicts.example",
        "https://verdicts.example:port",
        "https://verdicts.example:70000",
        "https://verdicts.example:0",
        "https://two words.example",
        "https://Verdicts.Example",
        "https://verdicts.example:443",
        "http://verdicts.example:80",
        "https://",
        "https://verdicts.example\n.evil.example",
        "http://::1:8000",
        "http://[0:0:0:0:0:0:0:1]:8000",
        "http://[:::]:8000",
        "http://[fe80::1%25eth0]:8000",
    ],
)
def test_a_base_url_is_an_origin_as_browsers_write_it(tmp_path: Path, value: str) -> None:
    assert fault_of(tmp_path, BASE_URL=value).startswith("BASE_URL is ")


@pytest.mark.parametrize("value", ["http://127.0.0.1:8000", "http://[::1]:8000", "https://verdicts.example:8443"])
def test_a_base_url_may_have_a_port_or_be_an_address(tmp_path: Path, value: str) -> None:
    assert load(tmp_path, BASE_URL=value).base_url == value


@pytest.mark.parametrize("value", ["0", "65536", "80.0", "+80", "８０００", "99999999999", "-1"])
def test_a_port_outside_its_range_or_not_in_plain_digits_is_refused(tmp_path: Path, value: str) -> None:
    assert fault_of(tmp_path, PORT=value) == f"PORT is {value!r}: it takes a whole number from 1 to 65535."


@pytest.mark.parametrize(
    "value",
    ["sqlite://", "sqlite:///", "sqlite:///:memory:", "postgresql+psycopg://host:port/name", "postgresql://h/n"],
)
def test_a_database_that_cannot_be_kept_or_reached_is_refused(tmp_path: Path, value: str) -> None:
    assert fault_of(tmp_path, DATABASE_URL=value).startswith("DATABASE_URL is ")


def test_a_faulty_database_address_is_named_without_its_password(tmp_path: Path) -> None:
    assert "hunter2" not in fault_of(tmp_path, DATABASE_URL="postgres://verdicts:hunter2@host/name")


def test_a_key_that_is_too_short_is_not_repeated_in_the_fault(tmp_path: Path) -> None:
    assert (
        fault_of(tmp_path, HASH_KEY="hunter2")
        == "HASH_KEY has only 7 characters: give it at least 32 random characters."
    )


def test_spaces_around_values_and_between_listed_ones_do_not_count(tmp_path: Path) -> None:
    settings = load(tmp_path, PORT=" 9000 ", TRUSTED_HOSTS=" a.example , ,b.example")
    assert settings.port == 9000
    assert settings.trusted_hosts == ("a.example", "b.example")


def test_an_empty_value_means_the_default(tmp_path: Path) -> None:
    assert load(tmp_path, PORT="", SITE_NAME="", TRUSTED_HOSTS="", REDIS_URL="") == load(tmp_path)


def test_the_environment_wins_over_the_demos_file(tmp_path: Path) -> None:
    keys = f"SECRET_KEY={'w' * 32}\nHASH_KEY={'w' * 32}\n"
    (tmp_path / "demo.env").write_text(f"DEMO=1\nSITE_NAME=Written\nBASE_URL=http://127.0.0.1:8000\n{keys}")
    given = {"SITE_NAME": "Given", "SECRET_KEY": "s" * 32}
    settings = config.load({"INSTANCE_PATH": str(tmp_path), **given})
    assert settings.demo
    assert settings.site_name == "Given"
    assert settings.secret_key == "s" * 32


def test_the_demos_file_alone_is_enough(tmp_path: Path) -> None:
    (tmp_path / "demo.env").write_text(f"SECRET_KEY={'s' * 32}\nHASH_KEY={'h' * 32}\nBASE_URL=http://127.0.0.1:8000\n")
    assert config.load({"INSTANCE_PATH": str(tmp_path)}).base_url == "http://127.0.0.1:8000"


def test_the_example_names_the_same_settings_as_the_code() -> None:
    groups = (Settings, MailSettings, DigestSettings, BackupSettings)
    read = {field.alias for group in groups for field in group.model_fields.values()} - {"MAIL", "DIGEST", "BACKUP"}
    assert re.findall(r"^#?([A-Z_]+)=", EXAMPLE, re.MULTILINE) != []
    assert set(re.findall(r"^#?([A-Z_]+)=", EXAMPLE, re.MULTILINE)) == read


def test_the_example_states_the_defaults_of_the_code(tmp_path: Path) -> None:
    stated = dict(re.findall(r"^#([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE))
    del stated["INSTANCE_PATH"]
    assert load(tmp_path, **stated) == load(tmp_path)
    assert {name for name, value in stated.items() if value} >= {"SITE_NAME", "HOST", "PORT", "PROXY_HOPS", "DEMO"}


def test_the_example_explains_every_setting() -> None:
    lines = EXAMPLE.splitlines()
    settings = [number for number, line in enumerate(lines) if re.match(r"#?[A-Z_]+=", line)]
    unexplained = [lines[number] for number in settings if not re.match(r"# |#?[A-Z_]+=", lines[number - 1])]
    assert unexplained == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TRUSTED_HOSTS", "https://verdicts.example"),
        ("TRUSTED_HOSTS", "verdicts.example, verdicts.example:8000"),
        ("HOST", "bad host"),
        ("HOST", "[::1"),
        ("HOST", "[::1]:8000"),
        ("HOST", "1:2:3"),
        ("HOST", "[127.0.0.1]"),
        ("TRUSTED_HOSTS", "[::1]:8000"),
        ("SECRET_KEY_FALLBACKS", "short"),
    ],
)
def test_hosts_and_former_keys_are_checked_too(tmp_path: Path, name: str, value: str) -> None:
    assert fault_of(tmp_path, **{name: value}).startswith(name)


@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.1", "::", "::1", "localhost", "verdicts.example"])  # noqa: S104
def test_addresses_and_host_names_can_be_listened_on(tmp_path: Path, host: str) -> None:
    assert load(tmp_path, HOST=host).host == host


def test_ipv6_addresses_may_have_brackets_and_are_written_one_way(tmp_path: Path) -> None:
    settings = load(tmp_path, HOST="[0:0::1]", TRUSTED_HOSTS="[::1], 2001:DB8::0:1")
    assert settings.host == "::1"
    assert settings.trusted_hosts == ("::1", "2001:db8::1")


@pytest.mark.parametrize(
    ("base_url", "host"),
    [("http://[::1]:8000", "::1"), ("http://[2001:db8::1]", "127.0.0.1"), ("http://localhost:8000", "127.0.0.1")],
)
def test_a_site_at_ipv6s_loopback_listens_there(tmp_path: Path, base_url: str, host: str) -> None:
    assert load(tmp_path, BASE_URL=base_url).host == host


def test_hosts_with_a_leading_dot_stand_for_their_subdomains(tmp_path: Path) -> None:
    assert load(tmp_path, TRUSTED_HOSTS=".verdicts.example,localhost").trusted_hosts == (
        ".verdicts.example",
        "localhost",
    )


def test_an_installation_with_keys_of_its_own_has_nothing_of_the_demo(tmp_path: Path) -> None:
    (tmp_path / "demo.env").write_text("DEMO=1\nTRUSTED_HOSTS=127.0.0.1\nSITE_NAME=Written\n")
    settings = load(tmp_path)
    assert not settings.demo
    assert settings.trusted_hosts == ("verdicts.example",)
    assert settings.database_url.endswith("/verdicts.sqlite3")


def test_the_demo_has_a_database_of_its_own(tmp_path: Path) -> None:
    settings = load(tmp_path, DEMO="1")
    assert settings.database_url.endswith("/demo.sqlite3")


@pytest.mark.parametrize(
    "sender",
    [
        "digest@verdicts.example",
        "Verdicts <digest@verdicts.example>",
        '"Verdicts, weekly" <digest@verdicts.example>',
        "verdicts@127.0.0.1",
    ],
)
def test_a_sender_that_mail_can_come_from_is_taken(tmp_path: Path, sender: str) -> None:
    assert load(tmp_path, MAIL_DEFAULT_SENDER=sender).mail.default_sender == sender


@pytest.mark.parametrize(
    "sender",
    [
        "Verdicts, weekly <digest@verdicts.example>",
        "a..b@verdicts.example",
        ".x@verdicts.example",
        "digest",
        "x@",
        "a@b\nBcc: c@d",
    ],
)
def test_a_sender_that_no_mail_can_come_from_stops_the_start(tmp_path: Path, sender: str) -> None:
    assert fault_of(tmp_path, MAIL_DEFAULT_SENDER=sender).startswith("MAIL_DEFAULT_SENDER is")
