"""html-validate finds nothing on any kind of page or in any fragment.

Turned off in htmlvalidate.json:
form-dup-name: an address takes `tool` up to four times, so the boxes to tick and the picker's fields share that name.
no-redundant-role: tables that become cards on a phone lose their meaning with their display; the roles keep it.
long-title: a comparison's title holds the names of its tools, however long they are.
"""

import subprocess
import urllib.parse
from pathlib import Path

from tests.browser.conftest import missing
from tests.browser.pages import GOOD, REFUSED
from tests.browser.site import Site
from verdicts.config import CHECKOUT

PROGRAM = CHECKOUT / "node_modules" / ".bin" / "html-validate"
RULES = Path(__file__).with_name("htmlvalidate.json")
FRAGMENTS = {"my ballots": "/votes/mine?tool=mistral-code&tool=cursor", "notice": "/tools/nobody"}
SENT = {
    "a ballot refused": ("/tools/cursor/vote", "perhaps"),
    "a ballot without a cookie": ("/tools/cursor/vote?voter=new", "ship"),
}


def complaints(folder: Path, *options: str) -> str:
    files = sorted(map(str, folder.iterdir()))
    command = [str(PROGRAM), "--config", str(RULES), "--formatter", "text", *options, *files]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return done.stdout + done.stderr


def test_html_validate_finds_nothing(site: Site, tmp_path: Path) -> None:
    if not PROGRAM.exists():
        missing("html-validate is not installed (npm ci)")
    for kind, path in {**GOOD, **REFUSED}.items():
        (tmp_path / f"{kind}.html").write_text(site.text(path))
    for kind, path in FRAGMENTS.items():
        (tmp_path / f"fragment {kind}.html").write_text(site.text(path, {"HX-Request": "true"}))
    for kind, (path, verdict) in SENT.items():
        form = urllib.parse.urlencode({"verdict": verdict})
        for name, headers in ((kind, {}), (f"fragment {kind}", {"HX-Request": "true"})):
            (tmp_path / f"{name}.html").write_text(site.text(path, {"Origin": site.url, **headers}, form))
    assert complaints(tmp_path) == ""
