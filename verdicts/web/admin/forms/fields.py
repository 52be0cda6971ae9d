"""Form fields that return the submitted input as values of a record, and show the record's faults as errors."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from wtforms import BooleanField, Field, FieldList, Form, FormField, HiddenField, StringField, TextAreaField

from verdicts.curation.catalog_file.dumping import UNSTATED, Json
from verdicts.curation.catalog_file.faults import Fault
from verdicts.curation.editing.three_way import Path, RecordShape, RowShape, Unit
from verdicts.texts import is_blank
from verdicts.web.admin.forms.base import AdminForm
from verdicts.web.admin.forms.money import Money, read_money

EMPTY_VALUES: tuple[object, ...] = (None, "", [], False, {})


class TextField(StringField):  # type: ignore[misc]  # WTForms is untyped
    input_type = "text"

    def record_value(self) -> str:
        return "" if is_blank(self.data or "") else self.data.strip()


class MultilineField(TextAreaField):  # type: ignore[misc]
    def record_value(self) -> str:
        return "" if is_blank(self.data or "") else with_plain_line_ends(self.data)


class LinesField(TextAreaField):  # type: ignore[misc]
    """A list of texts, one a line."""

    def record_value(self) -> list[str]:
        return [line.strip() for line in with_plain_line_ends(self.data).split("\n") if not is_blank(line)]

    def process_data(self, value: Sequence[str] | None) -> None:
        self.data = "\n".join(" ".join(entry.split()) for entry in value or [])


class ChoiceField(StringField):  # type: ignore[misc]
    """One of a few values; the schema of the record refuses any other."""

    def __init__(self, label: str, choices: Iterable[tuple[str, str]] = (), **options: Any) -> None:
        super().__init__(label, **options)
        self.choices = list(choices)

    def record_value(self) -> str:
        return "" if self.data == UNSTATED else (self.data or "")


class AmountField(TextField):
    """An amount as people write it, with the sign of its currency or without."""

    @property
    def money(self) -> Money:
        return read_money(super().record_value())

    def record_value(self) -> str:
        return self.money.amount


class CurrencyField(TextField):
    """The currency of the form's amount: as given, else by the sign beside the amount."""

    def record_value(self) -> str:
        return super().record_value().upper()


def values_with_currency(form: Iterable[Any]) -> Json:
    """Return the values of a form's fields by their names; a currency that is not given is that of the sign."""
    fields = [field for field in form if hasattr(field, "record_value")]
    values = {field.short_name: field.record_value() for field in fields}
    amount = next((field for field in fields if isinstance(field, AmountField)), None)
    if amount is not None and not values.get("currency"):
        values["currency"] = amount.money.currency
    elif amount is not None and not amount.money.agrees_with(values["currency"]):
        values["amount"] = (amount.data or "").strip()  # two currencies: the schema refuses the amount as it is typed
    return {name: value for name, value in values.items() if value not in EMPTY_VALUES}


class CheckboxField(BooleanField):  # type: ignore[misc]
    def record_value(self) -> bool:
        return bool(self.data)


class DateField(TextField):
    input_type = "date"


class HiddenKeyField(HiddenField):  # type: ignore[misc]
    """The key of a row, such as a reviewer's slug."""

    def record_value(self) -> str:
        return self.data or ""


class Subform(Form):  # type: ignore[misc]
    """One entry of a list. Blank if all fields are empty, ignoring those in `prefilled`.

    `known_by` is the field that identifies an entry; the fields of a unit mean something only together.
    """

    prefilled: ClassVar[tuple[str, ...]] = ()
    known_by: ClassVar[str] = ""
    units: ClassVar[tuple[Unit, ...]] = ()

    @property
    def is_blank(self) -> bool:
        return all(field.record_value() in EMPTY_VALUES for field in self if field.short_name not in self.prefilled)

    def record_values(self) -> Json:
        return values_with_currency(self)


class SubformField(FormField):  # type: ignore[misc]
    """A few fields that belong together; an object in the record."""

    def record_value(self) -> Json:
        return self.form.record_values() if not self.form.is_blank else {}


class SubformList(FieldList):  # type: ignore[misc]
    """A list of subforms (rows); blank ones are ignored. `singular` is what pages call one row.

    `is_ordered` is False where the order of rows follows from something else.
    """

    def __init__(
        self, label: str, row: type[Subform], singular: str, *, is_ordered: bool = True, **options: Any
    ) -> None:
        super().__init__(FormField(row, label=""), label, **options)
        self.singular = singular
        self.shape = RowShape(row.known_by, row.units, is_ordered)

    @property
    def filled(self) -> list[Any]:
        return [entry for entry in self.entries if not entry.form.is_blank]

    def label_at(self, key: str, name: str = "") -> str:
        """Return the label of the row with a key, and of one of its fields."""
        entry = self.find_entry(key)
        label = entry.label.text if entry else ""
        label = label or f"{self.singular} {key.partition(chr(0))[0]}".strip()
        return f"{label}, {entry.form[name].label.text}" if entry and name else label

    def find_entry(self, key: str) -> Any:
        return next((each for each in self.entries if each.data.get(self.shape.known_by) == key), None)

    def set_labels(self, names: Mapping[str, str], key: str) -> None:
        """Label each row with the name for its key; the error summary uses it."""
        for entry in self.entries:
            entry.label.text = names.get(entry.data[key], "")

    def labelled(self) -> Iterator[tuple[str, Any]]:
        """Yield the label and the entry of each row."""
        for number, entry in enumerate(self.entries, start=1):
            yield entry.label.text or f"{self.singular} {number}", entry

    def record_value(self) -> list[Json]:
        return [entry.form.record_values() for entry in self.filled]

    def apply_row_button(self, action: str, index: int) -> None:
        """Add a row ("more"), or move up ("up") or remove ("remove") the one at an index; the others stay as typed."""
        data = [entry.data for entry in self.entries]
        if action == "up" and 0 < index < len(data):
            data[index - 1 : index + 1] = data[index], data[index - 1]
        if action == "remove" and 0 <= index < len(data):
            del data[index]
        if action == "more":
            data.append({})
        self.replace(data)

    def replace_by_key(self, data: Iterable[Json], key: str) -> None:
        """Replace the rows; errors stay with the row that has the same key."""
        errors = {
            entry.data[key]: {field.short_name: list(field.errors) for field in entry.form if field.errors}
            for entry in self.entries
        }
        self.replace(data)
        for entry in self.entries:
            for name, messages in errors.get(entry.data[key], {}).items():
                entry.form[name].errors = messages

    def replace(self, data: Iterable[Json]) -> None:
        while self.entries:
            self.pop_entry()
        self.last_index = -1
        for row in data:
            self.append_entry(row)


class TextFieldList(FieldList):  # type: ignore[misc]
    """A list of short texts, each in a field of its own."""

    def __init__(self, label: str, singular: str, **options: Any) -> None:
        super().__init__(TextField(singular), label, **options)

    @property
    def filled(self) -> list[Any]:
        return [entry for entry in self.entries if entry.record_value()]

    def record_value(self) -> list[str]:
        return [entry.record_value() for entry in self.filled]


@dataclass(frozen=True)
class Label:
    text: str


@dataclass(frozen=True)
class FieldLink:
    """A field as the error summary links to it."""

    id: str
    label: Label


class RecordForm(AdminForm):
    """A form that edits one record. `version` identifies the stored record that the form was opened with."""

    version = HiddenField()

    units: ClassVar[tuple[Unit, ...]] = ()  # fields that mean something only together
    latest: ClassVar[frozenset[str]] = frozenset()  # dates of which the later one is right

    def record_data(self) -> Json:
        """Return the submitted record, without empty fields."""
        return values_with_currency(self)

    def shape(self) -> RecordShape:
        """Return how what two editors submit is compared."""
        rows = {field.short_name: field.shape for field in self if isinstance(field, SubformList)}
        lines = frozenset(field.short_name for field in self if isinstance(field, LinesField))
        return RecordShape(self.units, rows, lines, self.latest)

    def label_at(self, path: Path) -> str:
        """Return the label of a field, or of a row or its field, such as “Plan Pro, Amount”."""
        field = self[path[0]]
        return str(field.label_at(*path[1:]) if len(path) > 1 else field.label.text)

    def in_words(self, path: Path, value: Any) -> Any:
        """Return the value of a field, or of a row's field, as its choices call it."""
        field = self[path[0]]
        if len(path) > 2 and (entry := field.find_entry(path[1])):
            field = entry.form[path[2]]
        if isinstance(field, SubformField) and isinstance(value, dict):
            return {field.form[name].label.text: _in_words(field.form[name], inner) for name, inner in value.items()}
        return _in_words(field, value)

    def add_faults(self, faults: Iterable[Fault]) -> None:
        """Add each fault to the errors of the field that it is about."""
        for fault in faults:
            field = self._field_at(fault.path)
            field.errors = [*field.errors, without_file_advice(fault.words)]

    def field_errors(self) -> list[tuple[Any, str]]:
        return [
            (FieldLink(field.id, Label(label)), " ".join(map(str, field.errors)))
            for label, field in self._labelled_fields()
            if field.errors
        ]

    def has_errors_in(self, *names: str) -> bool:
        """Return whether one of these fields, or a field inside it, has errors."""
        return any(field.errors for name in names for field in self._with_inner_fields(self[name]))

    def text_fields(self, *, excluded: Collection[str]) -> list[TextField]:
        """Return the form's own one-line fields in their order, except those excluded by name."""
        return [field for field in self if isinstance(field, TextField) and field.short_name not in excluded]

    @property
    def main_field(self) -> Field:
        """The field that shows the faults of the record as a whole."""
        return _main_field(self)

    @classmethod
    def _with_inner_fields(cls, field: Any) -> Iterator[Any]:
        yield field
        for entry in getattr(field, "entries", ()):
            yield from entry.form if isinstance(entry, FormField) else [entry]

    def _field_at(self, path: tuple[str | int, ...]) -> Any:
        field: Any = self[str(path[0])] if path and str(path[0]) in self else self.main_field
        if isinstance(field, SubformList | TextFieldList):
            index = int(path[1]) if len(path) > 1 else len(field.filled)
            field = field.filled[index] if index < len(field.filled) else field.entries[0]
            path = path[1:]
        if isinstance(field, FormField):
            name = str(path[1]) if len(path) > 1 else ""
            return field.form[name] if name in field.form else _main_field(field.form)
        return field

    def _labelled_fields(self) -> Iterator[tuple[str, Any]]:
        for field in self:
            if isinstance(field, SubformList):
                for label, entry in field.labelled():
                    yield from ((f"{label}, {inner.label.text}", inner) for inner in entry.form)
            elif isinstance(field, TextFieldList):
                yield from ((entry.label.text, entry) for entry in field.entries)
            elif isinstance(field, FormField):
                yield from ((f"{field.label.text}, {inner.label.text}", inner) for inner in field.form)
            else:
                yield field.label.text, field


def _in_words(field: Any, value: Any) -> Any:
    choices = dict(getattr(field, "choices", None) or ())
    return choices.get(value, value) if isinstance(value, str) else value


def replace_values(fields: Collection[Any], find: Callable[[list[str]], Mapping[str, str]]) -> None:
    """Replace the values of fields by those that `find` returns for them, where it returns any."""
    values = [field.record_value() for field in fields if field.record_value()]
    found = find(values) if values else {}
    for field in fields:
        field.data = found.get(field.record_value(), field.data)


def without_file_advice(words: str) -> str:
    """Return a fault's words as a form says them: without advice about how a file is written."""
    return re.sub('"([^"]*)"', r"“\1”", words.replace(" written as text,", "").replace(', not ""', ""))


def with_plain_line_ends(text: str | None) -> str:
    """Return a text with LF as line ends: browsers send CR LF."""
    return (text or "").replace("\r\n", "\n").replace("\r", "\n").strip()


def _main_field(form: Any) -> Field:
    # A price as a whole is shown at its amount.
    return form["amount"] if "amount" in form else next(each for each in form if not isinstance(each, HiddenField))
