"""The forms that edit the catalog. The schema of the catalogue file validates each value."""

from typing import ClassVar

from verdicts.catalog.kinds import Basis, Period, PriceModel, ReviewerKind, ToolState, Verdict
from verdicts.curation.editing.three_way import Unit
from verdicts.web.admin.forms.fields import (
    AmountField,
    CheckboxField,
    ChoiceField,
    CurrencyField,
    DateField,
    HiddenKeyField,
    LinesField,
    MultilineField,
    RecordForm,
    Subform,
    SubformField,
    SubformList,
    TextField,
    TextFieldList,
)

MARKDOWN = "Markdown: *emphasis*, **bold**, [link text](https://…), lists. An empty line starts a new paragraph."
SLUG = "The last part of its address. If empty, it is made from the name."
REVIEWER_KINDS = [
    (ReviewerKind.UNSTATED, "Not stated"),
    (ReviewerKind.HUMAN, "Human"),
    (ReviewerKind.AI, "AI"),
]
PRICE_MODELS = [
    (PriceModel.UNKNOWN, "Unknown"),
    (PriceModel.FREE, "Free"),
    (PriceModel.FREEMIUM, "Free to start, then paid"),
    (PriceModel.PAID, "Paid"),
    (PriceModel.CONTACT, "Contact the maker"),
]
PERIODS = [
    ("", "—"),
    (Period.MONTH, "per month"),
    (Period.YEAR, "per year"),
    (Period.ONCE, "once"),
    (Period.USE, "per use"),
]
BASES = [
    (Basis.UNSTATED, "Not stated"),
    (Basis.HANDS_ON, "Hands-on"),
    (Basis.DOCUMENTS, "Documents"),
    (Basis.VENDOR_CLAIMS, "The maker’s claims"),
]
STATES = [
    (ToolState.ACTIVE, "Active"),
    (ToolState.RENAMED, "Renamed"),
    (ToolState.RETIRED, "Retired"),
]
VERDICTS = [(Verdict.SHIP, "SHIP"), (Verdict.SKIP, "SKIP")]


class CategoryFactSubform(Subform):
    known_by: ClassVar[str] = "key"
    label = TextField("Label", description="Shown to readers, for example “Runs offline”.")
    key = TextField("Key", description="Identifies the fact. If empty, it is made from the label.")


class PickSubform(Subform):
    known_by: ClassVar[str] = "need"
    units: ClassVar[tuple[Unit, ...]] = (("tool", "runner_up"),)
    need = TextField("Best for …", description="What somebody needs, for example “work without a network”.")
    tool = TextField("Our pick")
    runner_up = TextField("Runner-up")
    skip_if = TextField("Skip it if …")
    picked_on = DateField("Picked on")


class CategoryForm(RecordForm):
    name = TextField("Name")
    slug = TextField("Slug", description=SLUG)
    description = MultilineField("Description", description=MARKDOWN)
    facts = SubformList("Facts to compare tools on", CategoryFactSubform, "Fact", min_entries=1)
    picks = SubformList("Best for …", PickSubform, "Pick", min_entries=1)


class ReviewerForm(RecordForm):
    name = TextField("Name", description="“The Builder” is shown as “Builder” where space is short.")
    slug = TextField("Slug", description=SLUG)
    kind = ChoiceField("Voice", REVIEWER_KINDS, default=ReviewerKind.UNSTATED, description="Shown with every verdict.")
    motto = TextField("Motto")
    bio = MultilineField("About", description=MARKDOWN)
    likes = LinesField("Likes", description="One per line.")
    dislikes = LinesField("Dislikes", description="One per line.")


COST = ("amount", "currency", "period")


class CostSubform(Subform):
    units: ClassVar[tuple[Unit, ...]] = (COST,)
    amount = AmountField("Amount", description="For example 20, 9.50 or $20.")
    currency = CurrencyField("Currency", description="For example USD.")
    period = ChoiceField("Period", PERIODS)
    source = TextField("Source", description="Address of a page that shows it.")
    checked_on = DateField("Checked on")


class NewToolPriceSubform(CostSubform):
    prefilled: ClassVar[tuple[str, ...]] = ("model", "checked_on")
    model = ChoiceField("Model", PRICE_MODELS, default=PriceModel.UNKNOWN)

    @property
    def is_blank(self) -> bool:
        return super().is_blank and self.model.data in {"", None, PriceModel.UNKNOWN}


class PlanSubform(CostSubform):
    known_by: ClassVar[str] = "name"
    prefilled: ClassVar[tuple[str, ...]] = ("checked_on",)
    name = TextField("Plan")
    per = TextField("Per", description="For example seat.")
    limit = TextField("Limit", description="For example 500 requests.")


class FactSubform(Subform):
    known_by: ClassVar[str] = "key"
    units: ClassVar[tuple[Unit, ...]] = (("value", "source"),)
    prefilled: ClassVar[tuple[str, ...]] = ("key", "checked_on")
    key = HiddenKeyField("Key")
    value = TextField("Value")
    source = TextField("Source")
    checked_on = DateField("Checked on")


class ReleaseSubform(Subform):
    known_by: ClassVar[str] = "version"
    version = TextField("Version")
    on = DateField("Released on")


class StatusSubform(Subform):
    prefilled: ClassVar[tuple[str, ...]] = ("state",)
    state = ChoiceField("State", STATES, default=ToolState.ACTIVE)
    on = DateField("Since, or from")
    successor = TextField("Successor", description="The tool that takes its place.")

    @property
    def is_blank(self) -> bool:
        return super().is_blank and self.state.data in {"", None, ToolState.ACTIVE}


class ToolForm(RecordForm):
    name = TextField("Name")
    slug = TextField("Slug", description=SLUG)
    tagline = TextField("Tagline", description="What it is, in one line.")
    category = ChoiceField("Category")
    website = TextField("Website", description="The maker’s page: https://…")
    maker = TextField("Maker")
    license = TextField("Licence")
    launched_on = DateField("Launched on")
    description = MultilineField("Description", description=MARKDOWN)
    price = SubformField(NewToolPriceSubform, "Price")
    facts = SubformList("Facts", FactSubform, "Fact", is_ordered=False)
    plans = SubformList("Plans", PlanSubform, "Plan", min_entries=1)
    releases = SubformList("Releases", ReleaseSubform, "Release", min_entries=1)
    status = SubformField(StatusSubform, "Status")
    synonyms = LinesField(
        "Synonyms",
        description="One per line: what people search for and mean this tool, such as “transcription” or “gpt”.",
    )
    aliases = LinesField("Other slugs that redirect here", description="One per line. Removing one breaks links to it.")


class PriceForm(RecordForm):
    units: ClassVar[tuple[Unit, ...]] = (("model", *COST),)
    latest: ClassVar[frozenset[str]] = frozenset({"checked_on"})
    model = ChoiceField("Model", PRICE_MODELS, default=PriceModel.UNKNOWN)
    amount = AmountField(
        "Amount", description="For example 20, 9.50 or $20. If it is free to start, the price after that."
    )
    currency = CurrencyField("Currency", description="For example USD.")
    period = ChoiceField("Period", PERIODS)
    source = TextField("Source", description="Address of a page that shows it.")
    checked_on = DateField("Checked on")
    reason = TextField("Reason for the change", description="Required if the price changed. Shown to readers.")


class ReviewSubform(Subform):
    known_by: ClassVar[str] = "reviewer"
    units: ClassVar[tuple[Unit, ...]] = (("verdict", "quote"),)
    prefilled: ClassVar[tuple[str, ...]] = ("reviewer", "reviewed_on", "basis")
    reviewer = HiddenKeyField("Reviewer")
    verdict = ChoiceField("Verdict", VERDICTS)
    quote = MultilineField("Quote")
    basis = ChoiceField("Basis", BASES, default=Basis.UNSTATED)
    tool_version = TextField("Tool version")
    reviewed_on = DateField("Reviewed on")
    conflict = TextField("Conflict of interest")
    reason = TextField("Reason for the change")
    wording_only = CheckboxField("Wording change only (not news)")


class PanelForm(RecordForm):
    reviews = SubformList("Reviews", ReviewSubform, "Review", is_ordered=False)


class ChooseIfSubform(Subform):
    known_by: ClassVar[str] = "tool"
    tool = TextField("Tool")
    when = TextField("Choose it if …")


class ComparisonForm(RecordForm):
    tools = TextFieldList("Tools", "Tool", min_entries=4)
    headline = TextField("Headline", description="Up to 60 characters. If empty, it is made from the verdicts.")
    bottom_line = MultilineField("Bottom line", description=f"Which tool to choose, and why. {MARKDOWN}")
    choose_if = SubformList("Choose it if …", ChooseIfSubform, "Line", min_entries=2)
    featured = CheckboxField("Feature on the front page")
