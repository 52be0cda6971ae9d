"""Signed values with a time: how the cookies that we sign are read, wherever they were signed."""

from datetime import datetime
from typing import Any

from flask import Flask, Request, Response
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import SignatureExpired, TimestampSigner, URLSafeTimedSerializer


class TolerantSigner(TimestampSigner):
    """A signer that takes a value from the future for one that was signed just now.

    The clocks of two machines differ. itsdangerous refuses what a clock that is a second ahead has signed.
    """

    def unsign(self, signed_value: str | bytes, max_age: int | None = None, return_timestamp: bool = False) -> Any:
        """Return the value, with its time where asked. Raises BadSignature, or SignatureExpired after max_age."""
        value, signed_at = super().unsign(signed_value, return_timestamp=True)
        age = self.get_timestamp() - datetime.timestamp(signed_at)
        if max_age is not None and age > max_age:
            raise SignatureExpired(f"Signed {age:.0f} seconds ago", payload=value, date_signed=signed_at)
        return (value, signed_at) if return_timestamp else value


class TolerantSerializer(URLSafeTimedSerializer):
    default_signer = TolerantSigner


class TolerantSessions(SecureCookieSessionInterface):
    """Flask's signed session, which holds the token of admin forms.

    A request without its cookie, as every one of a public page, begins an empty one. Flask builds a serializer before
    it looks for a cookie, and reads seven settings before it sees that there is nothing to save.
    """

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if session or session.accessed or session.modified:
            super().save_session(app, session, response)

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        serializer = super().get_signing_serializer(app)
        if serializer is not None:
            serializer.signer = TolerantSigner
        return serializer


def init_app(app: Flask) -> None:
    app.session_interface = TolerantSessions()
