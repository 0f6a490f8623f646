"""`# allow W0805: reason`: needs a warning, a reason, and nothing but warnings."""

from __future__ import annotations

import pytest

from gameroom.explore.run import explore
from gameroom.language import Diagnostic, converted, fixed, settled
from gameroom.language.rewrite.apply_fixes import edited
from tests.language.texts import loaded, room

COMMAND = "command move { x: bool }"


def found(text: str, name: str = "example.room") -> list[str]:
    result = loaded(text, name)
    played = explore(result.room).diagnostics if result.room is not None else ()
    told = settled((*result.diagnostics, *played), result.sources, name=name)
    return [problem.code for problem in told]


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        (COMMAND, ["W0805"]),
        (f"# allow W0805: later\n{COMMAND}", []),
        (f"{COMMAND} # allow W0805: later", []),
        (f"# allow W0805: later\n# another\n\n## Doc.\n{COMMAND}", []),
        (f"# allow W0805\n{COMMAND}", ["W0002", "W0805"]),
        (f"# allow W0805:\n{COMMAND}", ["W0002", "W0805"]),
        (f"# allow W0801: not this one\n{COMMAND}", ["W0001", "W0805"]),
        (f"# allow W0805: too far\nplayers 1..3\n{COMMAND}", ["W0001", "W0805"]),
        ("# allow W0805: gone", ["W0001"]),
        ("# allow W9999: what", ["W0003"]),
        ("# allow E0502: no\nplayers 2..1", ["E0502"]),
        ("# allow E0502: no", ["W0003"]),
        ("# we allow W0805: talk", []),
    ],
    ids=range(13),
)
def test_in_a_room(body: str, codes: list[str]) -> None:
    assert found(room(body)) == codes


def test_in_yaml() -> None:
    name = "example.room.yaml"
    assert found(converted(room(COMMAND), name="a.room"), name) == ["W0805"]
    assert found(converted(room(f"# allow W0805: later\n{COMMAND}"), name="a.room"), name) == []


def test_comments_of_a_used_file_count_and_are_not_judged() -> None:
    base = room("# allow W0802: never mind\nrequest vote").replace('"example"', '"base"')
    text = 'language 1 use "base" room "top" extends base { }'
    result = loaded(text, base=base)
    assert result.diagnostics == ()
    assert settled((), result.sources, name="example.room") == ()


def test_a_comment_that_is_not_needed_is_taken_out() -> None:
    text = room("# allow W0805: gone\nrequest vote # allow W0801: gone too")
    told = settled((), {"a.room": text}, name="a.room")
    assert edited(text, [each.fixes[0] for each in told]) == room("request vote")


def test_fixes_of_a_report_are_applied() -> None:
    text = room("# allow W0805: gone\nrequest vote # allow E0401: never")

    def examine(text: str) -> tuple[Diagnostic, ...]:
        result = loaded(text)
        return settled(result.diagnostics, result.sources, name="example.room")

    done = fixed(text, name="example.room", examine=examine)
    assert done.text == room("request vote")
    assert [each.code for each in done.applied] == ["W0001", "W0003"]
