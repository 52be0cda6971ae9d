"""Fields that tell what was typed as the values of a record, and take back what is wrong with them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Field, FieldList, Form, FormField, HiddenField, StringField, TextAreaField

from verdicts.curation.catalog_file.records import UNSTATED, Json
from verdicts.curation.catalog_file.schema import Fault
from verdicts.web.admin.forms import AdminForm

NOT_TOLD: tuple[object, ...] = (None, "", [], False)


class Line(StringField):  # type: ignore[misc]  # WTForms is untyped
    def told(self) -> str:
        return (self.data or "").strip()


class Paragraphs(TextAreaField):  # type: ignore[misc]
    """A text of many lines; browsers end them as a letter of 1970 would."""

    def told(self) -> str:
        return (self.data or "").replace("\r\n", "\n").replace("\r", "\n").strip()


class Lines(Paragraphs):
    """A list, one entry a line."""

    def told(self) -> list[str]:  # type: ignore[override]
        return [line.strip() for line in super().told().split("\n") if line.strip()]

    def process_data(self, value: Sequence[str] | None) -> None:
        self.data = "\n".join(" ".join(entry.split()) for entry in value or [])


class Choice(StringField):  # type: ignore[misc]
    """One of a few values; the record's own rules refuse any other."""

    def __init__(self, label: str, choices: Iterable[tuple[str, str]] = (), **options: Any) -> None:
        super().__init__(label, **options)
        self.choices = list(choices)

    def told(self) -> str:
        return "" if self.data == UNSTATED else (self.data or "")


class Tick(BooleanField):  # type: ignore[misc]
    def told(self) -> bool:
        return bool(self.data)


class Day(Line):
    pass


class Key(HiddenField):  # type: ignore[misc]
    """What a row is about, which nobody types."""

    def told(self) -> str:
        return self.data or ""


class Row(Form):  # type: ignore[misc]
    """One entry of a list. It is blank while nothing is typed but for the fields named in `given`."""

    given: ClassVar[tuple[str, ...]] = ()

    @property
    def is_blank(self) -> bool:
        return all(field.told() in NOT_TOLD for field in self if field.short_name not in self.given)

    def told(self) -> Json:
        return {field.short_name: value for field in self if (value := field.told()) not in NOT_TOLD}


class Part(FormField):  # type: ignore[misc]
    """A few fields that belong together."""

    def told(self) -> Json:
        return self.form.told() if not self.form.is_blank else {}


class Rows(FieldList):  # type: ignore[misc]
    """A list of entries; blank ones are passed over."""

    def __init__(self, label: str, row: type[Row], one: str, **options: Any) -> None:
        super().__init__(FormField(row, label=""), label, **options)
        self.one = one

    @property
    def kept(self) -> list[Any]:
        return [entry for entry in self.entries if not entry.form.is_blank]

    def entitle(self, names: Mapping[str, str], key: str) -> None:
        """Name each entry after what its key stands for, where the summary of faults speaks of it."""
        for entry in self.entries:
            entry.label.text = names.get(entry.data[key], "")

    def titles(self) -> Iterator[tuple[str, Any]]:
        """Return each entry with what it is called."""
        for number, entry in enumerate(self.entries, start=1):
            yield entry.label.text or f"{self.one} {number}", entry

    def told(self) -> list[Json]:
        return [entry.form.told() for entry in self.kept]

    def change(self, act: str, index: int) -> None:
        """Add an entry, or move or remove the one at an index; the others keep what was typed."""
        data = [entry.data for entry in self.entries]
        if act == "up" and 0 < index < len(data):
            data[index - 1 : index + 1] = data[index], data[index - 1]
        if act == "remove" and 0 <= index < len(data):
            del data[index]
        if act == "more":
            data.append({})
        self.replace(data)

    def fit(self, data: Iterable[Json], key: str) -> None:
        """Make these the entries; what is wrong with an entry stays beside it, which its key tells."""
        faults = {entry.data[key]: _faults_in(entry.form) for entry in self.entries}
        self.replace(data)
        for entry in self.entries:
            for name, found in faults.get(entry.data[key], {}).items():
                entry.form[name].errors = found

    def replace(self, data: Iterable[Json]) -> None:
        while self.entries:
            self.pop_entry()
        self.last_index = -1
        for each in data:
            self.append_entry(each)


def _faults_in(row: Any) -> dict[str, list[str]]:
    return {field.short_name: list(field.errors) for field in row if field.errors}


class Several(FieldList):  # type: ignore[misc]
    """A list of short texts, each in a box of its own."""

    def __init__(self, label: str, one: str, **options: Any) -> None:
        super().__init__(Line(one), label, **options)

    @property
    def kept(self) -> list[Any]:
        return [entry for entry in self.entries if entry.told()]

    def told(self) -> list[str]:
        return [entry.told() for entry in self.kept]


@dataclass(frozen=True)
class Named:
    text: str


@dataclass(frozen=True)
class Blamed:
    """A field as the summary of faults names it."""

    id: str
    label: Named


class RecordForm(AdminForm):
    """A form that edits one record, and names the version of it that its reader has seen."""

    version = HiddenField()

    @classmethod
    def of(cls, record: Json, version: str = "") -> "RecordForm":
        return cls(formdata=None, data={**record, "version": version})

    @classmethod
    def typed(cls, fields: MultiDict[str, str]) -> "RecordForm":
        return cls(formdata=fields)

    def record(self) -> Json:
        """Return what was typed as a record; what was left empty is left out."""
        told = {field.short_name: field.told() for field in self if hasattr(field, "told")}
        return {name: value for name, value in told.items() if value not in NOT_TOLD and value != {}}

    def shown(self) -> Json:
        """Return what was typed as a record that can be set beside the stored one."""
        return self.record()

    def take(self, faults: Iterable[Fault]) -> None:
        """Put each fault beside the field that it is about."""
        for fault in faults:
            field = self._field_at(fault.path)
            field.errors = [*field.errors, in_a_sentence(fault.words)]

    def faults(self) -> list[tuple[Any, str]]:
        return [
            (Blamed(field.id, Named(label)), " ".join(map(str, field.errors)))
            for label, field in self._fields_in_order()
            if field.errors
        ]

    def has_faults(self, *names: str) -> bool:
        """Say whether something is wrong in one of these fields, or inside it."""
        return any(field.errors for name in names for field in self._boxes_of(self[name]))

    @classmethod
    def _boxes_of(cls, field: Any) -> Iterator[Any]:
        yield field
        for entry in getattr(field, "entries", ()):
            yield from entry.form if isinstance(entry, FormField) else [entry]

    def _field_at(self, path: tuple[str | int, ...]) -> Any:
        field: Any = self[str(path[0])] if path and str(path[0]) in self else self.first_box
        if isinstance(field, Rows | Several):
            is_kept = len(path) > 1 and int(path[1]) < len(field.kept)
            field = field.kept[int(path[1])] if is_kept else field.entries[0]
            path = path[1:]
        if isinstance(field, FormField):
            name = str(path[1]) if len(path) > 1 else ""
            return field.form[name] if name in field.form else self._first_box(field.form)
        return field

    @property
    def first_box(self) -> Field:
        """The field for a fault of the record as a whole."""
        return self._first_box(self)

    @staticmethod
    def _first_box(row: Any) -> Field:
        return row["amount"] if "amount" in row else next(it for it in row if not isinstance(it, HiddenField))

    def _fields_in_order(self) -> Iterator[tuple[str, Any]]:
        for field in self:
            if isinstance(field, Rows):
                for title, entry in field.titles():
                    yield from ((f"{title}, {inner.label.text}", inner) for inner in entry.form)
            elif isinstance(field, Several):
                yield from ((entry.label.text, entry) for entry in field.entries)
            elif isinstance(field, FormField):
                yield from ((f"{field.label.text}, {inner.label.text}", inner) for inner in field.form)
            else:
                yield field.label.text, field


def in_a_sentence(words: str) -> str:
    """Return a fault's words as they stand beside a field."""
    words = words.replace(" written as text,", "").replace(', not ""', "")
    return f"{words[:1].upper()}{words[1:]}{'' if words.endswith('.') else '.'}"
