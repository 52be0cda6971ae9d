"""Look up known vulnerabilities of the packages that requirements/ pins. Report if their database is unreachable."""

import json
import subprocess  # nosec B404
import sys
from typing import Any

LOCK = "requirements/develop.txt"  # includes serve.txt
TIMEOUT_SECONDS = 90


def main() -> None:
    packages = look_up()
    if packages is None:
        print("Not audited: the database of known vulnerabilities cannot be reached from here.")
        return
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    print(f"Audited {len(packages) - len(unknown)} of {len(packages)} packages for known vulnerabilities.")
    if unknown:
        print(f"Not audited, because the database did not answer for them: {', '.join(unknown)}")
    sys.exit("\n".join(line for package in packages for line in vulnerabilities(package)))


def look_up() -> list[dict[str, Any]] | None:
    """Return pip-audit's result for each package, or None if it has none for any package."""
    options = ["--require-hashes", "--disable-pip", "--format", "json", "--progress-spinner", "off"]
    command = [sys.executable, "-m", "pip_audit", "--requirement", LOCK, *options]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)  # noqa: S603
        packages: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        return None
    # It reports success even if it could look up no package.
    return packages if any("skip_reason" not in package for package in packages) else None


def vulnerabilities(package: dict[str, Any]) -> list[str]:
    name = f"{package['name']} {package.get('version', '')}"
    return [
        f"{name}: {fault['id']}, fixed in {', '.join(fault['fix_versions']) or 'no version yet'}"
        for fault in package.get("vulns", [])
    ]


if __name__ == "__main__":
    main()
