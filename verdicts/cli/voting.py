"""Commands about votes."""

from collections.abc import Mapping

import click
from flask.cli import AppGroup

from verdicts.catalog import queries as catalog
from verdicts.voting import recount
from verdicts.voting.recount import Difference

votes = AppGroup("votes", help="The readers' votes.")


@votes.command("recount")
def recount_votes() -> None:
    """Recompute every tally and count of a pair from the vote record, report differences; exit 1 if there are any."""
    differences = recount.recount()
    if not differences:
        click.echo("Every tally, every vote and every count of a pair is what the vote record says.")
        return
    tools = catalog.links_of({id for each in differences for id in (each.tool_id, each.rival_id) if id is not None})
    slugs = {id: link.slug for id, link in tools.items()}
    for each in differences:
        click.echo(describe(each, slugs))
    raise SystemExit(1)


def describe(difference: Difference, slugs: Mapping[int, str]) -> str:
    slug = slugs.get(difference.tool_id, f"tool {difference.tool_id}")
    if difference.rival_id is not None:
        rival = slugs.get(difference.rival_id, f"tool {difference.rival_id}")
        verdicts = difference.what.replace("_", " and ")
        figures = f"{difference.stored} readers stored for {verdicts}, {difference.ledger} by their votes"
        return f"{slug} and {rival}: {figures}."
    if difference.what == "ballots":
        return (
            f"{slug}: {difference.stored} stored votes are not as the vote record has them,"
            f" {difference.ledger} votes of the record are not stored so."
        )
    return f"{slug}: the tally says {difference.stored} {difference.what}, the vote record {difference.ledger}."
