"""Both spellings say the same: nothing is lost on the way, in either direction."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gameroom import model, resources
from gameroom.language import ConvertError, Source, as_room, as_yaml, converted, is_yaml
from gameroom.language.diagnostics.diagnostic import Problems
from gameroom.language.loading import read
from gameroom.language.source.comments import plain_comments as room_comments
from gameroom.language.source.place import TextPlace
from gameroom.language.syntax.parse import parse
from gameroom.language.yaml.nodes import comments as yaml_comments
from tests.language.strategies import files
from tests.language.texts import SKIRMISH, SKIRMISH_YAML, room

SHIPPED = sorted(resources.rooms().rglob("*.room"))


def value(text: str, name: str) -> model.File | None:
    problems = Problems()
    file = read(Source(name, text), problems)
    assert problems.empty, (problems.found[0], text)
    return file


def awkward(text: str) -> model.File:
    """A file with this text wherever a text can be."""
    act = model.Act("announce", text)
    said = model.Transition(model.On("a"), None, (act,), None, text)
    return model.File(
        1,
        (model.Use(text),),
        model.RoomFile(
            text,
            text,
            settings=(model.Setting("a", model.ChoiceType((text,)), text),),
            root=model.State("", initial="setup", transitions=(said,), entry=(act, act)),
        ),
        (model.Scenario(text, (model.Step("refused", name=text),)),),
    )


@settings(max_examples=40, derandomize=True, deadline=None, database=None)
@given(files())
@example(awkward("<<"))
@example(awkward("null"))
@example(awkward("1:30"))
@example(awkward(" # "))
@example(awkward("a: b"))
@example(awkward("'\""))
@example(awkward("x" * 2000))
@example(awkward("\x00\x7f\x85\u2028\ufeff\U0001f600"))
def test_generated_files_in_both_spellings(file: model.File) -> None:
    text, yaml = as_room(file), as_yaml(file)
    assert value(text, "a.room") == file
    assert value(yaml, "a.room.yaml") == file
    assert as_room(value(converted(text, name="a.room"), "a.yaml")) == text


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_shipped_rooms_there_and_back(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    there = converted(text, name=path.name)
    back = converted(there, name="there.yaml")
    assert value(back, "back.room") == value(text, path.name)
    assert plain(back, "back.room") == plain(text, path.name)


def test_the_sample() -> None:
    assert value(converted(SKIRMISH, name="s.room"), "s.yaml") == value(SKIRMISH_YAML, "s.yaml")
    assert value(converted(SKIRMISH_YAML, name="s.yaml"), "s.room") == value(SKIRMISH, "s.room")


def test_comments_go_along_to_yaml() -> None:
    text = (
        "# first\n" + room(
            "# of the players\nplayers 2..3 # beside\n## doc\nrequest vote {\n# of a field\n"
            "x: bool\n}\nextend state setup { # of a state\n"
            "# of a transition\nafter 5m -> ended # beside too\n}"
        ) + "# last\n"
    )  # fmt: skip
    lines = [line.strip() for line in converted(text, name="a.room").split("\n")]
    for comment, member in (
        ("# first", "language: 1"),
        ("# beside", "players: 2..3"),
        ("# of a field", "x: bool"),
        ("# of a state", "extend state setup:"),
        ("# beside too", "- {after: 5m, to: ended}"),
    ):
        at = lines.index(comment)
        rest = [line for line in lines[at:] if not line.startswith("#")]
        assert rest[0] == member, comment
    assert lines[-2] == "# last"
    assert sum(line.startswith("#") for line in lines) == text.count("#") - 2  # one doc
    value("\n".join(converted(text, name="a.room").split("\n")), "a.yaml")


def test_what_yaml_has_no_place_for_is_refused() -> None:
    with pytest.raises(ConvertError) as refused:
        converted(room("request vote request vote"), name="a.room")
    assert refused.value.diagnostics == ()


def test_mistakes_are_told() -> None:
    with pytest.raises(ConvertError) as refused:
        converted(room("reqest vote"), name="a.room")
    assert [each.code for each in refused.value.diagnostics] == ["E0101"]


COMMENTED_YAML = """\
# yaml-language-server: $schema=grammars/room.schema.json
language: 1  # version
use: standard
# the room
room:
  name: a  # its name
  extends: standard
  doc: |-  # header
    Text # no comment
    # nor this
  # players
  players: 2..4
  ## Settings
  settings:
    # gold
    gold: {type: int 0..9, default: 3}  # beside gold
    map:
      # type
      type: [a, "b # c"]
      default: a
  requests:
    vote:  # vote
      fields:
        # field
        x: bool
        y: bool  # beside field
  states:
    extend state setup:  # state
      doc: Words.
      transitions:
        # first
        - {after: 5m, to: ended}  # beside first
        - on: vote  # on
          # if
          if: players > 1
          # to
          to: ended
        # third
        - on: join
          do:
            # act
            - announce "x"
            - announce "y"  # second act
# last
"""

COMMENTED_ROOM = """\
# yaml-language-server: $schema=grammars/room.schema.json
language 1  # version
use "standard"

# the room
## Text # no comment
## # nor this
room "a" extends standard {  # its name
  # header
  # players
  players 2..4

  # Settings
  # gold
  setting gold: int 0..9 = 3  # beside gold
  # type
  setting map: "a" | "b # c" = "a"

  request vote {  # vote
    # field
    x: bool
    # beside field
    y: bool
  }

  ## Words.
  extend state setup {  # state
    # first
    after 5m -> ended  # beside first
    # if
    # to
    on vote if players > 1 -> ended  # on
    # third
    on join do {
      # act
      announce "x"
      # second act
      announce "y"
    }
  }
}

# last
"""


def test_comments_come_back_from_yaml_in_their_places() -> None:
    done = converted(COMMENTED_YAML, name="a.yaml")
    assert done == COMMENTED_ROOM
    again = converted(converted(done, name="a.room"), name="b.yaml")
    assert plain(again, "a.room") == plain(done, "a.room")


def plain(text: str, name: str) -> list[str]:
    """The comments of a text that are no docs, without their signs."""
    told = yaml_comments(text, name) if is_yaml(name) else room_comments(text, name)
    return sorted(comment.text.replace("#", "").strip() for comment in told)


REMARKS = st.sampled_from(["# one", "## two", "#three", "#", "####", "# allow W0805: it's so"])


@settings(max_examples=30, derandomize=True, deadline=None, database=None)
@given(files(), st.data())
def test_no_comment_of_yaml_is_lost(file: model.File, data: st.DataObject) -> None:
    lines = as_yaml(file).split("\n")
    scalar = None
    for at, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        scalar = scalar if scalar is not None and (indent > scalar or not line.strip()) else None
        if scalar is None and data.draw(st.integers(0, 3)) == 0:
            said = data.draw(REMARKS)
            lines[at] = (
                f"{' ' * indent}{said}\n{line}"
                if data.draw(st.booleans())
                else (f"{line}  {said}" if line.strip() else line)
            )
        if line.endswith(": |-"):
            scalar = indent
    text = "\n".join(lines)
    assert value(text, "a.yaml") == file
    done = converted(text, name="a.yaml")
    assert value(done, "a.room") == file
    assert plain(done, "a.room") == plain(text, "a.yaml")


@settings(max_examples=30, derandomize=True, deadline=None, database=None)
@given(files(), st.data())
def test_no_comment_of_a_room_is_lost(file: model.File, data: st.DataObject) -> None:
    tokens = parse(as_room(file), TextPlace("a"), Problems()).tokens
    odd = data.draw(st.dictionaries(st.integers(0, len(tokens)), REMARKS, max_size=9))
    text = "".join(
        (f"\n{odd[at]}\n" if at in odd else " ") + str(token) for at, token in enumerate(tokens)
    )
    done = converted(text, name="a.room")
    assert plain(done, "a.yaml") == plain(text, "a.room")
