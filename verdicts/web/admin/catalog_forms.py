"""The forms that the catalogue is edited with. What each value may be, the catalogue file's schema says."""

from typing import ClassVar

from verdicts.catalog.kinds import Basis, Period, PriceModel, ReviewerKind, Verdict
from verdicts.curation.catalog_file.records import Json, record
from verdicts.web.admin.fields import (
    Choice,
    Day,
    Key,
    Line,
    Lines,
    Paragraphs,
    Part,
    RecordForm,
    Row,
    Rows,
    Several,
    Tick,
)

MARKDOWN = "Markdown: *stress*, **strong**, [words](https://…), lists. An empty line begins a paragraph."
SLUG = "The end of its address. Left empty, it is made of the name."
KINDS = [
    (ReviewerKind.UNSTATED, "Not stated"),
    (ReviewerKind.HUMAN, "A human voice"),
    (ReviewerKind.AI, "An AI voice"),
]
MODELS = [
    (PriceModel.UNKNOWN, "Not known"),
    (PriceModel.FREE, "Free"),
    (PriceModel.FREEMIUM, "Free to start, then paid"),
    (PriceModel.PAID, "Paid"),
    (PriceModel.CONTACT, "Ask the maker"),
]
PERIODS = [("", "—"), (Period.MONTH, "a month"), (Period.YEAR, "a year"), (Period.ONCE, "once"), (Period.USE, "a use")]
BASES = [
    (Basis.UNSTATED, "Not stated"),
    (Basis.HANDS_ON, "Hands-on"),
    (Basis.DOCUMENTS, "Documents"),
    (Basis.VENDOR_CLAIMS, "The maker’s claims"),
]
VERDICTS = [(Verdict.SHIP, "SHIP"), (Verdict.SKIP, "SKIP")]


class AskedFor(Row):
    label = Line("Label", description="As readers see it: “Runs offline”.")
    key = Line("Key", description="Left empty, it is made of the label. Facts are filed under it.")


class CategoryForm(RecordForm):
    name = Line("Name")
    slug = Line("Slug", description=SLUG)
    description = Paragraphs("Description", description=MARKDOWN)
    facts = Rows("Facts that its tools are compared on", AskedFor, "Fact", min_entries=1)


class ReviewerForm(RecordForm):
    name = Line("Name", description="“The Builder” is shown as “Builder” where space is short.")
    slug = Line("Slug", description=SLUG)
    kind = Choice("Voice", KINDS, default=ReviewerKind.UNSTATED, description="Every verdict shows it.")
    motto = Line("Motto")
    bio = Paragraphs("About", description=MARKDOWN)
    likes = Lines("Likes", description="One a line.")
    dislikes = Lines("Dislikes", description="One a line.")


class Cost(Row):
    amount = Line("Amount", description="Such as 20 or 9.50.")
    currency = Line("Currency", description="Such as USD.")
    period = Choice("For", PERIODS)
    source = Line("Source", description="Where it can be looked up.")
    checked_on = Day("Checked on")

    def told(self) -> Json:
        told = super().told()
        return {**told, "currency": told["currency"].upper()} if "currency" in told else told


class FirstPrice(Cost):
    given: ClassVar[tuple[str, ...]] = ("model", "checked_on")
    model = Choice("Model", MODELS, default=PriceModel.UNKNOWN)

    @property
    def is_blank(self) -> bool:
        return super().is_blank and self.model.data in {"", None, PriceModel.UNKNOWN}


class PlanRow(Cost):
    given: ClassVar[tuple[str, ...]] = ("checked_on",)
    name = Line("Plan")
    per = Line("Per", description="Such as seat.")
    limit = Line("Limit")


class FactRow(Row):
    given: ClassVar[tuple[str, ...]] = ("key", "checked_on")
    key = Key("Key")
    value = Line("Value")
    source = Line("Source")
    checked_on = Day("Checked on")


class ReleaseRow(Row):
    version = Line("Version")
    on = Day("Released on")


class ToolForm(RecordForm):
    name = Line("Name")
    slug = Line("Slug", description=SLUG)
    tagline = Line("Tagline", description="What it is, in one line.")
    category = Choice("Category")
    website = Line("Website", description="The maker’s page: https://…")
    maker = Line("Maker")
    license = Line("Licence")
    launched_on = Day("Launched on")
    description = Paragraphs("Description", description=MARKDOWN)
    price = Part(FirstPrice, "Price")
    facts = Rows("Facts", FactRow, "Fact")
    plans = Rows("Plans", PlanRow, "Plan", min_entries=1)
    releases = Rows("Releases", ReleaseRow, "Release", min_entries=1)
    aliases = Lines("Other slugs that lead here", description="One a line. Taking one away breaks the links to it.")


class PriceForm(RecordForm):
    model = Choice("Model", MODELS, default=PriceModel.UNKNOWN)
    amount = Line("Amount", description="Such as 20 or 9.50. For what is free to start: what is paid then.")
    currency = Line("Currency", description="Such as USD.")
    period = Choice("For", PERIODS)
    source = Line("Source", description="Where it can be looked up.")
    checked_on = Day("Checked on")
    reason = Line("Why it changed", description="Needed where it costs something else now. Readers see it.")

    def record(self) -> Json:
        told = super().record()
        return {**told, "currency": told["currency"].upper()} if "currency" in told else told

    def shown(self) -> Json:
        return {key: value for key, value in self.record().items() if key != "reason"}


class ReviewRow(Row):
    given: ClassVar[tuple[str, ...]] = ("reviewer", "reviewed_on", "basis")
    reviewer = Key("Reviewer")
    verdict = Choice("Verdict", VERDICTS)
    quote = Paragraphs("Quote")
    basis = Choice("Basis", BASES, default=Basis.UNSTATED)
    tool_version = Line("Version")
    reviewed_on = Day("Reviewed on")
    conflict = Line("Conflict of interest")
    reason = Line("Why it changed")
    wording_only = Tick("Only the wording: no news")


class PanelForm(RecordForm):
    reviews = Rows("Reviews", ReviewRow, "Review")

    def shown(self) -> Json:
        reviews = [
            {key: value for key, value in told.items() if key not in {"reason", "wording_only"}}
            for told in self.reviews.told()
        ]
        return {told["reviewer"]: record((), **told) for told in reviews}


class ChooseRow(Row):
    tool = Line("Tool")
    when = Line("Choose it if …")


class ComparisonForm(RecordForm):
    tools = Several("Tools", "Tool", min_entries=4)
    headline = Line("Headline", description="Up to 60 characters. Left empty, the page writes one from the verdicts.")
    bottom_line = Paragraphs("Bottom line", description=f"Which one, and why. {MARKDOWN}")
    choose_if = Rows("Choose it if …", ChooseRow, "Line", min_entries=2)
    featured = Tick("Put it forward on the front page")
