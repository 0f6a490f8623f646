"""Texts at the server's doors: whatever comes, people are told clean names and lines, and what
belongs to the game itself stays as it was sent."""

from __future__ import annotations

import pytest

from gameroom.texts import clean_line, clean_name
from tests.server.table import Person, Table

HOSTILE = [
    "\u3164",
    "Jose\u0301",
    "می\u200cخواهم",
    "👨\u200d👩\u200d👧\u200d👦",
    "\u202eevil\u202c",
    "\u2067evil",
    "one\ntwo\u2028three",
    "\x1b]0;owned\x07",
    "Z" + "\u0301" * 60,
    "\ue000\uffff\ufff9x\ufffb\u0000",
    "\u200b" * 100 + "x",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
async def test_every_door_takes_or_refuses_a_text(table: Table, text: str) -> None:
    made = await table.create()
    room = made["id"]
    ann = await (await table.join(room, "ann")).connect()
    wish = {"name": text, "team": text[:64]}
    entered = await table.client.post(f"/rooms/{room}/players", json=wish)
    assert entered.status in (201, 422), await entered.text()
    is_in = entered.status == 201
    other = Person(table, room, **await entered.json()) if is_in else await table.join(room, "bob")
    bob = await other.connect()
    answers = {
        path: await ann.ask(method, path, body)
        for method, path, body in (
            ("POST", "/chat", {"text": text}),
            ("PUT", "/setup/notes", text),
            ("POST", "/requests/surrender", {"text": text}),
            ("PUT", "/turns/1", {"commands": [{"name": "shout", "body": {"text": text}}]}),
            ("GET", f"/turns/{text[:20]}", None),
        )
    }
    assert all(one["status"] < 500 for one in answers.values()), answers
    assert answers["/setup/notes"]["status"] == 200
    await bob.until("setup", settings={"map": "plains", "gold": 300, "notes": text})
    for line in (ann, bob):
        assert (await line.ask("PUT", "/players/me/ready"))["status"] == 204
    await bob.state("setup.starting")
    refused = await bob.ask("PUT", "/players/me/engine", {"refused": [text, "as it is"]})
    assert refused["status"] == 204, refused
    await ann.until("refused")
    for event in ann.events:
        body = event["body"]
        if event["event"] == "chat":
            assert clean_line(body["text"]) == body["text"] != ""
        if event["event"] == "refused":
            assert [clean_line(one) for one in body["reasons"]] == body["reasons"]
        if event["event"] == "roster":
            assert all(clean_name(row["name"]) == row["name"] for row in body["seats"])


async def test_half_a_character_is_refused_at_every_door(table: Table) -> None:
    made = await table.create()
    ann = await (await table.join(made["id"], "ann")).connect()
    response = await table.client.post(
        f"/rooms/{made['id']}/players",
        data='{"name": "\\ud800"}',
        headers={"Content-Type": "application/json"},
    )
    assert response.status in (400, 422)
    for method, path, body in (
        ("POST", "/chat", '{"text": "\\ud800"}'),
        ("PUT", "/setup/notes", '"\\ud800"'),
    ):
        frame = f'{{"id": 900, "method": "{method}", "path": "{path}", "body": {body}}}'
        await ann.ws.send_str(frame)
        while "status" not in (answer := await ann.receive()):
            pass
        assert 400 <= answer["status"] < 500, answer
