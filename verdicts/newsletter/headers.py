"""Headers of letters to subscribers: how to unsubscribe, and which delivery a bounce is about."""

from urllib.parse import quote

from verdicts.config import current_settings
from verdicts.mailing.addresses import split_name_and_address
from verdicts.mailing.rendering import absolute_url
from verdicts.newsletter.tokens import Purpose, bounce_token

DELIVERY_HEADER = "X-Verdicts-Delivery"
# Mailgun's user variables, Postmark's metadata, SendGrid's unique arguments: their events contain these values.
_PROVIDER_HEADERS = (
    (".mailgun.org", "X-Mailgun-Variables", '{{"delivery": "{}"}}'),
    (".postmarkapp.com", "X-PM-Metadata-delivery", "{}"),
    (".sendgrid.net", "X-SMTPAPI", '{{"unique_args": {{"delivery": "{}"}}}}'),
)


def leave_path(token: str) -> str:
    return f"/newsletter/leave/{token}"


def preferences_path(token: str) -> str:
    return f"/newsletter/preferences/{token}"


def confirm_path(token: str) -> str:
    return f"/newsletter/confirm/{token}"


def unsubscribe_headers(token: str) -> dict[str, str]:
    """Return List-Unsubscribe, by link and by mail, and List-Unsubscribe-Post (RFC 8058), for a leave token."""
    return {
        "List-Unsubscribe": f"<{absolute_url(leave_path(token))}>, <{leave_by_mail(token)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def leave_by_mail(token: str) -> str:
    """Return the mailto: link that unsubscribes: its address has the token with BOUNCE_DOMAIN, else its subject."""
    mail = current_settings().mail
    if mail.bounce_domain:
        return f"mailto:{Purpose.LEAVE}+{token}@{mail.bounce_domain}"
    return f"mailto:{quote(sender_address(), safe='@')}?subject={Purpose.LEAVE}%20{token}"


def delivery_headers(edition_id: int, subscriber_id: int) -> dict[str, str]:
    """Return a header with a bounce token, for bounces that are not sent to envelope_sender().

    Some providers' events do not contain our headers. For those a second header is added.
    """
    token = bounce_token(edition_id, subscriber_id)
    server = (current_settings().mail.server or "").lower()
    more = {name: value.format(token) for domain, name, value in _PROVIDER_HEADERS if server.endswith(domain)}
    return {DELIVERY_HEADER: token, **more}


def envelope_sender(edition_id: int, subscriber_id: int) -> str:
    """Return where bounces go: with BOUNCE_DOMAIN to an address that identifies the delivery, else to the sender."""
    domain = current_settings().mail.bounce_domain
    return f"{Purpose.BOUNCE}+{bounce_token(edition_id, subscriber_id)}@{domain}" if domain else sender_address()


def sender_address() -> str:
    return split_name_and_address(current_settings().mail.default_sender)[1]
