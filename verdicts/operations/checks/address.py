"""Whether readers reach the site at BASE_URL, and the site sees who they are."""

from datetime import timedelta
from http.client import HTTPException
from ipaddress import ip_address
from urllib.parse import urlsplit

from verdicts.operations.checks.outside import CLAIMED_ADDRESS, Unreachable, fetch
from verdicts.operations.checks.results import Installation, Result, fault, not_checked, ok, warning

CERTIFICATE_DAYS = 14
NO_ANSWER = "BASE_URL does not lead to this site."
REQUEST_PATH = "/tools/-/vote"  # of no tool: the origin is checked first


def check_address(installation: Installation) -> Result:
    """BASE_URL leads here, with a valid certificate, the right Host and the right scheme."""
    base_url, probe = installation.settings.base_url, installation.probe
    if isinstance(probe, Unreachable):
        remedy = "Is the site running? Look at DNS, the proxy and its certificate."
        return fault(f"{base_url} was tried from here: {probe.words}.", remedy)
    wanted, seen = urlsplit(base_url), probe.seen
    if seen.host != wanted.netloc:
        return fault(f"The site is asked for {seen.host}, not for {wanted.netloc}.", "Have the proxy pass on Host.")
    if seen.scheme != wanted.scheme:
        remedy = "Set PROXY_HOPS, and have the proxy send X-Forwarded-Proto."
        return fault(f"The site believes that it is reached by {seen.scheme}, not {wanted.scheme}.", remedy)
    ends_at = probe.answer.certificate_ends_at
    if ends_at and ends_at < installation.now + timedelta(days=CERTIFICATE_DAYS):
        return warning(f"The certificate of {base_url} ends on {ends_at:%Y-%m-%d}.", "See why it is not renewed.")
    if not ends_at and not installation.settings.demo:
        return warning(f"{base_url} leads here, over plain HTTP.", "Get a certificate: Caddy does it by itself.")
    return ok(f"{base_url} leads here.")


def check_client_address(installation: Installation) -> Result:
    """The site sees the client's address, and a client cannot choose it."""
    probe = installation.probe
    if isinstance(probe, Unreachable):
        return not_checked(NO_ANSWER)
    seen, hops = probe.seen, probe.seen.proxy_hops
    if probe.claimed.address == CLAIMED_ADDRESS:
        words = f"Readers can choose their own address: PROXY_HOPS is {hops}, and nothing in front of the site says it."
        return fault(words, f"Set PROXY_HOPS={seen.forwarded}.")
    if seen.forwarded != hops:
        words = f"Proxies state {seen.forwarded} addresses of a client, and PROXY_HOPS is {hops}"
        return fault(f"{words}: all readers may look like one.", f"Set PROXY_HOPS={seen.forwarded}.")
    if seen.address != probe.answer.source and not _is_public(seen.address):
        words = f"A request from {probe.answer.source} seems to come from {seen.address}, which is no reader's address."
        remedy = "Unless only this machine is seen so: have the first proxy state its client's address."
        return warning(words, remedy)
    return ok(f"A request from here is seen as from {seen.address}, through {hops} proxies.")


def check_origin(installation: Installation) -> Result:
    """A form of the site's own page is taken."""
    base_url = installation.settings.base_url
    if isinstance(installation.probe, Unreachable):
        return not_checked(NO_ANSWER)
    headers = {"Origin": base_url, "Sec-Fetch-Site": "same-origin", "Content-Length": "0"}
    try:
        status = fetch(base_url, REQUEST_PATH, method="POST", headers=headers).status
    except (OSError, HTTPException) as error:
        return fault(f"A form cannot be sent to {base_url}: {error}.", "Look at the proxy's log.")
    if status not in {404, 422}:
        remedy = "Have the proxy pass on POST requests, Origin and Sec-Fetch-Site."
        return fault(f"A form of {base_url} itself is answered {status}, so no reader can vote.", remedy)
    return ok(f"Forms of {base_url} are taken.")


def check_caching(installation: Installation) -> Result:
    """Public pages may be stored by proxies, pages of one reader may not."""
    base_url = installation.settings.base_url
    if isinstance(installation.probe, Unreachable):
        return not_checked(NO_ANSWER)
    try:
        public, private = fetch(base_url, "/"), fetch(base_url, "/votes/mine")
    except (OSError, HTTPException) as error:
        return fault(f"A page of {base_url} does not arrive: {error}.", "Look at the proxy's log.")
    remedy = "Have the proxy leave Cache-Control and Set-Cookie as they are."
    if "no-store" not in private.headers.get("Cache-Control", ""):
        return fault("A page for one reader does not say that nobody may store it.", remedy)
    if "Set-Cookie" in public.headers:
        return fault("A public page sets a cookie, which the site never does.", remedy)
    if "public" not in public.headers.get("Cache-Control", ""):
        words = f"The front page is answered {public.status} without leave to store it, so a CDN asks for each reader."
        return warning(words, remedy)
    return ok("Public pages may be stored by proxies, pages for one reader may not.")


def _is_public(address: str) -> bool:
    try:
        return ip_address(address).is_global
    except ValueError:
        return False
