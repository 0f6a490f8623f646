"""What a name is, in many scripts, and which names look alike."""

from __future__ import annotations

import unicodedata
from itertools import groupby

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from gameroom.texts import (
    GIVEN_CHARACTERS_MAX,
    MARKS_MAX,
    NAME_CHARACTERS_MAX,
    Unfit,
    clean_name,
    looks,
    numbered,
)
from gameroom.texts.characters import is_mark, shows
from tests.texts.strategies import BREAKING, TURNING, hostile, lookalikes, nearly_names

NAMES = {
    "José": "José",
    "O'Brien": "O'Brien",
    "Nguyễn Thị Ánh": "Nguyễn Thị Ánh",
    "Łukasz": "Łukasz",
    "Ægir Þór": "Ægir Þór",
    "İrem": "İrem",
    "Αλέξανδρος": "Αλέξανδρος",
    "Александр": "Александр",
    "李小龍": "李小龍",
    "葛\U000e0100城 (an ideograph's variant)": "葛\U000e0100城",
    "さくら": "さくら",
    "ガブリエル": "ガブリエル",
    "김연아": "김연아",
    "Thai": "สมชาย ใจดี",
    "Lao": "ສົມພອນ",
    "Khmer": "សុខា",
    "Burmese": "အောင်ဆန်း",
    "Tibetan": "ཧཱུྃ་བཀྲ་ཤིས",
    "Arabic": "محمد",
    "Arabic with vowels": "مُحَمَّد",
    "Persian with ZWNJ": "می\u200cخواهم",
    "Persian with ZWNJ before a mark": "علی\u200cرضا",
    "Urdu": "عائشہ",
    "Hebrew with points": "דָּוִד",
    "Devanagari": "श्रीनिवास",
    "Devanagari, ZWNJ after a virama": "क्\u200cष",
    "Devanagari, ZWJ after a virama": "र्\u200dयाम",
    "Sinhala": "ශ්\u200dරී",
    "Bengali, ZWJ before a virama": "র\u200d্যাব",
    "Tamil": "கார்த்திக்",
    "Malayalam": "അവന്\u200d",
    "Ethiopic": "አበበ ቢቂላ",
    "Georgian": "თამარ",
    "Armenian": "Արամ",
    "Mongolian": "ᠴᠢᠩᠭᠢᠰ",
    "Mongolian with a form": "ᠭ\u180b",
    "Cherokee": "ᏍᏏᏉᏯ",
    "a family": "👨\u200d👩\u200d👧\u200d👦",
    "an astronaut with a skin tone": "👩🏽\u200d🚀",
    "a rainbow flag": "🏳\ufe0f\u200d🌈",
    "a flag": "🇩🇪",
    "England": "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "a thumb": "👍🏽",
    "a red heart": "❤\ufe0f",
    "a keycap": "1\ufe0f\u20e3",
    "newer than some interpreters": "\U0001fae8",
    "symbols": "~*<3*~",
    "a full stop": ".",
}

CLEANED = {
    "Jose\u0301": "José",
    "  ann   of  the\u3000lake ": "ann of the lake",
    "ann\n": "ann",
    "a\u200bn\u00adn\u2060": "ann",
    "\ufeffann": "ann",
    "a\u200dn\u200cn": "ann",
    "\u2068ann\u2069": "ann",
    "1\u200d2": "12",
    "a\ufe0f": "a",
    "👩\u200d": "👩",
    "👩\u200dx": "👩x",
    "د\u200cر": "در",
    "\u1112\u1161\u11ab": "한",
    "an\u2800n": "an n",
    "x\U000e0067\U000e007f": "x",
    "\u212bsa": "Åsa",
}

REFUSED = {
    "": "visible",
    "   ": "visible",
    "\u3164": "visible",
    "\u2800": "visible",
    "\uffa0": "visible",
    "\u115f": "visible",
    "\u115f\u1160": "visible",
    "\u200d": "visible",
    "\u200b\u200c\u00a0\ufeff": "visible",
    "\ufe0f": "visible",
    "\ufffc": "visible",
    "\u0301": "begin",
    "\u0301ann": "begin",
    "\u20dd": "begin",
    "x" * (NAME_CHARACTERS_MAX + 1): "characters",
    "\u200b" * GIVEN_CHARACTERS_MAX + "x": "characters",
    "a\nb": "control",
    "a\x00b": "control",
    "a\x1b[31mb": "control",
    "a\u2028b": "control",
    "a\u2029b": "control",
    "a\x85b": "control",
    "\ue000": "private",
    "a\U0010fffd": "private",
    "a\u0378": "unassigned",
    "a\uffff": "unassigned",
    "a\ud800": "private",
    "a\ufff9b\ufffac\ufffb": "control",
    "\u202eeve": "direction",
    "eve\u202c": "direction",
    "\u2067eve": "direction",
    "\u2066a\u202b\u2069b\u202c": "direction",
    "a\u202dnn\u202c": "direction",
    "Z" + "\u0301\u0302\u0303\u0304\u0305" + "algo": "marks",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
def test_a_name_of_any_script_is_shown_as_it_was_given(name: str) -> None:
    assert clean_name(name) == name


@pytest.mark.parametrize(("given", "shown"), CLEANED.items(), ids=map(ascii, CLEANED))
def test_what_nobody_sees_goes(given: str, shown: str) -> None:
    assert clean_name(given) == shown


@pytest.mark.parametrize(("given", "why"), REFUSED.items(), ids=map(ascii, REFUSED))
def test_a_refused_name_says_why(given: str, why: str) -> None:
    refused = clean_name(given)
    assert isinstance(refused, Unfit), ascii(refused)
    assert why in refused.why


@settings(deadline=None, derandomize=True)
@given(st.one_of(hostile, nearly_names))
@example("a\u0300\u200d\u0301")
@example("\U0001d160\U0001d160")
def test_a_name_is_clean_whatever_was_given(given: str) -> None:
    name = clean_name(given)
    if isinstance(name, Unfit):
        return
    assert clean_name(name) == name
    assert shows(name)
    assert 1 <= len(name) <= NAME_CHARACTERS_MAX
    assert unicodedata.is_normalized("NFC", name)
    assert not set(name) & set(TURNING + BREAKING)
    assert not {unicodedata.category(char) for char in name} & {"Cc", "Cs", "Co", "Zl", "Zp"}
    assert all(len(list(run)) <= MARKS_MAX for marks, run in groupby(name, is_mark) if marks)


@settings(deadline=None, derandomize=True)
@given(nearly_names)
def test_a_name_and_what_is_left_of_it_look_alike(given: str) -> None:
    name = clean_name(given)
    assume(isinstance(name, str))
    assert isinstance(name, str)
    assert looks(name) == looks(unicodedata.normalize("NFD", name))


@settings(deadline=None, derandomize=True)
@given(nearly_names, st.integers(2, 3000))
def test_a_number_leaves_a_name_a_name(given: str, number: int) -> None:
    name = clean_name(given)
    assume(isinstance(name, str))
    assert isinstance(name, str)
    told = numbered(name, number)
    assert clean_name(told) == told
    assert told.endswith(f" ({number})")


@settings(deadline=None, derandomize=True)
@given(st.data())
def test_a_name_in_other_characters_that_look_the_same_looks_alike(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["paypal", "Iain", "ann", "Bob 10", "scope", "rnodern"]))
    other = data.draw(lookalikes(name))
    assert alike(other, name), ascii(other)
    assert alike(name, other)


@settings(deadline=None, derandomize=True)
@given(nearly_names, nearly_names)
def test_looking_alike_is_mutual(one: str, other: str) -> None:
    assert alike(one, one)
    assert alike(one, other) == alike(other, one)


def alike(one: str, other: str) -> bool:
    return not looks(one).own.isdisjoint(looks(other).like)


ALIKE = [
    ("ann", "аnn"),
    ("ann", "Ann"),
    ("ANN", "аnn"),
    ("Iain", "lain"),
    ("rn", "m"),
    ("José", "Jose\u0301"),
    ("ann1", "annl"),
    ("scope", "ѕсоре"),
    ("strasse", "straße"),
    ("ශ්\u200dරී", "ශ්රී"),
    ("❤\ufe0f", "❤"),
    ("lo", "ها"),
    ("אב12", "12אב"),
    ("דני (2)", "(2) דני"),
    ("Bob", "B\ufba6b"),
]
UNLIKE = [
    ("ann", "anna"),
    ("Bill", "Bili"),
    ("ann", "ánn"),
    ("a b", "ab"),
    ("אב", "בא"),
    ("李", "季"),
    ("ann (2)", "ann (3)"),
    ("אב (2)", "אב (3)"),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_two_names_look_alike(one: str, other: str) -> None:
    assert alike(one, other)


@pytest.mark.parametrize(("one", "other"), UNLIKE)
def test_two_names_do_not_look_alike(one: str, other: str) -> None:
    assert not alike(one, other)
