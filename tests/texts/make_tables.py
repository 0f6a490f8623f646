"""Makes `gameroom/texts/unicode.txt` from the files that Unicode publishes.

    python -m tests.texts.make_tables FOLDER

FOLDER has `confusables.txt` (UTS 39) and `ppucd.txt` (the Unicode Character Database in one file,
as ICU ships it): `icu4c/source/data/unidata` of ICU's sources has both, of one version.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from gameroom import resources

MORE_THAN_UNICODE = 0x110000

LICENSE = """\
# UNICODE LICENSE V3
#
# COPYRIGHT AND PERMISSION NOTICE
#
# Copyright © 2016-2025 Unicode, Inc.
#
# NOTICE TO USER: Carefully read the following legal agreement. BY DOWNLOADING, INSTALLING,
# COPYING OR OTHERWISE USING DATA FILES, AND/OR SOFTWARE, YOU UNEQUIVOCALLY ACCEPT, AND AGREE TO
# BE BOUND BY, ALL OF THE TERMS AND CONDITIONS OF THIS AGREEMENT. IF YOU DO NOT AGREE, DO NOT
# DOWNLOAD, INSTALL, COPY, DISTRIBUTE OR USE THE DATA FILES OR SOFTWARE.
#
# Permission is hereby granted, free of charge, to any person obtaining a copy of data files and
# any associated documentation (the "Data Files") or software and any associated documentation
# (the "Software") to deal in the Data Files or Software without restriction, including without
# limitation the rights to use, copy, modify, merge, publish, distribute, and/or sell copies of
# the Data Files or Software, and to permit persons to whom the Data Files or Software are
# furnished to do so, provided that either (a) this copyright and permission notice appear with
# all copies of the Data Files or Software, or (b) this copyright and permission notice appear in
# associated Documentation.
#
# THE DATA FILES AND SOFTWARE ARE PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
# IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A
# PARTICULAR PURPOSE AND NONINFRINGEMENT OF THIRD PARTY RIGHTS.
#
# IN NO EVENT SHALL THE COPYRIGHT HOLDER OR HOLDERS INCLUDED IN THIS NOTICE BE LIABLE FOR ANY
# CLAIM, OR ANY SPECIAL INDIRECT OR CONSEQUENTIAL DAMAGES, OR ANY DAMAGES WHATSOEVER RESULTING
# FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER
# TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THE DATA FILES
# OR SOFTWARE.
#
# Except as contained in this notice, the name of a copyright holder shall not be used in
# advertising or otherwise to promote the sale, use or other dealings in these Data Files or
# Software without prior written authorization of the copyright holder.
#
# SPDX-License-Identifier: Unicode-3.0
"""

Properties = dict[str, str]
SETS: dict[str, Callable[[Properties], bool]] = {
    "ignorable": lambda of: "DI" in of,
    "pictographic": lambda of: "ExtPict" in of,
    "prepended": lambda of: "PCM" in of,
    "joins_on": lambda of: of.get("jt") in ("D", "L"),
    "joined_to": lambda of: of.get("jt") in ("D", "R"),
    "transparent": lambda of: of.get("jt") == "T",
    "dependent_vowels": lambda of: of.get("InSC") == "Vowel_Dependent",
}
"""The sets of characters in the file, by name, and who is in each by the database's properties."""


def properties(database: str) -> Iterator[tuple[int, int, Properties]]:
    """(first, last, properties) in the order of the file; a later row replaces an earlier one."""
    defaults: Properties = {}
    block: Properties = {}
    for line in database.splitlines():
        kind, *fields = line.split(";")
        if kind not in ("defaults", "block", "cp", "unassigned"):
            continue
        low, _, high = fields[0].partition("..")
        of = dict(defaults if kind in ("defaults", "block", "unassigned") else block)
        for field in fields[1:]:
            name, _, value = field.partition("=")
            if name.startswith("-"):
                of.pop(name[1:], None)
            else:
                of[name] = value
        if kind == "defaults":
            defaults = of
        elif kind == "block":
            block = of
        yield int(low, 16), int(high or low, 16), of


def ranges(database: str) -> dict[str, list[tuple[int, int]]]:
    """The sets, each as ranges in order."""
    marks = {name: bytearray(MORE_THAN_UNICODE) for name in SETS}
    for low, high, of in properties(database):
        for name, holds in SETS.items():
            marks[name][low : high + 1] = bytes([holds(of)]) * (high + 1 - low)
    return {
        name: [(found.start(), found.end() - 1) for found in re.finditer(rb"\x01+", mark)]
        for name, mark in marks.items()
    }


def confusables(published: str) -> dict[str, list[int]]:
    """By what they look like (code points in hex), the characters that do."""
    found: dict[str, list[int]] = {}
    for line in published.splitlines():
        source, _, rest = line.partition(";")
        if rest and not line.startswith("#"):
            found.setdefault(" ".join(rest.split(";")[0].split()), []).append(int(source, 16))
    return found


def version(published: str, database: str) -> str:
    """The version of Unicode, the same in both files."""
    (one,) = re.findall(r"^# Version: (\S+)$", published, re.M)
    (other,) = re.findall(r"^ucd;(\S+)$", database, re.M)
    assert one == other, f"confusables {one}, database {other}"
    return one


def document(published: str, database: str) -> str:
    """The whole file."""
    lines = [
        f"# Unicode {version(published, database)}. Derived from confusables.txt and ppucd.txt by",
        "# tests/texts/make_tables.py, for gameroom/texts/characters.py. Under [looks_like], each",
        "# character behind `<` looks like those before it.",
        "#",
        LICENSE.rstrip(),
    ]
    for name, found in ranges(database).items():
        said = (f"{low:X}" if low == high else f"{low:X}-{high:X}" for low, high in found)
        lines += [f"[{name}]", *_folded(" ".join(said))]
    lines.append("[looks_like]")
    for target, sources in sorted(confusables(published).items()):
        lines.append(f"{_short(target)} < {' '.join(f'{one:X}' for one in sorted(sources))}")
    return "\n".join(lines) + "\n"


def _short(target: str) -> str:
    return " ".join(f"{int(one, 16):X}" for one in target.split())


def _folded(text: str) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        if lines and len(lines[-1]) + len(word) < 99:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    texts = [(folder / name).read_text("utf-8") for name in ("confusables.txt", "ppucd.txt")]
    resources.unicode_path().write_text(document(*texts), encoding="utf-8")
