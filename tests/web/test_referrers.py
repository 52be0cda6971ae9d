"""What is counted of a Referer header."""

import pytest

from verdicts.web.traffic import referring_host


@pytest.mark.parametrize(
    ("referrer", "host"),
    [
        ("https://News.Example.COM/item?id=1&mail=ann@example.org", "news.example.com"),
        ("https://www.example.org:8443/", "example.org"),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example"),
        ("android-app://com.example.reader/", "com.example.reader"),
        ("https://ours.example/tools", ""),
        ("https://www.ours.example/tools", ""),
        ("http://192.168.0.7/wiki", ""),
        ("http://[2001:db8::1]/", ""),
        ("http://[broken", ""),
        ("http://intranet/wiki", ""),
        ("https://ann:secret@mail.example/inbox", "mail.example"),
        (f"https://{'a' * 60}.{'b' * 60}.example/", ""),
        ("https://<script>.example/", ""),
        ("https://b\u00fccher.example/", ""),
        ("nonsense", ""),
        ("", ""),
    ],
)
def test_of_a_referrer_the_host_of_a_public_site_is_counted(referrer: str, host: str) -> None:
    assert referring_host(referrer, ("ours.example",)) == host
