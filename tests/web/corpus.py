"""Texts that try to run in a reader's browser, and a judge of whether anything in a document could."""

import re

from tests.web.visitor import BadPage, read_html

HOSTILE_TEXTS = [
    "<script>alert(1)</script>",
    "</title></textarea></script><script src=//evil.example/x.js></script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    '" onmouseover="alert(1)" x="',
    "' autofocus onfocus='alert(1)",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<a href=javascript:alert(1)>x</a>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java&#115;cript:alert(1))",
    "[x](&#x6a;avascript&colon;alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](<javascript:alert(1)>)",
    "[x]: javascript:alert(1)\n\n[x]",
    "<javascript:alert(1)>",
    "![x](https://evil.example/x.png)",
    '![x](x"onerror="alert(1))',
    '[x](https://example.org/"onmouseover="alert(1))',
    "<style>@import '//evil.example/x.css';</style>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<b style='background:url(//evil.example)'>x</b>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<form action=//evil.example><button>x</button></form>",
    "`<script>alert(1)</script>`",
    "```\n</code></pre><script>alert(1)</script>\n```",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "\u2028<script>alert(1)</script>\u2029",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<!--><script>alert(1)</script>-->",
    "<x hx-get=/votes/mine hx-trigger=load>",
]
EVERYTHING = " ".join(HOSTILE_TEXTS)
_DANGEROUS_TAGS = {"script", "style", "iframe", "object", "embed", "base", "meta", "form", "math", "svg", "img", "link"}


def executable_parts(html: str) -> list[str]:
    """Return what in a piece of HTML from editors could run, load or send anything."""
    try:
        tree, _ = read_html(html)
    except BadPage as fault:
        return [str(fault)]
    found = [f"<{each.tag}>" for each in tree.iter() if each.tag in _DANGEROUS_TAGS]
    for element in tree.iter():
        for name, value in element.attrib.items():
            if name.startswith(("on", "style", "hx-", "data-", "srcdoc")):
                found.append(f"{name}={value}")
            if name in {"href", "src", "action"} and not re.match("https?://", value):
                found.append(f"{name}={value}")
    return found
