"""What browsers are served: pages, engines, the chart, each under its own policy."""

from __future__ import annotations

import pytest

from gameroom.server.http.pages import WEB
from tests.server.table import ENGINE, ROOM, Table

PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
HOSTILE = "export default 1; </script><script>alert(1)</script>"


async def test_a_browser_gets_the_page_and_a_script_the_json(table: Table) -> None:
    made = await table.create()
    page = await table.client.get(made["join"], headers=PAGE)
    assert page.status == 200
    assert page.content_type == "text/html"
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Vary"] == "Accept"
    assert await page.text() == (WEB / "join.html").read_text()
    for accept in ("application/json", "*/*"):
        told = await table.client.get(made["join"], headers={"Accept": accept})
        assert told.content_type == "application/json"


async def test_the_query_form_leads_a_browser_to_the_page(table: Table) -> None:
    made = await table.create()
    response = await table.client.get(
        "/join", params={"game_id": made["id"]}, headers=PAGE, allow_redirects=False
    )
    assert (response.status, response.headers["Location"]) == (303, made["join"])


async def test_the_page_of_no_room_says_404(table: Table) -> None:
    response = await table.client.get("/join/none", headers=PAGE)
    assert response.status == 404
    assert response.content_type == "text/html"


async def test_a_page_may_run_our_scripts_alone(table: Table) -> None:
    response = await table.client.get("/web/join.html")
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; ")
    host = f"{table.client.host}:{table.client.port}"
    assert f"connect-src 'self' ws://{host} wss://{host};" in policy
    assert "frame-ancestors 'self'" in policy
    assert "unsafe" not in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_the_sandbox_has_no_origin_and_no_network(table: Table) -> None:
    response = await table.client.get("/web/sandbox.html")
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-scripts; ")
    assert "allow-same-origin" not in policy
    assert "connect-src 'none'" in policy
    assert "default-src 'none'" in policy


async def test_a_host_that_is_none_gets_no_policy(table: Table) -> None:
    for host in ("evil.example; script-src *", "a b", "'unsafe-inline'"):
        response = await table.client.get("/web/join.html", headers={"Host": host})
        assert response.status == 400
        assert "Content-Security-Policy" not in response.headers


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("kit.js", "text/javascript"),
        ("sdk/session.js", "text/javascript"),
        ("style.css", "text/css"),
        ("join.html", "text/html"),
    ],
)
async def test_types_are_ours(table: Table, name: str, kind: str) -> None:
    response = await table.client.get(f"/web/{name}")
    assert response.status == 200
    assert response.content_type == kind


@pytest.mark.parametrize(
    "path",
    ["/web/", "/web/none.js", "/web/../__init__.py", "/web/%2e%2e/__init__.py",
     "/web/..%2f__init__.py", "/web//etc/passwd", "/web/.hidden.js", "/web/kit.js/", "/web/kit",
     "/web/kit.js%00.css", "/web/%2fetc%2fpasswd"],
)  # fmt: skip
async def test_only_files_of_the_folder(table: Table, path: str) -> None:
    from yarl import URL

    url = table.client.make_url("/").join(URL(path, encoded=True))
    response = await table.client.session.get(url)
    assert response.status == 404
    assert response.content_type == "application/problem+json"


async def test_an_engine_never_changes_and_is_no_document(table: Table) -> None:
    made = await table.create(room=ROOM, engine={"source": HOSTILE})
    response = await table.client.get(f"/engines/{made['engine']}")
    assert await response.text() == HOSTILE
    assert response.content_type == "text/javascript"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in response.headers["Cache-Control"]
    assert response.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.parametrize("name", ["0" * 64, "x", "..%2f..", "A" * 64])
async def test_no_such_engine(table: Table, name: str) -> None:
    await table.problem(await table.client.get(f"/engines/{name}"), 404)


async def test_the_chart_s_picture_is_drawn_once(table: Table) -> None:
    made = await table.create()
    first = await table.client.get(f"/rooms/{made['id']}/chart.svg")
    assert first.content_type == "image/svg+xml"
    assert 'id="state-running.iterating.day"' in await first.text()
    assert "sandbox" in first.headers["Content-Security-Policy"]
    again = await table.client.get(f"/rooms/{made['id']}/chart.svg")
    assert await again.read() == await first.read()


async def test_what_is_not_there_is_a_problem_too(table: Table) -> None:
    assert (await table.problem(await table.client.get("/none"), 404))["code"] == "no_such_resource"
    response = await table.client.delete("/create")
    assert (await table.problem(response, 405))["code"] == "no_such_method"
    assert response.headers["Allow"]


async def test_a_room_in_a_few_words(table: Table) -> None:
    made = await table.create()
    ann = await table.join(made["id"], "ann")
    await ann.connect()
    status = await (await table.client.get(f"/rooms/{made['id']}")).json()
    assert status["name"] == "duel"
    assert (status["players"], status["connected"], status["spectators"]) == (1, 1, 0)
    assert ann.user not in str(status)
    assert ENGINE not in str(status)
