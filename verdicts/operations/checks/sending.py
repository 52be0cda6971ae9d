"""Whether mail leaves, and whether those who receive it can trust its sender's domain."""

from collections.abc import Iterator

import dns.exception
import dns.resolver
from dns.rdatatype import TXT

from verdicts.config import values
from verdicts.mailing import rendering
from verdicts.mailing.addresses import InvalidAddress, split_name_and_address
from verdicts.mailing.messages import compose, message_id
from verdicts.mailing.outcomes import OutcomeKind
from verdicts.mailing.smtp import Timeouts
from verdicts.mailing.transport import open_connection, transmit_message
from verdicts.operations.checks.results import Installation, Result, fault, not_checked, ok, warning

TIMEOUTS = Timeouts(connect=10, reply=20, last_reply=60)
DNS_SECONDS = 5.0
NO_DOMAIN = "The sender’s domain is none of the public Internet, or no mail is sent."
SEE_GUIDE = "See docs/mail.md."


class NoAnswer(Exception):
    """DNS does not answer."""


def check_mail_server(installation: Installation) -> Result:
    """The mail server takes the connection and the log-in."""
    mail = installation.settings.mail
    if mail.server is None:
        words = "MAIL_SERVER is not set: letters become files in mailbox/ in the instance folder."
        return ok(words) if installation.settings.demo else warning(words, "Set it, or nobody gets a letter.")
    with open_connection(TIMEOUTS) as connection:
        problem = connection.connect()
    where = f"{mail.server}:{mail.port}"
    if problem:
        return fault(f"{where}: {problem.summary}", "Look at MAIL_SERVER, MAIL_PORT, MAIL_USE_TLS and the password.")
    how = "over TLS" if mail.use_ssl or mail.use_tls else "without TLS"
    logged_in = f"as {mail.username}" if mail.username else "without a log-in"
    if mail.username and not (mail.use_ssl or mail.use_tls):
        return warning(f"{where} takes mail {logged_in}, {how}: the password is readable on its way.", SEE_GUIDE)
    return ok(f"{where} takes mail {logged_in}, {how}.")


def check_letter(installation: Installation) -> Result:
    """A test letter is accepted, where one is asked for."""
    to = installation.letter_to
    if to is None:
        return not_checked("No test letter was asked for: --letter ADDRESS sends one.")
    try:
        id = message_id("doctor", installation.now.isoformat())
        message = compose(rendering.render("doctor"), to=to, message_id=id, date=installation.now)
    except InvalidAddress as error:
        return fault(f"{error}.", "Give --letter another address.")
    with open_connection(TIMEOUTS) as connection:
        outcome = transmit_message(connection, message)
    if outcome.kind is not OutcomeKind.ACCEPTED:
        return fault(f"The letter to {to} was not accepted: {outcome.summary}", SEE_GUIDE)
    return ok(f"The letter to {to} was accepted. Look whether it arrives, and not among spam.")


def check_spf(installation: Installation) -> Result:
    """The sender's domain says which servers may send for it."""
    domain = _sender_domain(installation)
    if domain is None:
        return not_checked(NO_DOMAIN)
    try:
        found = [text for text in _texts(installation, domain) if text.lower().split(" ")[0] == "v=spf1"]
    except NoAnswer:
        return not_checked(f"DNS does not answer for {domain}.")
    if len(found) > 1:
        return fault(f"{domain} has {len(found)} SPF records, so none is valid.", "Make one of them.")
    if not found:
        return fault(f"{domain} has no SPF record.", f'Add a TXT record such as "v=spf1 mx -all". {SEE_GUIDE}')
    if "+all" in found[0].split() or "all" in found[0].split():
        return warning(f"{domain} lets everybody send for it: {found[0]}", "End the record with -all or ~all.")
    return ok(f"{domain}: {found[0]}")


def check_dkim(installation: Installation) -> Result:
    """The sender's domain has a key that letters can be signed with."""
    domain = _sender_domain(installation)
    if domain is None:
        return not_checked(NO_DOMAIN)
    selector = installation.dkim_selector
    name = f"{selector}._domainkey.{domain}" if selector else f"_domainkey.{domain}"
    remedy = f"Publish the key that your mail server signs with. {SEE_GUIDE}"
    try:
        texts = _texts(installation, name)
    except NameMissing:
        return (fault if selector else warning)(f"{domain} has no DKIM key: {name} does not exist.", remedy)
    except NoAnswer:
        return not_checked(f"DNS does not answer for {name}.")
    if selector and not any(_tags(text).get("p") for text in texts):
        return fault(f"There is no DKIM key at {name}.", remedy)
    return ok(f"There is a DKIM key at {name}." if selector else f"{domain} has DKIM keys; --dkim NAME looks at one.")


def check_dmarc(installation: Installation) -> Result:
    """The sender's domain says what becomes of letters that neither SPF nor DKIM vouches for."""
    domain = _sender_domain(installation)
    if domain is None:
        return not_checked(NO_DOMAIN)
    for each in _with_parents(domain):
        try:
            texts = _texts(installation, f"_dmarc.{each}")
        except NameMissing:
            continue
        except NoAnswer:
            return not_checked(f"DNS does not answer for _dmarc.{each}.")
        if found := [text for text in texts if _tags(text).get("v") == "DMARC1"]:
            policy = _tags(found[0]).get("p")
            if not policy:
                return fault(f"The DMARC record of {each} has no policy: {found[0]}", "Add p=none, or stricter.")
            return ok(f"_dmarc.{each}: {found[0]}")
    remedy = (
        f'Add a TXT record at _dmarc.{domain}, such as "v=DMARC1; p=none". Gmail and Yahoo require one. {SEE_GUIDE}'
    )
    return fault(f"{domain} has no DMARC record.", remedy)


class NameMissing(NoAnswer):
    """DNS says that there is no such name."""


def _sender_domain(installation: Installation) -> str | None:
    """Return the domain of MAIL_DEFAULT_SENDER; None where it cannot be one of the Internet, or no mail leaves."""
    mail = installation.settings.mail
    domain = split_name_and_address(mail.default_sender)[1].rpartition("@")[2].lower()
    is_name = "." in domain and not domain.endswith((".localhost", ".local")) and values.is_host(domain)
    is_address = not domain.strip("[].:0123456789")
    return domain if mail.server and is_name and not is_address else None


def _texts(installation: Installation, name: str) -> list[str]:
    """Return the TXT records of a name. Raises NameMissing, or NoAnswer where DNS cannot be asked."""
    try:
        resolver = installation.resolver or dns.resolver.get_default_resolver()
        answer = resolver.resolve(f"{name}.", TXT, lifetime=DNS_SECONDS, raise_on_no_answer=False)
    except dns.resolver.NXDOMAIN:
        raise NameMissing from None
    except (dns.exception.DNSException, OSError):
        raise NoAnswer from None
    return [b"".join(record.strings).decode(errors="replace") for record in answer.rrset or ()]


def _tags(text: str) -> dict[str, str]:
    """Return the tags of a DKIM or DMARC record: "v=DMARC1; p=none"."""
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def _with_parents(domain: str) -> Iterator[str]:
    """Yield a domain, and those that it belongs to: DMARC asks the organisation's where it has no record itself."""
    labels = domain.split(".")
    return (".".join(labels[start:]) for start in range(len(labels) - 1))
