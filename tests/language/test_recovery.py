"""All syntax problems of a file in one run, each once, and no others."""

from __future__ import annotations

import re

import pytest

from tests.language.texts import SKIRMISH, SKIRMISH_YAML, STANDARD, codes, loaded, repaired, room


def places(text: str) -> list[tuple[str, int]]:
    return [(each.code, each.span.line) for each in loaded(text).diagnostics]


def test_four_mistakes_are_four_errors_and_a_partial_tree() -> None:
    text = (
        SKIRMISH.replace("setting map:", "seting map:")
        .replace("unit: int", "unit int")
        .replace("allow configure from host", "allow configure host")
        .replace("state night", "stat night")
    )
    result = loaded(text)
    assert [(each.code, each.span.line) for each in result.diagnostics] == [
        ("E0101", 12), ("E0101", 15), ("E0101", 27), ("E0101", 39),
    ]  # fmt: skip
    assert result.file is not None
    assert result.file.room is not None
    assert [each.name for each in result.file.room.commands] == ["move", "build"]
    # A misspelt keyword is read as what was meant, so its member is built.
    assert [each.name for each in result.file.room.settings] == ["map", "gold"]
    assert len(result.file.scenarios) == 1
    assert result.room is None


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("comand c { }", "command"),
        ("stat x { }", "state"),
        ("state x iterate { }", "iterates"),
        ("signal s agred by all", "agreed"),
        ("spectators 0..3 dely 1s", "delay"),
        ("polcy pace { }", "policy"),
        ("extend stat setup { }", "state"),
        ("state x { alow chat from anyone }", "allow"),
        ('state x { on join -> ended becuase "x" }', "because"),
    ],
)
def test_a_misspelt_word_gets_a_suggestion(wrong: str, right: str) -> None:
    problems = [each for each in loaded(room(wrong)).diagnostics if each.code == "E0101"]
    assert [each.help for each in problems] == [f"did you mean `{right}`?"]


@pytest.mark.parametrize("line", [5, 26, 32, 42, 48])
def test_an_unclosed_block_is_told_where_it_was_opened(line: int) -> None:
    lines = SKIRMISH.split("\n")
    opening = lines[line - 1]
    assert opening.endswith("{")
    indent = len(opening) - len(opening.lstrip())
    del lines[next(at for at in range(line, len(lines)) if lines[at] == " " * indent + "}")]
    assert places("\n".join(lines)) == [("E0102", line)]


@pytest.mark.parametrize("line", [15, 19, 23, 38, 39])
def test_an_unclosed_block_of_one_line(line: int) -> None:
    lines = SKIRMISH.split("\n")
    assert lines[line - 1].count("{") == lines[line - 1].count("}") == 1
    lines[line - 1] = lines[line - 1].replace("}", "")
    assert places("\n".join(lines)) == [("E0102", line)]


def test_a_brace_too_many() -> None:
    assert codes(SKIRMISH + "}\n") == ["E0108"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('state x { after 5m -> ended because "open }', "E0104"),
        ("request vote;", "E0106"),
        ("request vote ;;;;", "E0106"),
        ("state x { when players > 1 && players < 3 -> ended }", "E0106"),
        ("setting map: 'a' = 'a'", "E0106"),
        ("state x { after 0.5s -> ended }", "E0105"),
        ("state x { after 5min -> ended }", "E0105"),
        ('state x { after 5m -> ended because "\\x41" }', "E0109"),
        ('state x { after 5m -> ended because "\\ud800" }', "E0109"),
    ],
)
def test_wrong_words_are_told_once(body: str, code: str) -> None:
    found = codes(room(body))
    assert found.count(code) >= 1
    assert found[0] == code


def test_the_help_knows_the_usual_slips() -> None:
    equals = loaded(room("state x { when players = 2 -> ended }")).diagnostics[0]
    assert equals.help is not None
    assert "==" in equals.help
    quote = loaded(room("setting map: 'a' = 'a'")).diagnostics[0]
    assert quote.help is not None
    assert "double quotes" in quote.help


def test_a_missing_name_does_not_swallow_the_next_member() -> None:
    result = loaded(room("request\nrequest vote"))
    assert [each.code for each in result.diagnostics] == ["E0101"]
    assert result.file is not None
    assert result.file.room is not None
    assert [each.name for each in result.file.room.requests] == ["vote"]


def test_field_names_may_be_keywords_also_after_a_mistake() -> None:
    text = room("command c { unit int 0..9  team: bool  state: bool }")
    result = loaded(text)
    assert [each.code for each in result.diagnostics] == ["E0101"]
    assert result.file is not None
    assert result.file.room is not None
    fields = result.file.room.commands[0].fields
    assert [field.name for field in fields] == ["team", "state"]


@pytest.mark.parametrize(
    "text",
    [
        "", "\n", "language", "language 1", "}", "{", "{{{{", "room", 'room "x" {', "\x00",
        "\ufeff",
        'language 1 room "x" extends', "language 1 use", "# only a comment", '"', "scenario",
        "language 99999999999999999999999999", "language 1\n" + "{" * 50_000,
        "language 1\n" + "state x {" * 500,
        "language 1 room \"x\" { players 1.." + "9" * 9999 + " }",
    ],
    ids=range(20),
)  # fmt: skip
def test_hopeless_texts_end_in_diagnostics(text: str) -> None:
    result = loaded(text)
    assert result.diagnostics
    assert not result.ok


def test_limits_of_bytes_and_words() -> None:
    assert codes("language 1 #" + "x" * 300_000) == ["E0107"]
    assert codes("language 1 " + "x " * 50_000) == ["E0107"]


@pytest.mark.parametrize("name", ["skirmish.room", "skirmish.room.yaml", "standard.room"])
def test_one_letter_less_makes_no_other_problems(name: str) -> None:
    """A mistake of syntax is told with no follow-up noise about names and types."""
    text = {"skirmish.room": SKIRMISH, "standard.room": STANDARD}.get(name, SKIRMISH_YAML)
    for match in list(re.finditer(r"[A-Za-z_]{3,}", text))[::3]:
        before = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        if "#" in before or before.count('"') % 2:
            continue
        wrong = text[: match.start() + 1] + text[match.start() + 2 :]
        kinds = {each.code[:3] in ("E01", "E02") for each in loaded(wrong, name).diagnostics}
        assert len(kinds) <= 1, (match.group(), loaded(wrong, name).diagnostics)


def test_names_and_types_are_checked_beside_a_mistake_of_syntax() -> None:
    result = loaded(
        room(
            "comand move { x: int 0..9 }\n"  # read as `command`
            "setting map: plains\n"  # lost
            "extend state setup.gathering {\n"
            "  allow mvoe from player\n"
            '  when map == "x" -> starting\n'  # `map` may be just what was lost
            "  when players -> startng\n"
            "}"
        )
    )
    assert [(each.code, each.span.line) for each in result.diagnostics] == [
        ("E0101", 4), ("E0101", 5), ("E0402", 7), ("E0505", 9), ("E0401", 9),
    ]  # fmt: skip


def test_what_a_dropped_state_declares_is_not_missed() -> None:
    text = room(
        "extend state running.iteratng {\n  state day { after 1m -> ended }\n}\n"
        "extend state running.paused.held { on join -> running.iterating.day }"
    )
    assert codes(text) == ["E0305"]


@pytest.mark.parametrize("name", ["nuit_é", "aéb", "éa", "é"])
def test_a_letter_that_no_name_has_is_told_once(name: str) -> None:
    text = room(f"request {name}\nextend state setup {{ on {name} -> ended }}")
    assert codes(text) == ["E0106", "E0106"]
    told = loaded(text).diagnostics[0]
    assert "a name has letters from a to z" in str(told.help)
    assert codes(room(f"extend state setup {{ on join -> {name} }}")) == ["E0106"]
    assert codes(room(f"{name} x {{ }}\nplayers 2..3")) == ["E0106"]
    assert codes(room(f'"{name}" x {{ }}\nplayers 2..3')) == ["E0101"]


def test_a_bare_done_is_told_how_it_is_written() -> None:
    (told,) = loaded(room("extend state setup { on done -> ended }")).diagnostics
    assert (told.code, told.help) == (
        "E0403",
        "write `done(x)`, which happens when a final state inside `x` is entered",
    )


@pytest.mark.parametrize(
    ("wrong", "code", "help", "right"),
    [
        ("extend state setup { after 5m -> state ended }", "E0103", "write only `ended`",
         "extend state setup { after 5m -> ended }"),
        ("extend state setup { after 10 minutes -> ended }", "E0101", "write `10m`",
         "extend state setup { after 10m -> ended }"),
        ("extend state setup { initial state gathering }", "E0103", "write only `gathering`",
         "extend state setup { initial gathering }"),
        ("extend state setup { allow vote from players }", "E0103", "did you mean `player`?",
         "extend state setup { allow vote from player }"),
        ("on join if all players ready -> ended", "E0103", "did you mean `player`?",
         "on join if all player ready -> ended"),
        ("on join if majority of spectators ready -> ended", "E0103", "did you mean `spectator`?",
         "on join if majority of spectator ready -> ended"),
        ("setting map: easy | \"hard\" = \"hard\"", "E0101", 'did you mean `"easy"`?',
         "setting map: \"easy\" | \"hard\" = \"hard\""),
        ("setting map: \"easy\" | \"hard\" = hard", "E0101", 'did you mean `"hard"`?',
         "setting map: \"easy\" | \"hard\" = \"hard\""),
    ],
)  # fmt: skip
def test_what_newcomers_write(wrong: str, code: str, help: str, right: str) -> None:
    """Each is told once, and what it was meant to be is written by `--fix`."""
    text = room(f"request vote\n{wrong}")
    found = loaded(text).diagnostics
    assert [(each.code, each.help) for each in found][:1] == [(code, help)]
    assert not [each for each in found[1:] if each.code[1:3] == "01"]
    done = repaired(text)
    assert done.text == room(f"request vote\n{right}")


def test_names_without_quotes_do_not_hide_the_rest() -> None:
    text = "language 1\nuse standard\nroom Quiz extends standard {\n  reqest vote\n}\n"
    assert codes(text) == ["E0101"] * 3
    done = repaired(text, "a.room")
    assert done.text == (
        'language 1\nuse "standard"\nroom "Quiz" extends standard {\n  request vote\n}\n'
    )
