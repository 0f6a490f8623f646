"""Engine and view in a real Chromium: neither page, cookie nor network can be reached.

The games here are hostile or wrong on purpose. What they try is counted twice: by what they
tell of it themselves, and by a server that waits in vain for anything to arrive.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Page, async_playwright

from gameroom.server import bodies
from gameroom.server.services import SERVICES
from tests.browser.conftest import ARGUMENTS, chromium
from tests.browser.people import Person, people
from tests.browser.world import World
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.asyncio(loop_scope="session")

ALONE = """
language 1
use "standard"
room "alone" extends standard {
  players 1..1
  setting size: int 1..9 = 3
  command poke { x: int 0..9 }
  policy pace { tick = 50 per second  turn = 20ms..40ms  ahead = 1 }
  extend state running.iterating { allow poke from player }
}
"""

ENGINE = """
export default (kit) => {
  let state = { sum: 0 };
  return {
    check: () => [],
    init() {},
    step({ generation }) { state.sum = (state.sum + generation) % 1000; },
    checksum: () => kit.checksum(state),
    snapshot: () => ({ ...state }),
    restore: (kept) => { state = { ...kept }; },
    scene: () => ({ ...state }),
  };
};
"""

SPIES = Path(__file__).parent / "spies"


@asynccontextmanager
async def evil() -> AsyncIterator[tuple[str, list[str]]]:
    """Another server on this machine, and all that ever arrives there."""
    heard: list[str] = []

    async def hear(request: web.Request) -> web.Response:
        heard.append(str(request.rel_url))
        return web.Response(text="", headers={"Access-Control-Allow-Origin": "*"})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", hear)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", heard
    finally:
        await runner.cleanup()


async def alone(world: World, engine: str, view: str | None = None, *, room: str = ALONE) -> str:
    made = await world.app[SERVICES].lobby.create(
        bodies.Create(
            room=room,
            engine=bodies.CodeBody(source=engine),
            view=None if view is None else bodies.CodeBody(source=view),
        )
    )
    return made.id


@asynccontextmanager
async def playing(world: World, room: str, more: str = "") -> AsyncIterator[tuple[Person, Page]]:
    """One person in a room of one, whose page has done all that it does by itself."""
    async with people(world) as context:
        page = await context.new_page()
        person = Person(page, "ann")
        await page.goto(f"{world.address}/join/{room}?name=ann&auto=1&dev=1{more}")
        yield person, page


async def told(page: Page) -> dict[str, Any]:
    """What the view wrote, once everything that it began has come to an end."""
    out = page.frame_locator(".gameroom-frame").locator("pre")
    await out.wait_for()
    frame = next(one for one in page.frames if one.url.endswith("/web/sandbox.html"))
    await frame.wait_for_function(
        """() => {
          const { later, scene } = JSON.parse(document.querySelector('pre').textContent);
          return Object.keys(later).length >= 5 && Object.keys(scene.later).length === 3;
        }""",
    )
    said: dict[str, Any] = json.loads(await out.inner_text())
    return said


async def test_neither_page_cookie_nor_network_can_be_reached(world: World):
    async with evil() as (address, heard):
        own: list[str] = []

        def spy(name: str) -> str:
            source = (SPIES / name).read_text(encoding="utf-8")
            return source.replace("EVIL", address).replace("OWN", world.address)

        room = await alone(world, spy("engine.js"), spy("view.js"))
        async with playing(world, room) as (person, page):
            page.on("requestfinished", lambda request: own.append(request.url))
            said = await told(page)
            await person.plays(30)
            cookies = await page.context.cookies(f"{world.address}/rooms/{room}")
            assert [cookie["httpOnly"] for cookie in cookies] == [True], "there was one to take"
            assert await person.seat("seat.status") == "live"
            assert page.url.startswith(world.address)
        assert heard == []
        assert [url for url in own if "from=" in url or "own-" in url] == []
    reached = said["scene"]["found"] | said["found"]
    assert {name: how for name, how in reached.items() if how.startswith("got")} == {}
    assert set(said["scene"]["later"].values()) == {"threw"}
    assert said["scene"]["works"] == [7, True, 1], "what an engine needs is there"
    assert set(said["later"].values()) == {"threw"}
    assert said["seat"] == 0


async def test_not_even_a_connection_goes_out(world: World, tmp_path: Path):
    """A view that wants no answer is content with a bare connection: no way makes one. The page
    around it makes one in the end, which shows that this browser does what it is asked."""
    source = (SPIES / "connections.js").read_text(encoding="utf-8")
    ways = re.findall(r'^  "?(\w[\w ]*)"?: \(to\) =>', source, re.M)
    arrived: list[str] = []
    async with AsyncExitStack() as stack:
        to = {way: await stack.enter_async_context(listening(way, arrived)) for way in ways}
        later = await stack.enter_async_context(listening("the page", arrived))
        view = source.replace("ADDRESSES[", f"({json.dumps(to)})[")
        room = await alone(world, ENGINE, view)
        page = await stack.enter_async_context(connecting(tmp_path))
        await page.goto(f"{world.address}/join/{room}?name=ann&auto=1&dev=1")
        frame = page.frame_locator(".gameroom-frame")
        await frame.locator("a").wait_for()
        inner = next(one for one in page.frames if one.url.endswith("/web/sandbox.html"))
        await inner.wait_for_function(f"document.title === 'tried {len(ways)}'")
        await frame.locator("a").click(no_wait_after=True)
        await page.evaluate(
            """(href) => {
              const link = document.createElement("link");
              document.head.append(Object.assign(link, { rel: "preconnect", href }));
            }""",
            later,
        )
        async with asyncio.timeout(PATIENCE_S):
            while "the page" not in arrived:
                await asyncio.sleep(0.01)
    assert len(ways) > 20
    assert arrived == ["the page"]


@asynccontextmanager
async def listening(name: str, arrived: list[str]) -> AsyncIterator[str]:
    """An address; its name is noted with every connection that arrives, whatever comes by it."""

    async def arrive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.append(name)
        writer.close()

    async with await asyncio.start_server(arrive, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@asynccontextmanager
async def connecting(profile: Path) -> AsyncIterator[Page]:
    """A page in a browser that connects ahead of need. Most do; some distributions turn it off."""
    (profile / "Default").mkdir()
    wish = {"net": {"network_prediction_options": 0}}
    (profile / "Default" / "Preferences").write_text(json.dumps(wish), encoding="utf-8")
    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            profile, executable_path=chromium(), args=ARGUMENTS
        )
        yield await context.new_page()
        await context.close()


async def test_a_view_that_sends_without_end_freezes_nothing(world: World):
    view = """export default (root, { send }) => {
      const out = root.appendChild(document.createElement("pre"));
      let sent = 0;
      for (let tried = 0; tried < 2_000_000; tried++) sent += send("poke", { x: tried % 10 });
      out.textContent = sent;
      return { show() {} };
    };"""
    async with playing(world, await alone(world, ENGINE, view)) as (person, page):
        out = page.frame_locator(".gameroom-frame").locator("pre")
        assert await out.inner_text() == "64"
        await person.plays(20)
        assert (await person.seat("seat.meters().commands"))["sent"] == 64


async def test_a_missing_thing_says_why(world: World):
    room = await alone(world, ENGINE.replace("init() {}", "init() { Date.now(); }"))
    async with playing(world, room) as (person, page):
        await person.reads("The engine failed: Date: an engine has no clock")
        await person.is_in("setup.gathering")
        assert await page.locator("#reasons li").count() == 1


async def test_a_view_that_leaves_takes_nothing_along(world: World):
    """The page's policy stops a frame that would go elsewhere; the game is over with it."""
    async with evil() as (address, heard):
        view = f"export default () => {{ location = '{address}/gone'; return {{ show() {{}} }}; }};"
        async with playing(world, await alone(world, ENGINE, view)) as (person, _):
            await person.reads("its view navigated away from its frame")
            assert heard == []


@pytest.mark.parametrize("part", ["engine", "kit"])
async def test_code_that_is_not_what_the_room_says_is_not_run(world: World, part: str):
    room = await alone(world, ENGINE)
    async with people(world) as context:
        page = await context.new_page()
        picture = await (await page.request.get(f"{world.address}/join/{room}")).json()
        url = picture[part]["url"]
        await page.route(f"**{url}", lambda route: route.fulfill(body=ENGINE + "// altered"))
        await page.goto(f"{world.address}/join/{room}?name=ann&auto=1")
        await page.get_by_text("does not match the hash that the room gives").wait_for()


async def test_a_setup_that_the_engine_refuses_is_shown_with_its_reasons(world: World):
    check = "check: ({ setup }) => (setup.size > 5 ? ['too large', 'for this field'] : []),"
    room = await alone(world, ENGINE.replace("check: () => [],", check))
    async with people(world) as context:
        page = await context.new_page()
        person = Person(page, "ann")
        await page.goto(f"{world.address}/join/{room}?name=ann&dev=1")
        await page.get_by_role("button", name="Join").click()
        await page.get_by_label("size").fill("7")
        await page.get_by_label("size").press("Tab")
        await person.until("seat.setup.size === 7")
        await page.get_by_role("button", name="I am ready").click()
        await person.reads("too large")
        assert await page.locator("#reasons li").all_inner_texts() == [
            "too large",
            "for this field",
        ]
        await page.get_by_label("size").fill("4")
        await page.get_by_label("size").press("Tab")
        await person.until("seat.setup.size === 4")
        await page.get_by_role("button", name="I am ready").click()
        await person.plays(10)


async def test_an_engine_that_fails_is_named_with_its_turn(world: World):
    fails = ENGINE.replace(
        "step({ generation }) {", "step({ generation }) { if (generation === 9) state.none.x = 1;"
    )
    async with playing(world, await alone(world, fails)) as (person, page):
        await person.reads("The game's engine failed at turn 9")
        assert await page.get_by_role("button", name="Reload the game").is_visible()


async def test_the_sync_test_names_what_a_snapshot_does_not_hold(world: World):
    hidden = ENGINE.replace("let state", "let hidden = 0; let state").replace(
        "step({ generation }) {", "step({ generation }) { hidden += 1; state.drift = hidden % 7;"
    )
    async with playing(world, await alone(world, hidden), "&sync=1") as (person, _):
        await person.reads("the turn has a different result after a restore (drift)")


async def test_the_sync_test_names_what_depends_on_the_order_of_keys(world: World):
    walks = ENGINE.replace("{ sum: 0 }", "{ sum: 0, order: '', zed: 1, abe: 2 }").replace(
        "step({ generation }) {",
        "step({ generation }) { if (generation > 5) state.order = Object.keys(state).join();",
    )
    async with playing(world, await alone(world, walks), "&sync=1") as (person, _):
        await person.reads("turn 6: the turn has a different result after a restore (order)")


async def test_a_state_that_cannot_be_kept_is_told_when_the_room_loads(world: World):
    unfit = ENGINE.replace("{ sum: 0 }", "{ sum: 0, units: [{ x: -0 }] }")
    async with playing(world, await alone(world, unfit)) as (person, page):
        await person.reads("The engine's state cannot be saved: units[0].x: minus zero")
        await person.is_in("setup.gathering")
        assert await page.locator("#reasons li").count() == 1


async def test_a_state_that_becomes_so_later_costs_that_snapshot_alone(world: World):
    unfit = ENGINE.replace(
        "step({ generation }) {", "step({ generation }) { state.x = generation === 20 ? 0.5 : 0;"
    ).replace("kit.checksum(state)", "kit.hash32([state.sum])")
    often = ALONE.replace("  policy pace", "  policy snapshots { every = 20 turns }\n  policy pace")
    async with playing(world, await alone(world, unfit, room=often)) as (person, page):
        await person.reads("the engine's state at turn 20 cannot be saved, so nobody can continue")
        await person.reads("x: 0.5 is not a whole number")
        await person.plays(60)
        assert await page.get_by_text("cannot be saved").count() == 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("import './more.js';", "engine.js, line 1, column 1: an engine is one file"),
        (
            "const a = (b) => b ** 2;",
            "engine.js, line 1, column 20: browsers round `**` differently",
        ),
        ("const a = (b) => /\\p{L}/u.test(b);", "engine.js, line 1, column 18: \\p{...} depends"),
    ],
)
async def test_what_browsers_would_run_differently_is_told_by_its_line(
    world: World, line: str, said: str
):
    async with playing(world, await alone(world, line + ENGINE)) as (_, page):
        await page.locator("#reasons li").get_by_text(said).wait_for()


async def test_the_sync_test_is_content_with_an_honest_engine(world: World):
    async with playing(world, await alone(world, ENGINE), "&sync=1") as (person, page):
        await person.plays(50)
        assert await page.get_by_text("sync test").count() == 0


async def test_a_corrupted_engine_is_found_out(world: World):
    async with playing(world, await alone(world, ENGINE)) as (person, _):
        await person.plays(10)
        before = await person.seat("seat.dev.snapshot()")
        assert (await person.seat("seat.dev.corrupt()"))["path"] == "sum"
        after = await person.seat("seat.dev.snapshot()")
        assert before["checksum"] != after["checksum"]
