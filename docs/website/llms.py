"""llms.txt: the site for language models, in the form of https://llmstxt.org.

A title, a summary, and for each part a list of pages with a line about each. Links lead to the
Markdown twins. Knows the table of contents only.
"""

from __future__ import annotations

from collections.abc import Sequence

from docs.website.contents import Part


def llms_text(summary: str, parts: Sequence[Part], base: str = "") -> str:
    """The text of llms.txt. `base` is the URL of the site; without it the links are relative to
    the file."""
    base = f"{base.rstrip('/')}/" if base else ""
    lines = ["# gameroom", "", f"> {summary}"]
    for part in parts:
        lines += ["", f"## {part.title}", ""]
        lines += [f"- [{entry.title}]({base}{entry.page}): {entry.line}" for entry in part.entries]
    return "\n".join(lines) + "\n"
