"""Pages and messages are written by the style guide: the words that docs/style.md avoids are not
in them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

import pytest

from tests.repository.documents import documents

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "style.md"
CODE = re.compile(r"^```.*?^```$|^ {4}.*$|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def avoided() -> list[str]:
    """The words of the first column of the table of words."""
    rows = re.findall(
        r"^\| (.+?) \| .+? \| .*?\|$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE
    )
    found = rows[rows.index("Don't write") + 1 : rows.index("Kind")]
    return [word for row in found for word in row.split(", ")]


def faults(text: str) -> list[str]:
    plain = CODE.sub("", text).lower()
    return [word for word in avoided() if re.search(rf"\b{re.escape(word)}\b", plain)]


def pages() -> list[Path]:
    return [*documents(ROOT), *sorted((ROOT / ".github").rglob("*.md"))]


@pytest.mark.parametrize("page", pages(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_page_avoids_what_the_guide_avoids(page: Path) -> None:
    if page == GUIDE:
        return
    assert faults(page.read_text(encoding="utf-8")) == []


def test_the_guide_names_words_and_a_bad_sentence_is_found() -> None:
    assert {"anew", "whoever", "for so long"} <= {*avoided()}
    assert faults("Whoever leaves begins anew.") == ["anew", "whoever"]
    assert faults("`anew` and\n```\nwhoever\n```\n") == []


# --- Messages ---------------------------------------------------------------------------

TOOLS = ("language", "explore", "scenario", "cli")
"""The packages that print what the author of a room reads."""


def messages(source: str) -> Iterator[tuple[int, str]]:
    """The strings of a module, each with its line. An f-string has `{}` for each value. Of the
    docstrings only those that click prints as the help of a command."""
    tree = ast.parse(source)
    left_out: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            decorators = map(ast.unparse, getattr(node, "decorator_list", ()))
            is_command = any(re.match(r"\w+\.(command|group)\b", each) for each in decorators)
            left_out |= {
                id(each.value)
                for each in node.body
                if isinstance(each, ast.Expr) and not is_command
            }
        if isinstance(node, ast.JoinedStr):
            left_out |= {id(part) for part in node.values}
    for node in ast.walk(tree):
        if id(node) in left_out:
            continue
        if isinstance(node, ast.JoinedStr):
            parts = (part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
            yield node.lineno, "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, cleandoc(node.value)


@pytest.mark.parametrize("package", TOOLS)
def test_a_message_of_the_tools_avoids_what_the_guide_avoids(package: str) -> None:
    assert [
        f"{path.relative_to(ROOT)}:{line}: {found}"
        for path in sorted((ROOT / "gameroom" / package).rglob("*.py"))
        for line, text in messages(path.read_text(encoding="utf-8"))
        for found in faults(text)
    ] == []


def test_a_bad_message_is_found_in_every_form() -> None:
    source = '''
"""Whoever reads this module."""
NOTE = 3
"""It is read anew."""
HELP = "Stop after so many hours."
def tell(who):
    """In vain."""
    return f"{who}: mend {NOTE} " f"of it"
@click.command(epilog="Read it anew.")
def check():
    """Check a file anew.

    Whoever fails leaves with 1.
    """
'''
    found = [word for _, text in messages(source) for word in faults(text)]
    assert sorted(found) == ["anew", "anew", "mend", "so many", "whoever"]


# --- What servers and pages show ------------------------------------------------------------

SHOWN = ("server", "room", "wire", "web")
"""The packages with the refusals, the log lines and the pages."""
SCRIPT = re.compile(r'"((?:\\.|[^"\\\n])*)"|`((?:\\.|[^`\\])*)`|/\*.*?\*/|//[^\n]*', re.DOTALL)
"""A string, a template or a comment of JavaScript, whichever begins first."""
NOT_SHOWN = re.compile(r"<(script|style)\b.*?</\1>|<!--.*?-->", re.DOTALL)


def shown(path: Path) -> Iterator[str]:
    """The strings of a Python or JavaScript module; the markup of a page."""
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        yield from (text for _, text in messages(source))
    elif path.suffix == ".js":
        yield from filter(None, (found[1] or found[2] for found in SCRIPT.finditer(source)))
    else:
        yield NOT_SHOWN.sub("", source)


@pytest.mark.parametrize("package", SHOWN)
def test_what_servers_and_pages_show_avoids_what_the_guide_avoids(package: str) -> None:
    paths = (ROOT / "gameroom" / package).rglob("*")
    assert [
        f"{path.relative_to(ROOT)}: {found} in {text[:60]}"
        for path in sorted(paths)
        if path.suffix in {".py", ".js", ".html"}
        for text in shown(path)
        for found in faults(text)
    ] == []


@pytest.mark.parametrize(
    ("name", "source", "texts"),
    [
        ("a.py", '"""anew"""\nx = f"mend {y}"\n', ["mend {}"]),
        (
            "b.js",
            '// "anew"\n/* `anew` */ say("who // ever", `mend ${x}`);',
            ["who // ever", "mend ${x}"],
        ),
        ("c.html", "<style>anew</style><p>whoever</p><!-- anew -->", ["<p>whoever</p>"]),
    ],
)
def test_what_is_shown_is_found_in_every_kind_of_file(
    tmp_path: Path, name: str, source: str, texts: list[str]
) -> None:
    path = tmp_path / name
    path.write_text(source, encoding="utf-8")
    assert [*shown(path)] == texts
