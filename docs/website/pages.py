"""The pages as the site has them: docs/*.md with the parts that the build fills in.

A comment in a page is a place for such a part, and invisible where the page is read as it is:

    <!-- picture: demo | What the picture shows. -->
    <!-- python: gameroom.client -->
    <!-- types: gameroom/web/gameroom.d.ts -->

Links to files of the repository outside docs/ lead to copies in `files/`. Knows neither Sphinx nor
a browser. The rule it keeps: what it returns is plain Markdown.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from docs.website import python_reference, types_reference
from docs.website.links import is_external, links

FILES = "files"
PICTURES = "pictures"

_PLACE = re.compile(r"^<!-- (picture|python|types): (.+?) -->$", re.MULTILINE)


def read(docs: Path) -> dict[str, str]:
    """The text of each page by its path below docs/, as the authors wrote it."""
    return {
        path.relative_to(docs).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(docs.rglob("*.md"))
    }


def pictures(pages: dict[str, str]) -> set[str]:
    """The names of the pictures that the pages have a place for."""
    return {
        _picture(what)[0]
        for text in pages.values()
        for kind, what in _PLACE.findall(text)
        if kind == "picture"
    }


def filled(pages: dict[str, str], root: Path) -> dict[str, str]:
    """The pages with their parts filled in and their links inside the site."""
    return {page: _localised(page, _filled(page, text, root)) for page, text in pages.items()}


def files(pages: dict[str, str], docs: Path) -> dict[str, Path]:
    """The files that the filled pages link to, beside pages and pictures: by their path on the
    site."""
    found = {}
    for page, text in pages.items():
        for target in links(text):
            where = _where(page, target)
            if is_external(target) or where in pages or where.startswith(f"{PICTURES}/"):
                continue
            inside = where.removeprefix(f"{FILES}/")
            path = docs / where if inside == where else docs.parent / inside
            if path.is_file():
                found[where] = path
    return found


def _filled(page: str, text: str, root: Path) -> str:
    def fill(place: re.Match[str]) -> str:
        kind, what = place[1], place[2]
        if kind == "picture":
            name, alt = _picture(what)
            return f"![{alt}]({_up(page)}{PICTURES}/{name})"
        if kind == "python":
            return python_reference.reference(what)
        return types_reference.reference((root / what).read_text(encoding="utf-8"))

    return _PLACE.sub(fill, text)


def _picture(what: str) -> tuple[str, str]:
    """The file of a picture and the text in its stead. The file is the one for light pages; the
    one for dark pages has `dark` for `light` in its name."""
    name, _, alt = (part.strip() for part in what.partition("|"))
    suffix = ".svg" if name.startswith("chart-") else ".png"
    return f"{name}-light{suffix}", alt


def _localised(page: str, text: str) -> str:
    """Links that leave docs/ lead to a copy of their file."""
    for target in set(links(text)):
        where = _where(page, target)
        if not is_external(target) and where.startswith("../"):
            text = text.replace(f"]({target})", f"]({_up(page)}{FILES}/{where[3:]})")
    return text


def _where(page: str, target: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), target.partition("#")[0]))


def _up(page: str) -> str:
    return "../" * page.count("/")
