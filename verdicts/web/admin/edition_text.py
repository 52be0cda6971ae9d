"""An edition's subject and intro: what two editors changed is merged, as in the forms of records."""

from verdicts.curation.catalog_file.dumping import Json
from verdicts.curation.editing import three_way
from verdicts.digest.editions import Edition, text_version
from verdicts.staff import versions
from verdicts.web.admin.forms.digest import SubjectAndIntroForm


def text_of(edition: Edition) -> Json:
    return {"subject": edition.subject, "intro": edition.intro}


def merge(form: SubjectAndIntroForm, edition: Edition) -> bool:
    """Put what others have saved since a form was opened into it; return whether both changed the same differently."""
    if form.version.data == text_version(edition):
        return False
    opened = versions.find(form.version.data or "")
    submitted = {"subject": form.subject.data, "intro": form.intro.data}
    result = three_way.merge(opened, text_of(edition), submitted, three_way.RecordShape())
    form.subject.data, form.intro.data = result.data["subject"], result.data["intro"]
    return bool(result.conflicts)
