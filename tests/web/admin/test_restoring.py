"""Earlier versions and deleted records come back from the activity log, as a form to save."""

from tests.conftest import ON_ONE_DATABASE
from tests.makers import make_review, make_reviewer, make_tool
from tests.web.admin.admin_client import AdminClient, latest_entry, stored
from verdicts.catalog.models import PriceRecord, Tool

pytestmark = ON_ONE_DATABASE


def test_what_was_deleted_comes_back_from_the_activity_log_as_a_new_record(ann: AdminClient) -> None:
    tool = make_tool("wren", name="Wren", tagline="Small.", published_at=None)
    ann.posts(f"/admin/tools/{tool.id}/publication", do="delete")
    assert stored(Tool) == []
    history = ann.gets(f"/admin/history/tool/{latest_entry().record_id}").text
    assert "Restore as a new record" in history
    assert ann.fills(f"/admin/tools/new?restore={latest_entry().id}").status_code == 303
    assert [(each.slug, each.tagline) for each in stored(Tool)] == [("wren", "Small.")]


def test_a_tool_that_was_deleted_comes_back_with_its_price(ann: AdminClient) -> None:
    price = {"model": "paid", "amount": "20", "currency": "USD", "period": "month", "checked_on": "2026-11-20"}
    fields = {f"price__{name}": value for name, value in price.items()}
    ann.fills("/admin/tools/new", name="Wren", **fields)
    assert (latest_entry().action, latest_entry().changes["price"]) == ("added", [None, price])
    ann.posts(f"/admin/tools/{stored(Tool)[0].id}/publication", do="delete")
    assert (latest_entry().action, latest_entry().changes["price"]) == ("deleted", [price, None])
    ann.fills(f"/admin/tools/new?restore={latest_entry().id}")
    (again,) = stored(PriceRecord)
    assert (again.model, again.amount, again.currency, again.checked_on.isoformat()) == (
        "paid",
        20,
        "USD",
        "2026-11-20",
    )


def test_the_form_of_a_tool_that_is_there_leaves_its_price_alone(ann: AdminClient) -> None:
    ann.fills("/admin/tools/new", name="Wren", price__model="paid", price__amount="20", price__currency="USD")
    added, (tool,) = latest_entry(), stored(Tool)
    path = f"/admin/tools/{tool.id}"
    assert not [name for name in ann.form(f"{path}?restore={added.id}") if name.startswith("price")]
    ann.fills(path, tagline="Small.", price__model="free", price__amount="", price__currency="")
    assert latest_entry().changes == {"tagline": [None, "Small."]}
    assert [each.model for each in stored(PriceRecord)] == ["paid"]


def test_only_a_deleted_record_is_restored_as_a_new_one(ann: AdminClient) -> None:
    ann.fills(f"/admin/tools/{make_tool('wren').id}", maker="Somebody")
    assert ann.opens(f"/admin/tools/new?restore={latest_entry().id}").status_code == 404


def test_an_earlier_version_comes_back_from_the_activity_log_field_by_field(ann: AdminClient) -> None:
    tool = make_tool("wren", name="Wren", tagline="One.", maker="M")
    path = f"/admin/tools/{tool.id}"
    ann.fills(path, tagline="Two.")
    second = latest_entry()
    ann.fills(path, tagline="Three.", maker="N")
    form = ann.form(f"{path}?restore={second.id}")
    assert (form["tagline"], form["maker"]) == ("One.", "M")
    assert stored(Tool)[0].tagline == "Three."
    ann.sends(path, form)
    assert (stored(Tool)[0].tagline, stored(Tool)[0].maker) == ("One.", "M")
    assert latest_entry().changes["tagline"] == ["Three.", "One."]


def test_an_earlier_version_takes_away_no_address_that_leads_here_now(ann: AdminClient) -> None:
    tool = make_tool("wren", tagline="A", aliases=("old-wren",))
    path = f"/admin/tools/{tool.id}"
    ann.fills(path, tagline="B")
    entry = latest_entry()
    ann.fills(path, aliases="old-wren\nwren-two")
    ann.fills(f"{path}?restore={entry.id}")
    assert stored(Tool)[0].tagline == "A"
    assert ann.gets("/tools/wren-two").headers["Location"] == "/tools/wren"
    assert ann.gets("/tools/old-wren").headers["Location"] == "/tools/wren"


def test_an_earlier_panel_comes_back_but_needs_a_reason(ann: AdminClient) -> None:
    tool, reviewer = make_tool("wren"), make_reviewer("builder")
    make_review(tool, reviewer, "ship", quote="Quick.")
    path = f"/admin/tools/{tool.id}/panel"
    ann.fills(path, reviews_0_verdict="skip", reviews_0_reason="It grew slow.")
    form = ann.form(f"{path}?restore={latest_entry().id}")
    assert form["reviews-0-verdict"] == "ship"
    assert ann.sends(path, form).status_code == 422


def test_a_panel_of_before_a_new_name_comes_back_under_the_new_name(ann: AdminClient) -> None:
    reviewer, tool = make_reviewer("builder"), make_tool("wren")
    make_review(tool, reviewer, "ship", quote="Then.")
    path = f"/admin/tools/{tool.id}/panel"
    ann.fills(path, reviews_0_quote="Now.", reviews_0_reason="Looked again.")
    entry = latest_entry()
    ann.fills(f"/admin/reviewers/{reviewer.id}", slug="maker")
    form = ann.form(f"{path}?restore={entry.id}")
    assert (form["reviews-0-reviewer"], form["reviews-0-quote"]) == ("maker", "Then.")


def test_an_added_review_leaves_nothing_to_restore(ann: AdminClient) -> None:
    tool = make_tool("wren")
    make_reviewer("builder")
    make_review(tool, make_reviewer("skeptic"))
    path = f"/admin/tools/{tool.id}/panel"
    ann.fills(path, reviews_0_verdict="ship", reviews_0_quote="Quick.")
    history = f"/admin/history/panel/{tool.id}"
    assert "Restore this version" not in ann.gets(history).text
    ann.fills(path, reviews_0_quote="Quicker.", reviews_0_reason="Looked again.")
    assert ann.gets(history).text.count("Restore this version") == 1
