"""docs/grammar.md is the grammar: made from it, complete, and what it says is read.

`GAMEROOM_UPDATE=1` writes the page anew.
"""

from __future__ import annotations

import os
import random
import re
from pathlib import Path

import pytest

from gameroom.language.diagnostics.diagnostic import Problems
from gameroom.language.source.place import TextPlace
from gameroom.language.syntax.ebnf import page, sections
from gameroom.language.syntax.parse import parse

PAGE = Path(__file__).parents[2] / "docs" / "grammar.md"
RULES = {name: right for section in sections() for name, right in section.rules}
TOKEN = re.compile(r'"[^"]*"|/.*/|[A-Za-z_]+|[()|*+?]')
PATTERNS = {
    "NAME": ("ann", "x1", "_round"),
    "INT": ("0", "17", "4096"),
    "STRING": ('"plains"', '""', '"a \\" and a #"'),
    "TIME": ("10s", "250ms", "5m", "1h"),
    "SHARE": ("60%", "5 %"),
}
DEPTH_MAX = 12

Tree = tuple[str, object]


def test_the_page_is_the_grammar() -> None:
    if os.environ.get("GAMEROOM_UPDATE"):
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_name_is_told_once_and_every_rule_is_asked_for() -> None:
    names = [name for section in sections() for name, _ in section.rules]
    assert len(names) == len(set(names))
    asked = {
        token
        for name, right in RULES.items()
        if name not in PATTERNS
        for token in TOKEN.findall(right)
        if token.replace("_", "").isalpha()
    }
    assert asked == set(names) - {"file"}


# --- Sentences of it ---------------------------------------------------------------------


def read(right: str) -> Tree:
    """A right side as a tree of `or`, `seq`, `many`, `maybe`, `word` and `rule`."""
    tokens = TOKEN.findall(right)
    at = 0

    def alternatives() -> Tree:
        nonlocal at
        found = [sequence()]
        while at < len(tokens) and tokens[at] == "|":
            at += 1
            found.append(sequence())
        return found[0] if len(found) == 1 else ("or", found)

    def sequence() -> Tree:
        nonlocal at
        parts: list[Tree] = []
        while at < len(tokens) and tokens[at] not in "|)":
            token = tokens[at]
            at += 1
            if token == "(":
                part = alternatives()
                at += 1
            elif token.startswith('"'):
                part = ("word", token[1:-1])
            else:
                part = ("rule", token)
            while at < len(tokens) and tokens[at] in "*+?":
                part = ({"*": "many", "+": "some", "?": "maybe"}[tokens[at]], part)
                at += 1
            parts.append(part)
        return ("seq", parts)

    return alternatives()


TREES = {name: read(right) for name, right in RULES.items() if name not in PATTERNS}


DEPTHS: dict[int, list[int]] = {}
"""How deep each alternative of a tree is at least; the trees live as long as the tests."""


def least(tree: Tree, inside: frozenset[str] = frozenset()) -> int:
    """How many rules deep the shallowest sentence is; large where there is none."""
    kind, part = tree
    if kind in ("word", "many", "maybe"):
        return 0
    if kind == "rule":
        if part in PATTERNS:
            return 0
        return 99 if part in inside else 1 + least(TREES[part], inside | {part})
    if kind == "some":
        return least(part, inside)
    depths = [least(one, inside) for one in part]
    return min(depths) if kind == "or" else max(depths, default=0)


def sentence(tree: Tree, dice: random.Random, depth: int) -> list[str]:
    kind, part = tree
    if kind == "word":
        return [part]
    if kind == "rule":
        if part in PATTERNS:
            return [dice.choice(PATTERNS[part])]
        return sentence(TREES[part], dice, depth + 1)
    if kind == "seq":
        return [word for one in part for word in sentence(one, dice, depth)]
    if kind == "or":
        depths = DEPTHS.get(id(tree)) or DEPTHS.setdefault(id(tree), [least(one) for one in part])
        shallow = min(depths)
        pairs = zip(part, depths, strict=True)
        open_ = [one for one, of in pairs if depth < DEPTH_MAX or of == shallow]
        return sentence(dice.choice(open_), dice, depth)
    most = 0 if depth >= DEPTH_MAX else dice.randrange(4 if kind == "many" else 2)
    return [word for _ in range(most) for word in sentence(part, dice, depth)]


WHOLE = {
    "file": "{}",
    "room_member": 'room "r" {{ {} }}',
    "state_member": 'room "r" {{ state s {{ {} }} }}',
    "step": 'scenario "s" {{ {} }}',
}


def sentences(start: str, seed: int) -> list[str]:
    """Some sentences of a rule, each in the smallest file around it."""
    dice = random.Random(seed)
    return [WHOLE[start].format(" ".join(sentence(TREES[start], dice, 0))) for _ in range(12)]


@pytest.mark.parametrize("start", WHOLE)
@pytest.mark.parametrize("seed", range(12))
def test_what_the_page_says_is_read(start: str, seed: int) -> None:
    for text in sentences(start, seed):
        problems = Problems()
        parse(text, TextPlace("x.room"), problems)
        assert [each.message for each in problems.found] == [], text


def test_the_sentences_use_every_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    used: set[str] = set()
    plain = sentence

    def noted(tree: Tree, dice: random.Random, depth: int) -> list[str]:
        if tree[0] == "rule":
            used.add(str(tree[1]))
        return plain(tree, dice, depth)

    monkeypatch.setitem(globals(), "sentence", noted)
    for start in WHOLE:
        for seed in range(12):
            sentences(start, seed)
    assert set(RULES) - used - set(WHOLE) == set()
