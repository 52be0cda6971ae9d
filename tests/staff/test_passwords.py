"""Passwords: how they are kept, and which are refused."""

import threading

import pytest

from verdicts.staff import passwords

GOOD = "plinth mango otter quartz"


def test_a_hash_is_argon2id_and_costs_what_owasp_asks_for_at_least() -> None:
    kept = passwords.hash_password(GOOD)
    assert kept.startswith("$argon2id$")
    memory, time, _ = (int(part.partition("=")[2]) for part in kept.split("$")[3].split(","))
    assert memory >= 19 * 1024
    assert time >= 2


def test_only_the_password_itself_is_right() -> None:
    kept = passwords.hash_password(GOOD)
    assert passwords.is_correct(GOOD, kept)
    assert not passwords.is_correct(GOOD.upper(), kept)
    assert not passwords.is_correct(GOOD, None)
    assert not passwords.is_correct(GOOD, "no hash at all")


def test_at_most_two_are_hashed_at_once_and_a_third_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    hashing, go_on = threading.Barrier(3), threading.Event()

    class Slow:
        def hash(self, _password: str) -> str:
            hashing.wait(10)
            go_on.wait(10)
            return "hash"

    monkeypatch.setattr(passwords, "_hasher", Slow())
    threads = [threading.Thread(target=passwords.hash_password, args=("x",)) for _ in range(2)]
    for thread in threads:
        thread.start()
    hashing.wait(10)
    with pytest.raises(passwords.TooManyHashes):
        passwords.hash_password("x")
    with pytest.raises(passwords.TooManyHashes):
        passwords.is_correct("x", None)
    assert all(thread.is_alive() for thread in threads), "it did not wait for one of them"
    go_on.set()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize(
    "password", ["short", "password1234", "aaaaaaaaaaaaaaaa", "qwertyuiop12", "ann.lee@example.org", "x" * 201]
)
def test_what_is_easy_to_guess_is_refused_in_words(password: str) -> None:
    assert passwords.find_problem(password, ("ann", "ann.lee@example.org"))


@pytest.mark.parametrize("password", [GOOD, "Zgodovina 7 drobnih lisic", "9f-3b1c-77aa-e21d"])
def test_what_is_hard_to_guess_is_taken(password: str) -> None:
    assert passwords.find_problem(password, ("ann",)) is None
