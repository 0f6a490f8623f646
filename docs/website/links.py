"""Links and anchors: what the pages point at, and whether it is there.

Works on Markdown, for the tests, and on the HTML that was built. Other sites are not asked: their
addresses are checked for their form only. The rule it keeps: an anchor is what GitHub and MyST make
of a heading.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_FENCE = re.compile(r"^ *(`{3,}).*?^ *\1`*$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_HEADING = re.compile(r"^#{1,6} (.+?)#* *$", re.MULTILINE)
_LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^)\s]+)\)")


def anchors(text: str) -> set[str]:
    """The anchors of a Markdown page: a heading that is repeated gets a number."""
    found: set[str] = set()
    seen: Counter[str] = Counter()
    for heading in _HEADING.findall(_FENCE.sub("", text)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        slug = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return found


def links(text: str) -> list[str]:
    """The targets of the links and images of a Markdown page, in order."""
    plain = _SPAN.sub("`code`", _COMMENT.sub("", _FENCE.sub("", text)))
    return _LINK.findall(plain)


def is_external(target: str) -> bool:
    return bool(urlsplit(target).scheme)


def is_well_formed(target: str) -> bool:
    """Whether this can be an address of another site: HTTPS, and a host with a dot. The reader's
    own machine is one too."""
    address = urlsplit(target)
    host = address.hostname or ""
    return host == "127.0.0.1" or (address.scheme == "https" and "." in host)


def broken(pages: Mapping[str, str], files: set[str]) -> list[str]:
    """What the pages link to and is not there, as `page: target`.

    pages: the text of each page by its path; files: the other files that pages may link to.
    """
    known = {page: anchors(text) for page, text in pages.items()}
    found = []
    for page, text in pages.items():
        for target in links(text):
            if is_external(target):
                good = is_well_formed(target)
            else:
                path, _, anchor = target.partition("#")
                where = posixpath.normpath(posixpath.join(posixpath.dirname(page), path or "."))
                where = where if path else page
                good = where in files or (where in known and (not anchor or anchor in known[where]))
            if not good:
                found.append(f"{page}: {target}")
    return found


class _Page(HTMLParser):
    """The ids of an HTML page, and what it points at."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.targets: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if ("rel", "canonical") in attrs:
            return
        for name, value in attrs:
            if name == "id" and value:
                self.ids.add(value)
            elif name in ("href", "src") and value:
                self.targets.append(value)


def broken_in(site: Path) -> tuple[list[str], set[str]]:
    """What the HTML pages below a folder point at and is not there, and the other sites' URLs."""
    pages = {path: _Page(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    found: list[str] = []
    external: set[str] = set()
    for path, page in pages.items():
        for target in page.targets:
            if is_external(target):
                if target.startswith("data:"):
                    continue
                external.add(target)
                if not is_well_formed(target):
                    found.append(f"{path.relative_to(site).as_posix()}: {target}")
            elif not _is_there(path, target, pages):
                found.append(f"{path.relative_to(site).as_posix()}: {target}")
    return found, external


def _is_there(page: Path, target: str, pages: Mapping[Path, _Page]) -> bool:
    address = urlsplit(target)
    where = Path(posixpath.normpath(page.parent / unquote(address.path))) if address.path else page
    if not where.is_file():
        return False
    anchor = unquote(address.fragment)
    return not anchor or where not in pages or anchor in pages[where].ids
