"""One Chromium and one server for all browser tests; a fresh profile for each person."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from tests.browser.world import World, serve
from tests.patience import PATIENCE_MS

expect.set_options(timeout=PATIENCE_MS)

NAMES = ("chromium", "chromium-browser", "google-chrome")


ARGUMENTS = [
    # Nothing here is foreign, and in a container there is no sandbox to be had. Frames behind
    # others must not be slowed down, as these tests wait for what they play.
    "--no-sandbox",
    "--disable-renderer-backgrounding",
    "--disable-background-timer-throttling",
]


def chromium() -> str:
    """Where Chromium is."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    assert path is not None, "the browser tests need Chromium; on Debian: apt-get install chromium"
    return path


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def world(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    runner, address = await serve(tmp_path_factory.mktemp("server"))
    yield World(address, runner.app, browser)
    await runner.cleanup()
