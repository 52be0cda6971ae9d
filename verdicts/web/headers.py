"""Security headers for every response."""

from flask import Flask, Response

from verdicts.config import Settings

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PERMISSIONS_POLICY = (
    "accelerometer=(), autoplay=(), browsing-topics=(), camera=(), display-capture=(), encrypted-media=(), "
    "fullscreen=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), "
    "picture-in-picture=(), publickey-credentials-get=(), screen-wake-lock=(), usb=(), xr-spatial-tracking=()"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    # With no-referrer browsers would send `Origin: null`, and the origin check would refuse every vote.
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": PERMISSIONS_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
HSTS = "max-age=31536000"  # without includeSubDomains: other hosts of the domain may belong to others


def init_app(app: Flask) -> None:
    settings: Settings = app.config["SETTINGS"]
    # Caching is opt-in: a forgotten header must never make a private page public.
    defaults = {**HEADERS, "Cache-Control": "no-store"}
    if settings.is_https:
        defaults["Strict-Transport-Security"] = HSTS

    @app.after_request
    def add_headers(response: Response) -> Response:
        # setdefault() would compare each name with all that are there.
        names = {name.lower() for name, _ in response.headers}
        for name, value in defaults.items():
            if name.lower() not in names:
                response.headers.add(name, value)
        return response
