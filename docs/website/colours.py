"""The colours of the site: those of our pages, under the names that furo has for them.

Knows the form of gameroom/web/style.css. The rule it keeps: no colour of its own.
"""

from __future__ import annotations

import re
from pathlib import Path

_BLOCK = re.compile(r"(?:^|\n)(@media \(prefers-color-scheme: dark\) \{\n  )?:root \{(.*?)\}", re.S)
_TOKEN = re.compile(r"--([\w-]+): ([^;]+);")


def tokens(style: Path) -> tuple[dict[str, str], dict[str, str]]:
    """The colours of our pages for light and for dark, from their style sheet."""
    found = {bool(dark): body for dark, body in _BLOCK.findall(style.read_text(encoding="utf-8"))}
    light, dark = (dict(_TOKEN.findall(found[key])) for key in (False, True))
    return light, {**light, **dark}


def furo(tokens: dict[str, str]) -> dict[str, str]:
    """furo's names for the colours of our pages."""
    return {
        "color-brand-primary": tokens["text"],
        "color-brand-content": tokens["accent"],
        "color-brand-visited": tokens["accent"],
        "color-foreground-primary": tokens["text"],
        "color-foreground-secondary": tokens["text-quiet"],
        "color-foreground-muted": tokens["text-quiet"],
        "color-foreground-border": tokens["line-strong"],
        "color-background-primary": tokens["surface"],
        "color-background-secondary": tokens["ground"],
        "color-background-hover": tokens["raised"],
        "color-background-border": tokens["line"],
        "color-code-background": tokens["ground"],
        "color-inline-code-background": tokens["raised"],
        "color-sidebar-link-text--top-level": tokens["text"],
        "color-sidebar-item-background--current": tokens["raised"],
        "color-table-header-background": tokens["raised"],
        "color-table-border": tokens["line"],
        "color-highlight-on-target": tokens["raised"],
        "font-stack": 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif',
        "font-stack--monospace": "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace",
    }
