"""The settings of Sphinx. `make docs` prepares the pages and runs it: see docs/website/."""

import os
from pathlib import Path

import gameroom
from docs.website import colours

ROOT = Path(__file__).resolve().parents[1]

project = "gameroom"
author = "The gameroom authors"
copyright = "The gameroom authors, MIT licence"
release = version = gameroom.__version__
language = "en"

extensions = ["myst_parser", "docs.website.extension"]
exclude_patterns = ["files"]
myst_heading_anchors = 4
nitpicky = True

html_theme = "furo"
html_title = f"gameroom {release}"
html_static_path = ["_static"]
templates_path = ["_templates"]
html_css_files = ["site.css"]
html_baseurl = os.environ.get("DOCS_URL", "")
html_favicon = html_logo = "_static/mark.svg"
html_copy_source = False
html_show_sphinx = False
html_use_index = False
html_show_sourcelink = False
smartquotes = False
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "github-dark-high-contrast"

LIGHT, DARK = colours.tokens(ROOT / "gameroom" / "web" / "style.css")
html_theme_options = {
    "light_css_variables": colours.furo(LIGHT),
    "dark_css_variables": colours.furo(DARK),
    "top_of_page_buttons": [],
}
