"""Commands about votes."""

import click
from flask.cli import AppGroup

from verdicts.catalog import queries as catalog
from verdicts.voting import recount
from verdicts.voting.recount import Difference

votes = AppGroup("votes", help="The readers' votes.")


@votes.command("recount")
def recount_votes() -> None:
    """Recompute every tally from the vote record and report differences; exit 1 if there are any."""
    differences = recount.recount()
    if not differences:
        click.echo("Every tally and every vote is what the vote record says.")
        return
    tools = catalog.links_of({each.tool_id for each in differences})
    for each in differences:
        click.echo(describe(each, tools[each.tool_id].slug if each.tool_id in tools else f"tool {each.tool_id}"))
    raise SystemExit(1)


def describe(difference: Difference, slug: str) -> str:
    if difference.what == "ballots":
        return (
            f"{slug}: {difference.stored} stored votes are not as the vote record has them,"
            f" {difference.ledger} votes of the record are not stored so."
        )
    return f"{slug}: the tally says {difference.stored} {difference.what}, the vote record {difference.ledger}."
