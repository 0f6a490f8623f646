"""The tables are Unicode's, in short."""

from __future__ import annotations

import unicodedata

from gameroom import resources
from gameroom.texts import skeleton
from gameroom.texts.characters import tables
from tests.texts.make_tables import LICENSE, document

TEXT = resources.unicode_path().read_text(encoding="utf-8")


def test_the_file_says_its_version_and_licence_and_is_small() -> None:
    assert TEXT.startswith("# Unicode 17.0.0.")
    assert LICENSE in TEXT
    assert len(TEXT.encode()) < 80_000
    assert all(line.isascii() for line in TEXT.splitlines() if not line.startswith("#"))


def test_the_tables_hold_what_unicode_publishes() -> None:
    of = tables()
    assert len(of.ignorable) == 4174
    assert len(of.looks_like) == 6565
    assert of.looks_like[ord("а")] == "a"
    assert of.looks_like[ord("m")] == "rn"
    assert "👨" in of.pictographic
    assert "\u0628" in of.joins_on & of.joined_to
    assert "\u0627" in of.joined_to - of.joins_on
    assert "\u0300" in of.transparent


def test_what_something_looks_like_looks_like_itself() -> None:
    for source, target in tables().looks_like.items():
        if unicodedata.category(chr(source)) != "Cn":
            assert skeleton(skeleton(chr(source))) in (skeleton(chr(source)), skeleton(target))


def test_a_file_is_made_from_what_is_published() -> None:
    confusables = "# Version: 99.0.0\n0430 ;\t0061 ;\tMA\t# ( a )\n006D ;\t0072 006E ;\tMA\t#\n"
    database = (
        "ucd;99.0.0\ndefaults;0000..10FFFF;jt=U\nblock;0600..06FF;gc=Lo;jt=D\n"
        "cp;0600;-jt;PCM\ncp;0627;jt=R\ncp;0628\nunassigned;0629;ExtPict\ncp;00AD;DI;jt=T\n"
    )
    made = document(confusables, database)
    assert "# Unicode 99.0.0." in made
    assert "[looks_like]\n61 < 430\n72 6E < 6D\n" in made
    assert "[ignorable]\nAD\n[pictographic]\n629\n[prepended]\n600\n" in made
