"""The games' views, each on a stage of its own: an engine, no room, and turns when we say so."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, async_playwright

ROOT = Path(__file__).resolve().parents[2]
KINDS = {".js": "text/javascript", ".html": "text/html"}
DAY = ["running", "running.iterating", "running.iterating.day"]
NIGHT = [*DAY[:2], "running.iterating.night"]
PLAYING = [*DAY[:2], "running.iterating.playing"]
OVER = [*DAY[:2], "running.iterating.over"]

pytestmark = pytest.mark.asyncio(loop_scope="module")
Stage = Callable[..., Coroutine[Any, Any, Page]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path is not None, "these tests need Chromium; on Debian: apt-get install chromium"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def stage(chromium: Browser) -> AsyncIterator[Stage]:
    """Opens a view: `await stage("noughts", seat=0, width=360)`."""
    contexts = []

    async def serve(route: Route) -> None:
        path = ROOT / urlsplit(route.request.url).path.lstrip("/")
        if path.is_file():
            kind = KINDS[path.suffix]
            await route.fulfill(body=path.read_text(encoding="utf-8"), content_type=kind)
        else:
            await route.fulfill(status=404)

    async def opened(
        game: str,
        *,
        seat: int | None = 0,
        width: int = 800,
        touch: bool = False,
        clock: bool = False,
        timers: bool = True,
        **more: Any,
    ) -> Page:
        size = {"width": width, "height": 600}
        context = await chromium.new_context(viewport=size, has_touch=touch)
        contexts.append(context)
        await context.route("**/*", serve)
        page = await context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        if clock:
            await page.clock.install(time=0)
        if not timers:  # what is put off until later never comes
            await page.add_init_script("window.setTimeout = () => 0")
        told = {"game": game, "seat": seat, **SETUPS[game], **more}
        where = f"http://stage.test/tests/rooms/stage.html#{quote(json.dumps(told))}"
        await page.goto(where)
        await page.wait_for_function("window.isReady")
        if clock:  # from here on time passes only by `run_for`
            await page.clock.pause_at(600)
            await page.clock.run_for(100)
        return page

    problems: list[str] = []
    yield opened
    for context in contexts:
        await context.close()
    assert problems == []


SETUPS: dict[str, dict[str, Any]] = {
    "noughts": {"setup": {"first": "seat order"}, "states": PLAYING},
    "archers": {"setup": {"map": "plains", "archers": 40}, "states": DAY},
}


async def sent(page: Page) -> list[dict[str, Any]]:
    """What the view has sent since it was last asked."""
    return await page.evaluate("window.sent.splice(0)")


def chosen(body: dict[str, Any]) -> list[int]:
    return [
        32 * word + bit
        for word, bits in enumerate(body["units"])
        for bit in range(32)
        if bits >> bit & 1
    ]


# -- noughts ------------------------------------------------------------------------------


async def test_a_click_asks_for_the_cell_and_shows_it_at_once(stage: Stage) -> None:
    page = await stage("noughts")
    assert await page.inner_text(".news") == "Your turn."
    await page.get_by_label("middle: empty").click()
    assert await sent(page) == [{"name": "place", "body": {"cell": 4}}]
    assert await page.locator(".asked").count() == 1, "pale until the engine has it"
    await page.get_by_label("top left: empty").click(force=True)
    assert await sent(page) == [], "one move at a time"
    await page.evaluate("turn([{seat: 0, name: 'place', body: {cell: 4}}])")
    assert await page.locator(".asked").count() == 0
    assert await page.inner_text(".news") == "bob's turn."
    await page.get_by_label("top left: empty").click(force=True)
    assert await sent(page) == [], "it is bob's turn"


async def test_a_refused_move_is_taken_back(stage: Stage) -> None:
    page = await stage("noughts")
    await page.get_by_label("middle: empty").click()
    await page.evaluate("view.refused({name: 'place', body: {cell: 4}, detail: 'no', allowed: []})")
    assert await page.get_by_label("middle: empty").count() == 1


async def test_noughts_is_played_by_keyboard(stage: Stage) -> None:
    page = await stage("noughts")
    await page.keyboard.press("Tab")
    for key in ("ArrowDown", "ArrowRight", "Enter"):
        await page.keyboard.press(key)
    assert await sent(page) == [{"name": "place", "body": {"cell": 4}}]


async def test_after_the_game_a_player_asks_for_another(stage: Stage) -> None:
    page = await stage("noughts")
    for n, cell in enumerate((0, 3, 1, 4, 2)):
        await page.evaluate(f"turn([{{seat: {n % 2}, name: 'place', body: {{cell: {cell}}}}}])")
    assert await page.inner_text(".news") == "You won."
    assert await page.locator(".strike").count() == 1
    assert await page.get_by_role("button", name="Play again").count() == 0, "not yet"
    await page.evaluate(f"states = {json.dumps(OVER)}; turn()")
    again = page.get_by_role("button", name="Play again")
    await again.focus()
    await page.evaluate("turn()")
    assert await again.evaluate("node => node === document.activeElement"), "turns keep the focus"
    await page.keyboard.press("Enter")
    assert await sent(page) == [{"name": "rematch", "body": {"choice": "again"}}]
    assert await again.count() == 0


async def test_a_watcher_of_noughts_has_nothing_to_press(stage: Stage) -> None:
    page = await stage("noughts", seat=None)
    assert await page.inner_text(".news") == "ann's turn."
    await page.get_by_label("middle: empty").click(force=True)
    await page.evaluate(f"states = {json.dumps(OVER)}; turn()")
    assert await page.get_by_role("button", name="Play again").count() == 0
    assert await sent(page) == []


# -- archers ------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [1280, 390])
async def test_the_first_frame_shows_the_field_the_archers_and_what_to_do(
    stage: Stage, width: int
) -> None:
    woods = {"map": "woods", "archers": 40}
    page = await stage("archers", setup=woods, width=width, touch=width < 560, timers=False)
    await page.evaluate("new Promise(requestAnimationFrame)")
    colours = await page.evaluate(
        """() => {
          const { data } = document.querySelector(".map canvas").getContext("2d").getImageData(0, 0, 96, 96);
          return new Set(Array.from({ length: 96 * 96 }, (_, n) => data.slice(4 * n, 4 * n + 3).join())).size;
        }"""  # noqa: E501 - a line of JavaScript
    )
    assert colours > 200, "meadows, woods and fords, not one flat colour"
    assert "The last army standing wins." in await page.inner_text(".news.shown")
    how = "then tap" if width < 560 else "then right-click"
    assert how in await page.inner_text(".news.shown")


async def test_what_to_do_is_not_told_to_whom_it_does_not_concern(stage: Stage) -> None:
    page = await stage("archers", seat=None)
    assert await page.locator(".news.shown").count() == 0


async def test_what_to_do_goes_soon_after_the_first_order(stage: Stage) -> None:
    page = await stage("archers", clock=True)
    await page.keyboard.press("a")
    await page.mouse.click(300, 500, button="right")
    await page.clock.run_for(3900)
    await page.evaluate("turn()")
    assert await page.locator(".news.shown").count() == 1
    await page.clock.run_for(200)
    await page.evaluate("turn()")
    assert await page.locator(".news.shown").count() == 0


async def pixels(page: Page, around: tuple[int, int] | None = None) -> str:
    """The field's canvas, or 40 x 40 pixels of it, as text."""
    x, y, size = (0, 0, 600) if around is None else (around[0] - 20, around[1] - 20, 40)
    return await page.evaluate(
        """([x, y, size]) => Array.from(document.querySelector(".field").getContext("2d")
             .getImageData(x, y, size, size).data).join()""",
        [x, y, size],
    )


async def looks_at(page: Page, x: int, y: int) -> None:
    """A click on the small map: the middle of the view is then this place of the field."""
    box = await page.locator(".map canvas").bounding_box()
    assert box is not None
    where = (box["x"] + x / 2048 * box["width"], box["y"] + y / 2048 * box["height"])
    await page.mouse.click(*where)


async def test_an_order_names_the_selected_and_is_marked_before_any_turn(stage: Stage) -> None:
    page = await stage("archers", clock=True)
    await page.keyboard.press("a")
    await page.clock.run_for(50)
    before = await pixels(page, (300, 500))
    await page.mouse.click(300, 500, button="right")
    await page.clock.run_for(50)
    (order,) = await sent(page)
    assert order["name"] == "move"
    assert chosen(order["body"]) == list(range(40))
    assert 0 <= order["body"]["x"] < 2048
    assert 0 <= order["body"]["y"] < 2048
    assert await pixels(page, (300, 500)) != before
    await page.clock.run_for(3000)
    assert await pixels(page, (300, 500)) == before, "the mark goes by itself"


async def test_a_box_selects_a_part_and_escape_nothing(stage: Stage) -> None:
    page = await stage("archers")
    middle = await page.evaluate("({x: scene().x[20] / 16, y: scene().y[20] / 16})")
    await looks_at(page, middle["x"], middle["y"])
    await page.mouse.move(360, 200)
    await page.mouse.down()
    await page.mouse.move(410, 400, steps=3)
    await page.mouse.up()
    await page.mouse.click(300, 500, button="right")
    (order,) = await sent(page)
    assert 0 < len(chosen(order["body"])) < 40
    await page.keyboard.press("Escape")
    await page.mouse.click(300, 500, button="right")
    assert await sent(page) == []


async def test_orders_to_run_to_halt_and_to_attack(stage: Stage) -> None:
    page = await stage("archers")
    await page.keyboard.press("a")
    await page.keyboard.down("Shift")
    await page.mouse.click(300, 300, button="right")
    await page.keyboard.up("Shift")
    await page.get_by_role("button", name="stand and shoot").click()
    enemy = await page.evaluate("({x: scene().x[60] / 16, y: scene().y[60] / 16})")
    await looks_at(page, enemy["x"], enemy["y"])
    await page.mouse.click(400, 294, button="right")
    run, halt, attack = await sent(page)
    assert run["name"] == "run"
    assert halt["name"] == "halt"
    assert attack["name"] == "attack"
    assert attack["body"]["target"] in range(40, 80)


async def test_a_finger_selects_and_orders(stage: Stage) -> None:
    page = await stage("archers", touch=True, width=390, clock=True)
    middle = await page.evaluate("({x: scene().x[20] / 16, y: scene().y[20] / 16})")
    for _ in range(4):
        await page.keyboard.press("+")
    await page.clock.run_for(1000)
    await looks_at(page, middle["x"], middle["y"])
    await page.touchscreen.tap(195, 296)
    assert await sent(page) == [], "the first tap selects"
    await page.touchscreen.tap(80, 450)
    (order,) = await sent(page)
    assert order["name"] == "move"
    assert len(chosen(order["body"])) > 5, "a finger takes the bunch"


async def test_a_watcher_of_archers_sees_all_and_orders_nothing(stage: Stage) -> None:
    page = await stage("archers", seat=None)
    await page.keyboard.press("a")
    await page.mouse.click(400, 300, button="right")
    await page.mouse.click(400, 300)
    assert await sent(page) == []
    assert await page.get_by_role("button").count() == 3, "two of zoom and the help"


async def test_archers_glide_through_a_turn_whatever_its_length(stage: Stage) -> None:
    page = await stage("archers", clock=True, turn_ms=500)
    await page.evaluate("turn([{seat: 0, name: 'run', body: {units: [255], x: 1024, y: 1024}}])")
    await page.clock.run_for(1000)
    await page.evaluate("turn()")
    seen = set()
    for _ in range(8):
        await page.clock.run_for(50)
        seen.add(await pixels(page))
    assert len(seen) == 8, "every look within the turn shows another picture"


async def test_the_night_is_told_and_darkens_the_field(stage: Stage) -> None:
    page = await stage("archers", clock=True)
    corner = (30, 300)
    day = [int(n) for n in (await pixels(page, corner)).split(",")]
    await page.evaluate(f"states = {json.dumps(NIGHT)}; turn()")
    await page.clock.run_for(4000)
    night = [int(n) for n in (await pixels(page, corner)).split(",")]
    assert sum(night) < 0.85 * sum(day)
    assert await page.inner_text(".sky") == "Night"
    assert "Night falls" in await page.inner_text(".news")


async def test_the_counts_of_the_armies_stand_beside_their_marks(stage: Stage) -> None:
    page = await stage("archers")
    rows = await page.locator(".tally li").all_inner_texts()
    assert [row.split() for row in rows] == [["ann", "40"], ["bob", "40"]]
    assert await page.locator(".tally li").first.get_attribute("title") == (
        "ann, disc: 40 of 40 archers"
    )


# -- both ---------------------------------------------------------------------------------


@pytest.mark.parametrize("game", ["noughts", "archers"])
async def test_it_fits_a_small_phone_and_fingers(stage: Stage, game: str) -> None:
    page = await stage(game, width=360, touch=True)
    wide = await page.evaluate("document.querySelector('#view > *').scrollWidth")
    assert wide <= 360
    boxes = [await button.bounding_box() for button in await page.get_by_role("button").all()]
    assert boxes
    for box in boxes:
        assert box is not None
        assert min(box["width"], box["height"]) >= 44
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360


@pytest.mark.parametrize("game", ["noughts", "archers"])
async def test_a_closed_view_leaves_nothing_behind(stage: Stage, game: str) -> None:
    page = await stage(game)
    await page.evaluate("view.close()")
    assert await page.evaluate("document.adoptedStyleSheets.length") == 0
    await page.keyboard.press("a")
    assert await sent(page) == []
