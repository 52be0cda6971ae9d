"""Forms of the admin pages: fields, forms, and RecordEditor, which edits one kind of record."""
