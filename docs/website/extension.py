"""What Sphinx gets from us: the table of contents, pictures for light and dark, room files in
colour, and the address of each page's Markdown twin."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

from docs.website import contents
from docs.website.lexer import RoomLexer


class LightAndDark(SphinxTransform):
    """A picture whose file is called `...-light` has a twin for dark pages: both are there, one is
    shown. A click opens the picture alone, which is how a phone shows a large chart."""

    default_priority = 210

    def apply(self, **kwargs: Any) -> None:
        for image in list(self.document.findall(nodes.image)):
            uri = str(image["uri"])
            if "-light." not in uri:
                continue
            shown = []
            for mode in ("light", "dark"):
                copy = image.copy()
                copy["uri"] = uri.replace("-light.", f"-{mode}.")
                shown.append(
                    nodes.reference("", "", copy, refuri=copy["uri"], classes=[f"only-{mode}"])
                )
            image.replace_self(shown)


def _source_read(app: Sphinx, page: str, source: list[str]) -> None:
    source[0] += contents.toctrees(f"{page}.md", source[0])


def _page_context(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    context["markdown_twin"] = f"{page.rpartition('/')[2]}.md" if doctree else None


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_lexer("room", RoomLexer)
    app.add_lexer("scenario", RoomLexer)
    app.add_transform(LightAndDark)
    app.connect("source-read", _source_read)
    app.connect("html-page-context", _page_context)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
