"""One address for each kind of page."""

from verdicts.digest.weeks import Week

EDITION = Week(2026, 47)

GOOD = {
    "front page": "/",
    "directory": "/tools",
    "search with hits": "/tools?q=code&panel=split&tool=cursor&tool=ollama",
    "search without hits": "/tools?q=zzzzqq",
    "search for a typing mistake": "/tools?q=chatgtp",
    "search for a pair": "/tools?q=claude+vs+chatgpt",
    "category": "/categories/developer-tools",
    "rankings": "/rankings",
    "changes": "/changes",
    "comparison of two": "/compare/huggingface-smolvlm2-2b-vs-mistral-code",
    "comparison of three": "/compare/claude-code-vs-cursor-vs-github-copilot",
    "comparison of four": "/compare/claude-code-vs-cursor-vs-descript-vs-github-copilot",
    "tool": "/tools/github-copilot",
    "tool as of a day": "/tools/github-copilot?as_of=2026-07-01",
    "comparison as of a day": "/compare/claude-code-vs-cursor?as_of=2026-11-10",
    "tool nobody has reviewed": "/tools/descript",
    "panel": "/reviewers",
    "reviewer": "/reviewers/builder",
    "alternatives": "/tools/cursor/alternatives",
    "picker": "/compare?tool=cursor&tool=aider&more=1",
    "archive": "/digest",
    "edition": f"/digest/{EDITION.name}",
    "method": "/method",
    "privacy": "/privacy",
    "contact": "/contact",
    "contact about a page": "/contact?about=/tools/mistral-code",
    "message sent": "/contact/sent",
    "price doubted": "/tools/mistral-code/price-doubt",
    "my ballot": "/tools/mistral-code/vote",
    "sign-up": "/newsletter/subscribe",
    "following a tool": "/newsletter/subscribe?tool=mistral-code",
    "signed up": "/newsletter/sent",
}
REFUSED = {
    "picker with too many": "/compare?tool=aider&tool=cursor&tool=claude&tool=gemini&tool=chatgpt",
    "not found": "/compare/aider-vs-nobody",
    "bad request": "/tools?page=none",
    "a letter's dead link": "/newsletter/leave/nobody",
    "wrong method": "/votes/mine",
    "no edition": "/digest/2020-w01",
}
