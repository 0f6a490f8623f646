"""`gameroom replay FILE` serves this one file and the page that plays it."""

from __future__ import annotations

from pathlib import Path

from aiohttp.test_utils import TestClient, TestServer

from gameroom.cli.replay import add_replay
from gameroom.server.app import make_app
from gameroom.server.config import Config
from gameroom.server.host.stores import open_stores
from tests.replay.games import Game


async def test_the_page_finds_the_file_and_nothing_else(game: Game, tmp_path: Path) -> None:
    path = game.write(tmp_path / "x.replay")
    (tmp_path / "other").write_text("secret")
    config = Config()
    app = make_app(config, open_stores(config))
    add_replay(app, path)
    async with TestClient(TestServer(app)) as client:
        page = await client.get("/")
        assert str(page.url).endswith("/replay?file=1")
        assert "/web/replay.js" in await page.text()
        assert "script-src 'self'" in page.headers["Content-Security-Policy"]
        response = await client.get("/replay/file")
        assert await response.read() == game.bytes()
        assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert (await client.get("/replay/other")).status == 404
        # Nobody makes rooms here: there is no create key.
        assert (await client.post("/create", json={"game": "noughts"})).status == 401
