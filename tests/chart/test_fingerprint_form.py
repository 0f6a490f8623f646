"""What a fingerprint does not depend on, and the form that stays as it is."""

from __future__ import annotations

import pytest

from gameroom import language
from gameroom.chart.fingerprint import FORM, compact, fingerprint
from gameroom.model import policies
from tests.chart.test_fingerprint import FIELDS, ROOM, TEXT, room_of


def test_comments_docs_and_layout_do_not_count() -> None:
    commented = TEXT.replace("    initial lobby", "    # Here.\n\n    initial   lobby")
    documented = commented.replace("  state running {", "  ## It runs.\n  state running {")
    assert documented.count("#") == TEXT.count("#") + 3
    assert fingerprint(room_of(documented)) == fingerprint(ROOM)


def test_both_spellings_are_one_chart() -> None:
    spelled = language.converted(TEXT, name="x.room")
    assert fingerprint(room_of(spelled, "x.room.yaml")) == fingerprint(ROOM)


def test_a_policy_that_is_written_with_its_default_is_one_that_is_not_written() -> None:
    plain = TEXT.replace("tick = 10 per second  ", "")
    written = TEXT.replace("tick = 10 per second", "tick = 20 per second")
    assert fingerprint(room_of(plain)) == fingerprint(room_of(written)) != fingerprint(ROOM)


SMALL = """
language 1

room "Small" {
  players 1..2
  SPECTATORS
  signal over agreed by all
  state running {
    initial part
    on done(PART) -> ended
    state part {
      PLACE
      state x { when 50% of player ready -> z  on over -> z }
      final z
    }
  }
  state setup { when HALF of player ready -> running }
  final ended
}
"""


def small(**words: str) -> str:
    """The fingerprint of SMALL with these words in it."""
    said = {
        "SPECTATORS": "",
        "HALF": "50%",
        "PART": "part",
        "PLACE": "initial x",
        **words,
    }
    text = SMALL
    for word, by in said.items():
        text = text.replace(word, by)
    return fingerprint(room_of(text))


def test_what_is_meant_counts_not_how_it_is_said() -> None:
    """Paths are taken in full, and what says nothing is as if it were not written."""
    assert small(PART="running.part") == small()
    assert small(HALF="60%") != small()
    assert small(SPECTATORS="spectators none") == small() != small(SPECTATORS="spectators 0..1")
    assert small(SPECTATORS="spectators 1..1") != small(SPECTATORS="spectators 0..1")


# --- Independent of us ------------------------------------------------------------------


def test_names_of_our_classes_and_fields_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever looks at the model by its own names finds others here."""
    before, names = fingerprint(ROOM), {one: one.__name__ for one in FIELDS}
    try:
        for at, one in enumerate(FIELDS):
            one.__name__ = f"Other{at}"
            renamed = {f"other_{name}": field for name, field in one.__dataclass_fields__.items()}
            monkeypatch.setattr(one, "__dataclass_fields__", renamed)
            monkeypatch.setattr(one, "__repr__", lambda self: "other")
        assert fingerprint(ROOM) == before
    finally:
        for one, name in names.items():
            one.__name__ = name


def test_the_fingerprints_of_this_form_stay_as_they_are() -> None:
    """A change here is another form: raise FORM, or find out what changed by mistake."""
    assert fingerprint(ROOM) == "1:918e0bd2318c6816856108d8a3af431b"
    assert FORM == 1


DEFAULTS: dict[str, policies.PolicyValue] = {
    "turns.gather": None,
    "pace.tick": 20,
    "pace.turn": (100, 500),
    "pace.ahead": None,
    "lag.pause_after": 3000,
    "lag.drop_after": 57000,
    "divergence.checksum_every": 1,
    "divergence.repairs": 3,
    "reconnect.grace": 60000,
    "reconnect.sleep": 86400000,
    "snapshots.every": 600,
    "chat.open": True,
    "chat.characters": 300,
    "limits.commands_per_turn": 64,
    "limits.packet_bytes": 16384,
    "limits.chat_per_minute": 30,
    "limits.changes_per_minute": 30,
    "limits.requests_per_minute": 120,
    "limits.configures_per_minute": 240,
}


def test_a_default_that_changes_is_another_form() -> None:
    """A policy that is not written is not in the form: its default is part of it. New keys are
    added here; another value for an old one needs another FORM."""
    assert {f"{row.policy}.{row.key}": row.default for row in policies.KEYS} == DEFAULTS


def test_a_text_is_written_as_it_is() -> None:
    """Not as escapes: the fingerprints of stored rooms would be others."""
    assert compact({"b": "é", "a": [1, True]}) == '{"a":[1,true],"b":"é"}'
