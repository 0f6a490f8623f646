"""The documentation as a website: what can be known of it without building it."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
import yaml

import gameroom
import gameroom.client
from docs.website import colours, contents, links, llms, pages, python_reference, types_reference
from docs.website.charts import in_both
from docs.website.lexer import RoomLexer, reserved
from docs.website.screenshots import PAGES
from gameroom import resources
from gameroom.picture.standalone import standalone

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
WRITTEN = pages.read(DOCS)
READERS = [
    "Play",
    "Make a room",
    "Make a game",
    "Run a server",
    "Write a client",
    "How gameroom works",
]


@pytest.fixture(scope="module")
def filled() -> dict[str, str]:
    """The pages as the site has them."""
    return pages.filled(WRITTEN, ROOT)


# ---- the table of contents ----------------------------------------------------------------


def test_each_page_is_in_one_place_of_the_table_of_contents() -> None:
    listed = [entry.page for part in contents.parts(WRITTEN["index.md"]) for entry in part.entries]
    listed += [f"codes/{entry.page}" for entry in contents.codes(WRITTEN["codes/index.md"])]
    assert Counter(listed) == Counter(WRITTEN.keys() - {"index.md"})


def test_the_parts_are_ordered_by_reader_and_say_for_whom_they_are() -> None:
    parts = contents.parts(WRITTEN["index.md"])
    assert [part.title for part in parts] == READERS
    assert [len(re.findall(r"[.?](?:\s|$)", part.about)) for part in parts] == [3] * len(parts)


def test_the_tables_become_toctrees() -> None:
    table = "| Page | What |\n|---|---|\n| [A](b.md) | c |\n"
    text = f"# The guide\n\nAbout.\n\n## Play\n\nFor you.\n\n{table}"
    assert contents.toctrees("index.md", text) == (
        "\n```{toctree}\n:hidden:\n:caption: Play\n\nA <b>\n```\n"
    )
    assert contents.toctrees("codes/index.md", "- [E0101](E0101.md) a word\n") == (
        "\n```{toctree}\n:hidden:\n\nE0101 <E0101>\n```\n"
    )
    assert contents.toctrees("other.md", text) == ""


def test_llms_txt_has_a_title_a_summary_and_a_list_for_each_part() -> None:
    part = contents.Part("Play", "For you.", (contents.Entry("Join", "join.md", "take a seat"),))
    assert llms.llms_text("A server.", [part], "https://play.example/docs") == (
        "# gameroom\n\n> A server.\n\n## Play\n\n"
        "- [Join](https://play.example/docs/join.md): take a seat\n"
    )
    assert "- [Join](join.md): take a seat\n" in llms.llms_text("A server.", [part])
    summary = contents.summary(WRITTEN["index.md"])
    assert summary.startswith("gameroom is a server")
    assert links.links(summary) == []


# ---- links --------------------------------------------------------------------------------


def test_every_link_and_every_anchor_of_the_pages_resolves(filled: dict[str, str]) -> None:
    pictures = {f"pictures/{name}" for name in pages.pictures(WRITTEN)}
    assert links.broken(filled, pictures | pages.files(filled, DOCS).keys()) == []


def test_every_link_of_the_files_as_they_are_resolves() -> None:
    found = [ROOT / "README.md", *ROOT.glob(".github/*.md"), *DOCS.rglob("*.md")]
    texts = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in found}
    there = {
        path.relative_to(ROOT).as_posix()
        for folder in ("docs", "grammars", "rooms", "tests")
        for path in (ROOT / folder).rglob("*")
        if "node_modules" not in path.parts
    }
    assert links.broken(texts, there) == []


def test_a_link_that_leads_nowhere_is_found() -> None:
    texts = {
        "a.md": "# A\n\n[b](b.md#two) [gone](c.md) [no](b.md#four) [own](#a) `[code](x.md)`\n"
        "[far](https://play.example) [plain](http://play.example) ![p](p.png)\n",
        "sub/b.md": "# B\n\n[up](../a.md#a)\n",
        "b.md": "# Two\n\n## Two\n\n```text\n# Four\n[in code](gone.md)\n```\n[again](#two-1)\n",
    }
    assert links.broken(texts, {"p.png"}) == [
        "a.md: c.md",
        "a.md: b.md#four",
        "a.md: http://play.example",
    ]


def test_a_link_of_html_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.html").write_text(
        '<h1 id="top">A</h1><a href="sub/b.html?v=1#here">b</a><a href="#top">a</a>'
        '<a href="#gone">c</a><img src="p.png"><a href="https://play.example/">d</a>'
        '<img src="data:,">',
        encoding="utf-8",
    )
    (tmp_path / "sub" / "b.html").write_text(
        '<p id="here">B <a href="../a.html">a</a></p>', encoding="utf-8"
    )
    found, external = links.broken_in(tmp_path)
    assert found == ["a.html: #gone", "a.html: p.png"]
    assert external == {"https://play.example/"}


# ---- parts that the build fills in ----------------------------------------------------------


def test_every_place_is_filled_and_every_picture_can_be_taken(filled: dict[str, str]) -> None:
    place = re.compile("<!-- (picture|python|types):")
    assert [page for page, text in filled.items() if place.search(text)] == []
    for name in pages.pictures(WRITTEN):
        stem = name.partition("-light.")[0]
        room = stem.removeprefix("chart-")
        assert stem in PAGES or room == "snap" or resources.shipped_room(room), name


def test_files_outside_the_documentation_are_copied_to_the_site() -> None:
    texts = {"sub/a.md": "[faults](../../tests/simulator/faults.py)"}
    moved = pages.filled(texts, ROOT)
    assert moved == {"sub/a.md": "[faults](../files/tests/simulator/faults.py)"}
    assert pages.files(moved, DOCS) == {
        "files/tests/simulator/faults.py": ROOT / "tests/simulator/faults.py"
    }


@pytest.mark.parametrize("module", [gameroom, gameroom.client])
def test_the_reference_describes_every_public_name(module: object) -> None:
    text = WRITTEN["reference-python.md"]
    assert all(f"<!-- python: {name} -->" in text for name in python_reference.MODULES)
    found = links.anchors("\n".join(map(python_reference.reference, python_reference.MODULES)))
    for name in module.__all__:
        anchors = {f"gameroom{name}".lower(), f"gameroomclient{name}".lower()}
        assert name.startswith("__") or found & anchors, name


def test_the_reference_shows_signatures_and_fields_as_they_are_written() -> None:
    text = python_reference.reference("gameroom.client")
    assert "### gameroom.client.join\n\n```python\n@asynccontextmanager\nasync def join(\n" in text
    assert "    patience_s: float = 60.0,\n" in text
    assert "class ClosedError(code: int)\n```\n\nA subclass of `Exception`." in text
    assert "    generation: int\n    command: Command\n" in text


def test_the_reference_of_javascript_has_every_export() -> None:
    for name in ("gameroom.d.ts", "kit.d.ts"):
        text = (ROOT / "gameroom" / "web" / name).read_text(encoding="utf-8")
        shown = types_reference.reference(text)
        exports = re.findall(r"^export .*", text, re.MULTILINE)
        assert [line for line in exports if f"```ts\n{line}" not in shown] == []
        headings = re.findall(r"^#{3,4} (\w+)$", shown, re.MULTILINE)
        assert len(headings) >= len(set(headings)) >= len(exports) - 1


def test_a_picture_is_drawn_once_for_light_and_once_for_dark() -> None:
    light, dark = in_both(standalone('<svg viewBox="0 0 80 60"></svg>'))
    assert "prefers-color-scheme" not in light + dark
    assert "@media all" in dark


def test_the_colours_are_those_of_the_pages() -> None:
    light, dark = colours.tokens(ROOT / "gameroom" / "web" / "style.css")
    assert light.keys() == dark.keys()
    assert colours.furo(light)["color-background-primary"] == light["surface"]
    assert light["surface"] != dark["surface"]


def test_room_files_have_colours() -> None:
    assert {"room", "state", "because"} <= {*reserved()}
    tokens = [*RoomLexer().get_tokens('state a { on b -> c because "d" } # e\n')]
    words = {word: str(kind) for kind, word in tokens if word.strip()}
    assert words["state"] == words["because"] == "Token.Keyword"
    assert words['"d"'].startswith("Token.Literal.String")
    assert words["# e"].startswith("Token.Comment")


# ---- the build ----------------------------------------------------------------------------


def test_the_workflow_builds_the_site_and_publishes_it_for_a_tag_only() -> None:
    said = yaml.safe_load((ROOT / ".github/workflows/docs.yml").read_text(encoding="utf-8"))
    assert said["permissions"] == {"contents": "read"}
    build, publish = said["jobs"]["build"], said["jobs"]["publish"]
    assert "permissions" not in build
    assert [step["run"] for step in build["steps"] if "run" in step] == ["make docs"]
    assert publish["permissions"] == {"pages": "write", "id-token": "write"}
    assert publish["if"] == "github.ref_type == 'tag'"
    for job in said["jobs"].values():
        for step in job["steps"]:
            assert re.fullmatch(r"actions/[a-z-]+@v\d+", step.get("uses", "actions/x@v1"))
