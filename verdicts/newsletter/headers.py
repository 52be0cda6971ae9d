"""What a letter to a subscriber says of how to leave, and how a bounce finds back."""

from urllib.parse import quote

from verdicts.config import current_settings
from verdicts.mailing.addresses import split_name_and_address
from verdicts.mailing.letters import absolute_url
from verdicts.newsletter.tokens import bounce_token, leave_token

# Names the delivery in whatever a server or provider sends back of a letter.
DELIVERY_HEADER = "X-Verdicts-Delivery"
# Mailgun's user variables, Postmark's metadata, SendGrid's unique arguments: what they are given, their events hold.
_GIVEN_BACK = (
    (".mailgun.org", "X-Mailgun-Variables", '{{"delivery": "{}"}}'),
    (".postmarkapp.com", "X-PM-Metadata-delivery", "{}"),
    (".sendgrid.net", "X-SMTPAPI", '{{"unique_args": {{"delivery": "{}"}}}}'),
)
LEAVE = "leave"
BOUNCE = "bounce"


def leave_path(token: str) -> str:
    return f"/newsletter/leave/{token}"


def preferences_path(token: str) -> str:
    return f"/newsletter/preferences/{token}"


def confirm_path(token: str) -> str:
    return f"/newsletter/confirm/{token}"


def unsubscribe_headers(subscriber_id: int, generation: int) -> dict[str, str]:
    """Return List-Unsubscribe, by link and by mail, and List-Unsubscribe-Post (RFC 8058)."""
    token = leave_token(subscriber_id, generation)
    return {
        "List-Unsubscribe": f"<{absolute_url(leave_path(token))}>, <{leave_by_mail(token)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def leave_by_mail(token: str) -> str:
    """Return the mailto: address that leaves: one of the token's own where BOUNCE_DOMAIN is set, else by subject."""
    mail = current_settings().mail
    if mail.bounce_domain:
        return f"mailto:{LEAVE}+{token}@{mail.bounce_domain}"
    return f"mailto:{quote(_sender_address(), safe='@')}?subject={LEAVE}%20{token}"


def delivery_headers(edition_id: int, subscriber_id: int) -> dict[str, str]:
    """Return the signed header by which a bounce is known that comes to another address than envelope_sender's.

    Where MAIL_SERVER is that of a provider whose events do not hold our headers, another one asks it to say the token.
    """
    token = bounce_token(edition_id, subscriber_id)
    server = current_settings().mail.server or ""
    asked = {name: value.format(token) for host, name, value in _GIVEN_BACK if server.lower().endswith(host)}
    return {DELIVERY_HEADER: token, **asked}


def envelope_sender(edition_id: int, subscriber_id: int) -> str:
    """Return where bounces go: to an address of this delivery alone where BOUNCE_DOMAIN is set, else to the sender."""
    domain = current_settings().mail.bounce_domain
    return f"{BOUNCE}+{bounce_token(edition_id, subscriber_id)}@{domain}" if domain else _sender_address()


def _sender_address() -> str:
    return split_name_and_address(current_settings().mail.default_sender)[1]
