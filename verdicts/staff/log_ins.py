"""Log-ins: which counters an attempt counts in, what makes it succeed, and what is logged of one that fails.

A view counts the attempt, commits, checks the password without a transaction, and then calls is_granted() and, in
the transaction of the session that it creates, forgive(). Callers of what writes have called begin_write(), and commit.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from verdicts.staff import accounts, refusals, second_factor, throttle
from verdicts.staff.accounts import Account
from verdicts.staff.throttle import Counter

UNKNOWN_NAME = "an unknown name"


@dataclass
class Attempt:
    """Somebody tries to log in with a name. `device` is the id of a browser that has done so with this password."""

    name: str
    account: Account | None
    network: str
    device: str | None
    _counted: list[Counter] = field(default_factory=list)

    @property
    def is_from_known_device(self) -> bool:
        return self._device_counter in self._counted

    def count(self, now: datetime) -> timedelta | None:
        """Count the attempt and return None; or count nothing, log that, and return how long to wait.

        A known browser does not wait for what others did. One that fails too often is a stranger like any other.
        """
        device = self._device_counter
        if device and throttle.count_attempt([device], now) is None:
            self._counted = [device]
            return None
        wait = throttle.count_attempt(self._strangers_counters, now)
        if wait is None:
            self._counted = self._strangers_counters
        else:
            self.fail("had to wait to log in as", now)
        return wait

    def undo(self) -> None:
        """Take the attempt back: nobody looked at the password."""
        for counter in self._counted:
            throttle.undo_attempt(counter)

    def is_granted(self, code: str, now: datetime, *, is_password_correct: bool) -> bool:
        """Return whether the account may be logged in, with this code; log what is missing if it may not."""
        account = self.account
        # The password may have been changed, or the account disabled, while it was checked.
        is_as_before = account is not None and accounts.find(self.name) == account and account.disabled_at is None
        if not (is_password_correct and is_as_before):
            self.fail("failed to log in as", now)
            return False
        if not self._has_valid_code(code, now):
            self.fail("sent a wrong code with the password of", now)
            return False
        return True

    def _has_valid_code(self, code: str, now: datetime) -> bool:
        """Use up a code and return whether it was valid; True without a second factor.

        Who has the password and guesses codes must wait, and is not told.
        """
        account = self.account
        if account is None or not account.totp_secret:
            return True
        counter = throttle.for_second_factor(account.name, account.password_version)
        if not self.is_from_known_device and throttle.count_attempt([counter], now):
            return False
        if not second_factor.consume_code(account.id, account.totp_secret, code, now):
            return False
        throttle.reset(counter)
        return True

    def forgive(self) -> None:
        """Reset the failures of this account here, after a success. Those of others stay: their counters are shared."""
        self.undo()
        throttle.reset(self._account_counter)
        if self._device_counter:
            throttle.reset(self._device_counter)

    def fail(self, action: str, now: datetime) -> None:
        refusals.record(action, self.account.name if self.account else UNKNOWN_NAME, now)

    @property
    def _device_counter(self) -> Counter | None:
        return throttle.for_device(self.device) if self.device else None

    @property
    def _account_counter(self) -> Counter:
        return throttle.for_account(self.name, self._password_version, self.network)

    @property
    def _strangers_counters(self) -> list[Counter]:
        anywhere = throttle.for_account_from_anywhere(self.name, self._password_version)
        return [self._account_counter, anywhere, throttle.for_network(self.network)]

    @property
    def _password_version(self) -> str:
        return self.account.password_version if self.account else ""
