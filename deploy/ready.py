"""Ask the site of this machine whether it is ready: exit with 0, or say why not and exit with 1.

It imports nothing of the site, since it is run every half minute where memory is scarce.
"""

import http.client
import os
import sys
from contextlib import closing
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 4


def main() -> None:
    host = urlsplit(os.environ["BASE_URL"]).netloc  # the site answers for no other
    port = int(os.environ.get("PORT") or 8000)
    try:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)) as connection:
            connection.request("GET", "/readyz", headers={"Host": host})
            answer = connection.getresponse()
            words = answer.read().decode(errors="replace").strip()
    except (OSError, http.client.HTTPException) as fault:
        sys.exit(f"The site does not answer at port {port}: {fault}")
    if answer.status != http.HTTPStatus.OK:
        sys.exit(words)


if __name__ == "__main__":
    main()
