"""Texts as people with bad intent, or an unusual name, would give them."""

from __future__ import annotations

from hypothesis import strategies as st

from gameroom.texts.characters import tables

NEEDED = "\u200c\u200d\ufe0e\ufe0f\U000e0100\u180b\u180e"
INVISIBLE = "\u3164\u2800\uffa0\u115f\u1160\u200b\u2060\ufeff\u00ad\u034f\u17b4\u061c\u200e\u200f"
TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
BREAKING = "\n\r\t\v\f\x00\x1b\x7f\x85\u2028\u2029"
MARKS = "\u0301\u0308\u0323\u20dd\u0335\u094d\u0dca\u09cd\u064e\u05b8\u093f\u0f71"
LETTERS = "aeIl1O0mwﬁßİıаеорАВあ李葛가\u1100๑\u1820"
CURSIVE_AND_INDIC = "\u0628\u06cc\u0647\u0627\u05d0\u05d1\u0915\u0937\u0dc1\u0dbb\u09b0\u09af"
EMOJI = "👨👩👧🏽🏴🏳🌈❤1️⃣🇩🇪\U000e0067\U000e0062\U000e0065\U000e006e\U000e007f\U0001fae8"
OTHERS = " \u00a0\u3000.-'()[]<>_12\ue000\U0010ffff\ufffc\U000f0000\u0600\u06dd\u0378"

hostile = st.text(
    st.one_of(
        st.sampled_from(NEEDED + INVISIBLE + TURNING + MARKS),
        st.sampled_from(LETTERS + CURSIVE_AND_INDIC + EMOJI + OTHERS),
        st.sampled_from(BREAKING),
        st.characters(codec="utf-8"),
    ),
    max_size=40,
)
"""Anything that JSON can bring."""

nearly_names = st.text(
    st.one_of(
        st.sampled_from(LETTERS + CURSIVE_AND_INDIC),
        st.sampled_from(NEEDED + MARKS + EMOJI),
        st.sampled_from(INVISIBLE + OTHERS + "\u2068\u2069"),
        st.characters(codec="utf-8", exclude_categories=("Cc", "Cn", "Co", "Cs", "Zl", "Zp")),
    ),
    min_size=1,
    max_size=24,
)
"""Texts that are often names."""


def lookalikes(name: str) -> st.SearchStrategy[str]:
    """The name with some of its characters replaced by ones that look like them."""
    of: dict[str, list[str]] = {}
    for source, target in tables().looks_like.items():
        of.setdefault(target, []).append(chr(source))
    return st.tuples(*(st.sampled_from([char, *of.get(char, [])]) for char in name)).map("".join)
