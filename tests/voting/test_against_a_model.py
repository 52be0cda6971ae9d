"""Whatever voters, editors and housekeeping do, in any order, the tables say what a model of a few lines says."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.conftest import example_count
from tests.makers import NOW, make_tool
from tests.voting.world import SHIP, SKIP, decide, figures, names, release_all_due, say
from verdicts.catalog.kinds import Verdict
from verdicts.extensions import begin_write, db
from verdicts.voting import retention
from verdicts.voting.models import Standing
from verdicts.voting.network_groups import MAX_RELEASED
from verdicts.voting.queries import ballots_of, readers_of_both
from verdicts.voting.readers_of_both import ReadersOfBoth
from verdicts.voting.recount import recount
from verdicts.voting.tallying import Figures
from verdicts.voting.voters import VOTER_KEPT

ALLOWANCE = 3
VOTERS = names("v", 6)
NETWORKS = ["n1", "n2", None]
verdicts = st.sampled_from([SHIP, SKIP, None])


@dataclass
class Modelled:
    verdict: Verdict | None
    standing: Standing
    network: str | None
    first_at: datetime
    changed_at: datetime
    first: Verdict
    number: int
    counted_by_editor: bool = False


class Ballots(RuleBasedStateMachine):
    """Two tools and their ballots, in the database and in a dictionary."""

    def __init__(self) -> None:
        super().__init__()
        number = Ballots.made = Ballots.made + 1
        tools = [make_tool(f"tool-{number}-{letter}").id for letter in "ab"]
        db.session.rollback()
        self.tools, self.now, self.crowds = tools, NOW, 0
        self.model: dict[tuple[int, str], Modelled] = {}
        self.folded: Counter[tuple[int, str]] = Counter()

    made = 0

    @rule(which=st.integers(0, 1), voter=st.sampled_from(VOTERS), verdict=verdicts, place=st.sampled_from(NETWORKS))
    def cast(self, which: int, voter: str, verdict: Verdict | None, place: str | None) -> None:
        self._cast(self.tools[which], voter, verdict, place and f"{place} {self.now.date()}")

    @rule(which=st.integers(0, 1), size=st.integers(9, 14), verdict=st.sampled_from([SHIP, SKIP]))
    def come_as_a_crowd(self, which: int, size: int, verdict: Verdict) -> None:
        self.crowds += 1
        for voter in names(f"crowd{self.crowds}-", size):
            self._cast(self.tools[which], voter, verdict, f"n1 {self.now.date()}")

    @rule(hours=st.sampled_from([1, 12, 24, 24 * 8, 24 * 200]))
    def let_time_pass(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule()
    def release_due(self) -> None:
        release_all_due(self.now, ALLOWANCE)
        due = [
            (key, ballot)
            for key, ballot in self.model.items()
            if ballot.standing is Standing.WAITING and self.now - ballot.first_at >= timedelta(hours=24)
        ]
        for (tool, _), ballot in due:
            ballot.standing = Standing.HELD if self._must_be_held(tool, ballot.network) else Standing.COUNTED

    @rule(which=st.integers(0, 1), release=st.booleans(), data=st.data())
    def decide(self, which: int, release: bool, data: st.DataObject) -> None:
        tool = self.tools[which]
        chosen = data.draw(st.sets(st.sampled_from(self._voters(tool)))) if self._voters(tool) else set()
        to = Standing.COUNTED if release else Standing.DISCARDED
        changed = decide(tool, chosen, to, now=self.now)
        ballots = [self.model[tool, voter] for voter in chosen]
        assert changed == sum(ballot.standing is not to for ballot in ballots)
        for ballot in ballots:
            ballot.counted_by_editor |= to is Standing.COUNTED and ballot.standing is not to
            ballot.standing = to

    @rule()
    def run_housekeeping(self) -> None:
        self.release_due()
        for step in (retention.blank_networks, retention.fold_voters):
            done: int | None = 0
            while done is not None:
                begin_write()
                done = step(self.now, at_most=5)
                db.session.commit()
        self._blank()
        self._fold()

    @invariant()
    def the_tallies_are_the_models(self) -> None:
        assert [figures(tool) for tool in self.tools] == [self._figures(tool) for tool in self.tools]

    @invariant()
    def a_voters_ballots_are_the_models(self) -> None:
        for voter in VOTERS:
            stored = ballots_of(voter, self.tools)
            db.session.rollback()
            expected = {tool: self.model[tool, voter] for tool in self.tools if (tool, voter) in self.model}
            assert {tool: (ballot.verdict, ballot.standing) for tool, ballot in stored.items()} == {
                tool: (ballot.verdict, ballot.standing) for tool, ballot in expected.items()
            }

    @invariant()
    def the_readers_of_both_are_the_models(self) -> None:
        said: Counter[tuple[Verdict, Verdict]] = Counter()
        for voter in {voter for _, voter in self.model}:
            pair = [self.model.get((tool, voter)) for tool in self.tools]
            first, second = (each.verdict if each and each.standing is Standing.COUNTED else None for each in pair)
            if first and second:
                said[first, second] += 1
        stored = readers_of_both(*self.tools)
        db.session.rollback()
        assert stored == ReadersOfBoth(said[SHIP, SKIP], said[SKIP, SHIP], said[SHIP, SHIP], said[SKIP, SKIP])

    def teardown(self) -> None:
        assert recount() == []

    def _cast(self, tool: int, voter: str, verdict: Verdict | None, network: str | None) -> None:
        cast = say(tool, voter, verdict, network=network, allowance=ALLOWANCE, now=self.now)
        mine = self.model.get((tool, voter))
        if mine is None and verdict is not None:
            before = len(self._group(tool, network))
            standing = Standing.COUNTED if before < ALLOWANCE else Standing.WAITING
            standing = Standing.HELD if before >= ALLOWANCE + MAX_RELEASED else standing
            number = len(self.model)
            self.model[tool, voter] = Modelled(verdict, standing, network, self.now, self.now, verdict, number)
            if before == ALLOWANCE + MAX_RELEASED:
                self._hold(tool, network, Standing.COUNTED, Standing.WAITING)
        elif mine is not None and mine.verdict is not verdict:
            mine.verdict, mine.changed_at = verdict, self.now
            is_large = len(self._group(tool, mine.network)) > ALLOWANCE
            if mine.standing is Standing.COUNTED and is_large and self._must_be_held(tool, mine.network):
                self._hold(tool, mine.network, Standing.COUNTED)
        if (tool, voter) in self.model:
            assert (cast.verdict, cast.standing) == (verdict, self.model[tool, voter].standing)
        assert cast.community == self._figures(tool).community

    def _voters(self, tool: int) -> list[str]:
        return sorted(voter for of, voter in self.model if of == tool)

    def _group(self, tool: int, network: str | None) -> list[Modelled]:
        """Return the ballots of a known network, the first one first."""
        found = [each for (of, _), each in self.model.items() if of == tool and each.network == network is not None]
        return sorted(found, key=lambda ballot: ballot.number)

    def _must_be_held(self, tool: int, network: str | None) -> bool:
        group = self._group(tool, network)
        for said in (Counter(each.first for each in group), Counter(each.verdict for each in group if each.verdict)):
            if said.total() >= 10 and max(said.values()) / said.total() >= 0.9:
                return True
        return len(group) > ALLOWANCE + MAX_RELEASED

    def _hold(self, tool: int, network: str | None, *standings: Standing) -> None:
        for ballot in self._group(tool, network)[ALLOWANCE:]:
            if ballot.standing in standings and not ballot.counted_by_editor:
                ballot.standing = Standing.HELD

    def _blank(self) -> None:
        midnight = datetime.combine(self.now.date() - timedelta(days=6), time(), UTC)
        for ballot in self.model.values():
            if ballot.first_at < midnight:
                ballot.network = None

    def _fold(self) -> None:
        for (tool, voter), ballot in list(self.model.items()):
            if self.now - ballot.changed_at > VOTER_KEPT:
                column = _column(ballot)
                self.folded[tool, "discarded" if column in {"waiting", "held"} else column] += 1
                del self.model[tool, voter]

    def _figures(self, tool: int) -> Figures:
        now = Counter(_column(ballot) for (of, _), ballot in self.model.items() if of == tool)
        columns = {name: now[name] + self.folded[tool, name] for name in vars(Figures())}
        return Figures(**columns | {"waiting": columns["waiting"] + columns["held"]})


def _column(ballot: Modelled) -> str:
    """Return where a ballot is counted, a held one under "held" only."""
    if ballot.verdict is None:
        return "nowhere"
    return ballot.verdict.value if ballot.standing is Standing.COUNTED else ballot.standing.value


def test_the_tables_say_what_the_model_says(app: Flask, few_make_popular: None) -> None:
    run_state_machine_as_test(
        Ballots,
        settings=settings(
            max_examples=example_count(20),
            stateful_step_count=20,
            deadline=None,
            database=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
