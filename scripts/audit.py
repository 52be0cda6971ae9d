"""Look up known vulnerabilities in what requirements/ pins; say so where the database cannot be reached."""

import json
import subprocess  # nosec B404
import sys
from typing import Any

LOCK = "requirements/develop.txt"  # holds all that serve.txt holds
AT_MOST_SECONDS = 90


def main() -> None:
    known = look_up()
    if known is None:
        print("Not audited: the database of known vulnerabilities cannot be reached from here.")
        return
    unknown = [package["name"] for package in known if "skip_reason" in package]
    print(f"Audited {len(known) - len(unknown)} of {len(known)} packages for known vulnerabilities.")
    if unknown:
        print(f"Not audited, because the database did not answer for them: {', '.join(unknown)}")
    found = [line for package in known for line in complaints(package)]
    sys.exit("\n".join(found))


def look_up() -> list[dict[str, Any]] | None:
    """Return what pip-audit says of each package, or None where it could say nothing of any."""
    options = ["--require-hashes", "--disable-pip", "--format", "json", "--progress-spinner", "off"]
    command = [sys.executable, "-m", "pip_audit", "--requirement", LOCK, *options]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=AT_MOST_SECONDS, check=False)  # noqa: S603
        known: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        return None
    # It calls packages that it could not look up "not found", and then reports success.
    return known if any("skip_reason" not in package for package in known) else None


def complaints(package: dict[str, Any]) -> list[str]:
    name = f"{package['name']} {package.get('version', '')}"
    return [
        f"{name}: {fault['id']}, mended in {', '.join(fault['fix_versions']) or 'no version yet'}"
        for fault in package.get("vulns", [])
    ]


if __name__ == "__main__":
    main()
