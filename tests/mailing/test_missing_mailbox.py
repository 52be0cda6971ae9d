"""What the large providers say where a mailbox does not exist, and what sounds like it and is something else."""

import pytest

from verdicts.mailing.missing_mailbox import says_mailbox_is_missing

MISSING = [
    "550 5.4.1 All recipient addresses rejected : Access denied",
    "550 5.4.1 Recipient address rejected: Access denied. AS(201806281) [DB5EUR03.prod.outlook.com]",
    "550 5.4.1 [ann@contoso.example]: Recipient address rejected: Access denied",
    "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).",
    "550 Requested action not taken: mailbox unavailable",
    "554 delivery error: dd This user doesn't have a yahoo.com account (ann@yahoo.com) [0] - mta1008",
    "554 5.0.0 delivery error: dd Sorry. This account has been disabled or discontinued",
    "552 1 Requested mail action aborted, mailbox not found",
    "550 User unknown",
    "550 <ann@example.org>... User unknown",
    "550 unknown user account",
    "550-5.1.1 The email account that you tried to reach does not exist. Please try",
    "550 5.1.1 unknown or illegal alias: ann@me.com",
    "550 5.1.1 <ann@comcast.net>... Not our Customer",
    "550 5.0.0 No such user (ann@example.org)",
    "550 No Such User Here",
    "Sorry, no mailbox here by that name. vpopmail (#5.1.1)",
    "Sorry, I couldn't find any host named example.invalid. (#5.1.2)",
    "550 Mailbox not found. http://service.mail.qq.com/cgi-bin/help?subtype=1",
    "550 Message was not accepted -- invalid mailbox.  Local mailbox ann@mail.ru is unavailable: user not found",
    "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient ann@x not found by SMTP address lookup",
    "Unrouteable address",
    'X-Postfix; unknown user: "ann"',
    "550 5.1.1 <ann@example.org>: Recipient address rejected: User unknown in virtual mailbox table",
    "550 5.4.310 DNS domain example.invalid does not exist [Message=InfoDomainNonexistent]",
    "550 Invalid Recipient",
    "550 ann@example.org: invalid address",
    "551 5.5.0 User does not exist",
    "550 5.5.0 <ann@x.org>: user not found",
    "550 Addressee unknown",
    "550 5.0.0 mailbox <ann@x.org> does not exist",
    "550 Address ann@x.org is unknown",
    "550 5.0.0 The recipient ann@x.org does not exist",
    "550 5.0.0 This email address is not known to this system",
    "550 5.5.0 Invalid mailbox path",
    "smtp;550 5.5.0 mailbox unavailable",
    "550 User … does not exist",
    "550 5.7.1 Recipient address rejected: user … does not exist",
    "550 email address … not found",
    "550 User [ann] does not exist",
    "550 mailbox for ann@example.org does not exist",
    "550 User ann (ann@example.org) not listed in Domino Directory",
    "550 Recipient Rejected: No account by that name here",
    "553 5.3.0 <ann@example.org>... Addressee unknown, relay=[192.0.2.1]",
]
SOMETHING_ELSE = [
    "550 5.4.1 Something else",
    "554 5.0.0 Transaction failed",
    "550 5.5.0 Service refuse. Veuillez essayer plus tard",
    "554 5.4.1 Relay access denied",
    "550 5.0.0 Message rejected as spam by user unknown filter",
    "450 4.2.1 mailbox unavailable",
    "450 Requested mail action not taken: mailbox unavailable",
    "550 5.7.606 Access denied, banned sending IP",
    "550 5.0.0 sender address unknown",
    "552 mailbox full",
    "550 5.5.0 ",
    "550 at 15.1.1.1",
    "421 4.3.0 Mailbox not found, try again later",
    "554 5.7.1 Client host rejected: cannot find your hostname, domain name not found",
    "550 5.7.1 <mail.example>: Helo command rejected: Host not found, unknown domain",
    "550 Reverse DNS lookup failed: host or domain name not found",
]


@pytest.mark.parametrize("reply", MISSING)
def test_a_missing_mailbox_is_known_by_the_words_of_its_provider(reply: str) -> None:
    assert says_mailbox_is_missing(reply) is True


@pytest.mark.parametrize("reply", SOMETHING_ELSE)
def test_other_words_say_nothing_of_a_missing_mailbox(reply: str) -> None:
    assert says_mailbox_is_missing(reply) is not True
