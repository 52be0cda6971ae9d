"""What the mail tests send."""

from verdicts.mailing.rendering import Letter

LETTER = Letter("Two tools, one SKIP", "Plain words.\n", "<p>Words with a <b>shape</b>.</p>\n")
