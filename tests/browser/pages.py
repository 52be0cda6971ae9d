"""One address for each kind of page."""

GOOD = {
    "front page": "/",
    "directory": "/tools",
    "search with hits": "/tools?q=code",
    "search without hits": "/tools?q=zzzzqq",
    "comparison of two": "/compare/huggingface-smolvlm2-2b-vs-mistral-code",
    "comparison of three": "/compare/claude-code-vs-cursor-vs-github-copilot",
    "comparison of four": "/compare/claude-code-vs-cursor-vs-descript-vs-github-copilot",
    "tool": "/tools/github-copilot",
    "tool nobody has reviewed": "/tools/descript",
    "picker": "/compare",
    "picker with too many": "/compare?tool=aider&tool=cursor&tool=claude&tool=gemini&tool=chatgpt",
    "method": "/method",
    "privacy": "/privacy",
    "my ballot": "/tools/mistral-code/vote",
}
REFUSED = {
    "not found": "/compare/aider-vs-nobody",
    "bad request": "/tools?page=none",
    "wrong method": "/votes/mine",
}
