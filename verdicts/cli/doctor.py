"""`flask doctor`: what is wrong with this installation, in words."""

import json
from datetime import UTC, datetime

import click

from verdicts.config import current_settings
from verdicts.operations import checks
from verdicts.operations.checks.results import Installation, Result, Status

MARKS = {Status.OK: "ok", Status.WARNING: "WARNING", Status.FAULT: "FAULT", Status.NOT_CHECKED: "-"}
WIDTH = max(map(len, checks.CHECKS))


@click.command("doctor")
@click.option("--letter", metavar="ADDRESS", help="Send a test letter there.")
@click.option("--dkim", metavar="SELECTOR", help="Look for the DKIM key of this name.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object for programs.")
def doctor(letter: str | None, dkim: str | None, *, as_json: bool) -> None:
    """Say in words what is wrong with this installation. Exit 1 where something is."""
    installation = Installation(current_settings(), datetime.now(UTC), letter_to=letter, dkim_selector=dkim)
    found: dict[str, Result] = {}
    for name, result in checks.run(installation):
        found[name] = result
        if not as_json:
            _print(name, result)
    has_fault = any(result.status is Status.FAULT for result in found.values())
    if as_json:
        _print_json(found, is_well=not has_fault)
    raise SystemExit(1 if has_fault else 0)


def _print(name: str, result: Result) -> None:
    click.echo(f"{MARKS[result.status]:>7}  {name:{WIDTH}}  {result.words}")
    if result.remedy:
        click.echo(f"{'':>{WIDTH + 11}}→ {result.remedy}")


def _print_json(found: dict[str, Result], *, is_well: bool) -> None:
    rows = [{"name": name, **vars(result)} for name, result in found.items()]
    click.echo(json.dumps({"ok": is_well, "checks": rows}, ensure_ascii=False, indent=1))
