"""The reference of a JavaScript module, from its `.d.ts` file.

Each exported declaration is shown as it is, below its doc comment. The comments inside describe
the members. Knows the layout of our own files: `// ---- title ----` begins a section, a declaration
begins with `export` at the start of a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_SECTION = re.compile(r"// -+ (.+?) -+$")
_NAME = re.compile(
    r"export (?:declare )?(?:type|interface|class|const|function) (\w+)|export \w+ .*?(\w+)"
)


def reference(text: str) -> str:
    """The exported declarations of a `.d.ts` file, as Markdown."""
    parts = []
    sections = list(_sections(text))
    mark = "####" if any(title for title, _ in sections) else "###"
    for title, blocks in sections:
        if title:
            parts.append(f"### {title[0].upper()}{title[1:]}")
        for comment, declarations in blocks:
            names = [_named(line) for line in declarations if line.startswith("export ")]
            parts.append(f"{mark} {', '.join(dict.fromkeys(names))}")
            if comment:
                parts.append(comment)
            parts.append("```ts\n" + "\n".join(declarations) + "\n```")
    return "\n\n".join(parts)


Block = tuple[str, list[str]]


def _sections(text: str) -> Iterator[tuple[str, list[Block]]]:
    title, blocks = "", list[Block]()
    comment: list[str] = []
    lines = iter(text.splitlines())
    for line in lines:
        if (found := _SECTION.match(line)) is not None:
            yield title, blocks
            title, blocks = found[1], []
        elif line.startswith("/**"):
            comment = [line]
            while not comment[-1].rstrip().endswith("*/"):
                comment.append(next(lines))
        elif line.startswith("export "):
            declaration = [line]
            while not _is_whole(declaration):
                declaration.append(next(lines))
            blocks.append((_prose(comment), declaration))
            comment = []
        elif line.strip():
            comment = []
    yield title, blocks


def _is_whole(lines: list[str]) -> bool:
    joined = "\n".join(lines)
    return joined.rstrip().endswith((";", "}")) and joined.count("{") == joined.count("}")


def _named(line: str) -> str:
    found = _NAME.match(line)
    assert found is not None, f"what does this export? {line}"
    return found[1] or found[2]


def _prose(comment: list[str]) -> str:
    inside = "\n".join(comment).strip().removeprefix("/**").removesuffix("*/")
    lines = [re.sub(r"^ ?\* ?", "", line.strip()) for line in inside.splitlines()]
    text = "\n".join(lines).strip()
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if part.startswith("`") else part.replace("<", r"\<") for part in parts)
