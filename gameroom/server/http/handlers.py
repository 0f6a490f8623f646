"""What each HTTP route does; the names are those of `routes.py`.

Knows requests and responses; what a room answers is in `answers.py`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ParamSpec, TypeVar, cast

import msgspec
from aiohttp import web
from msgspec import UNSET

from gameroom.language import CODES
from gameroom.language.diagnostics.pages import story
from gameroom.model import RoomFile
from gameroom.room import inputs
from gameroom.room.snapshots import STATE_BYTES_MAX
from gameroom.server import auth
from gameroom.server.admission import Admission
from gameroom.server.allowances import (
    BYTES_PER_US,
    HTTP_US,
    PIECE_US,
    SOCKET_US,
    Allowance,
    Allowances,
    message_bytes,
)
from gameroom.server.config import Config
from gameroom.server.host.desyncs import PARTS_BYTES_MAX
from gameroom.server.host.jobs import drawn
from gameroom.server.host.lobby import Lobby
from gameroom.server.host.rounds import BusyError, Rounds
from gameroom.server.host.runner import Runner
from gameroom.server.host.worker import WorkerError
from gameroom.server.http import bodies, pages, replays
from gameroom.server.http.answers import (
    Answer,
    Question,
    RefusedAnswerError,
    answer,
    of_reply,
    place,
    refuse,
    whole,
)
from gameroom.server.http.asyncapi import asyncapi
from gameroom.server.http.exchange import (
    NO_STORE,
    PACED,
    RECKONED,
    Handler,
    answer_response,
    json_response,
    problem_response,
    read_as,
    read_body,
    read_bytes,
)
from gameroom.server.http.openapi import openapi
from gameroom.server.http.routes import Route
from gameroom.server.rates import Rates
from gameroom.server.socket import dispatch as fastpath
from gameroom.server.socket.connection import BUSY, BUSY_STEP_S, UNKNOWN, Connection, Door, too_much
from gameroom.store import Journal, StoreFailedError
from gameroom.wire import JSON, SUBPROTOCOLS, Codec

log = logging.getLogger(__name__)

T = TypeVar("T")
P = ParamSpec("P")

ALLOWANCE: web.RequestKey[Allowance] = web.RequestKey("allowance", Allowance)
"""What a request is paid from."""

LATE_S = 1.0
"""How late a refusal is that comes after too many of them: who does not heed them asks no more
often than that on each connection."""

FREE = frozenset(("/livez", "/readyz"))
"""Who watches over the server comes from the proxy's address, as others may."""

NOWHERE_FILE = RoomFile("")
"""For the frames of a socket to no room, which learns only after its hello."""


class Handlers:
    """One method per route of the server, and one for all routes of rooms."""

    def __init__(
        self,
        config: Config,
        lobby: Lobby,
        admission: Admission,
        rounds: Rounds,
        *,
        loop: asyncio.AbstractEventLoop,
        fast: bool,
    ) -> None:
        limits = config.limits
        self._limits = limits
        self._config = config
        self._lobby = lobby
        self._admission = admission
        self._loop = loop
        self._fast = fast
        self._pictures: dict[str, str] = {}
        self._openapi = msgspec.Raw(msgspec.json.encode(openapi()))
        self._asyncapi = msgspec.Raw(msgspec.json.encode(asyncapi()))
        addresses = limits.addresses_max
        self._joins = Rates(limits.joins_per_minute, limits.joins_burst, addresses)
        self._creates = Rates(limits.creates_per_minute, limits.creates_per_minute, addresses)
        self._allowances = Allowances(limits)
        self._rounds = rounds
        self._door = Door(
            limits,
            lobby.who,
            lobby.admit,
            lobby.can_start,
            self._now,
            self._allowances,
            self._rounds,
        )

    def _now(self) -> int:
        return int(self._loop.time() * 1000)

    # -- who pays ----------------------------------------------------------------------

    @web.middleware
    async def paid(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Every request waits for its turn and is paid for. Raises RefusedError."""
        payer, allowance = self._payer(request)
        request[ALLOWANCE] = allowance
        request[RECKONED] = lambda make: self._reckoned(request, make)
        request[PACED] = lambda size: self._paced(payer, allowance, size)
        try:
            await self._rounds.turn(payer, least_us=HTTP_US)
        except BusyError:
            raise RefusedAnswerError(BUSY) from None
        if request.path not in FREE:
            if wait := allowance.work_us.wait(self._now()):
                if allowance.refusals.take(self._now()):
                    await asyncio.sleep(LATE_S)
                raise RefusedAnswerError(too_much(wait))
            allowance.work_us.charge(self._now(), HTTP_US)
        try:
            response = await handler(request)
        finally:
            if not request.content.is_eof():
                self._charge_unread(request, allowance)
        if isinstance(response, web.Response) and isinstance(response.body, bytes):
            allowance.work_us.charge(self._now(), len(response.body) // BYTES_PER_US)
        return response

    def _charge_unread(self, request: web.Request, allowance: Allowance) -> None:
        """Whoever announced a body that nobody wants pays for it as if it had come."""
        most = self._limits.upload_bytes_max
        size = most if request.content_length is None else min(request.content_length, most)
        allowance.work_us.charge(self._now(), size // BYTES_PER_US)

    async def _paced(self, payer: str, allowance: Allowance, size: int) -> None:
        """A piece of a long body is here or sent: the next one follows when this one is paid for,
        in its turn."""
        cost_us = PIECE_US + size // BYTES_PER_US
        allowance.work_us.charge(self._now(), cost_us)
        while wait := allowance.work_us.wait(self._now()):
            await asyncio.sleep(wait / 1000)
        try:
            await self._rounds.turn(payer, least_us=cost_us)
        except BusyError:
            await asyncio.sleep(BUSY_STEP_S)

    def _payer(self, request: web.Request) -> tuple[str, Allowance]:
        """A session of the room pays for itself; for all others their address does."""
        runner = self._lobby.rooms.running.get(request.match_info.get("id", ""))
        if runner is not None and (who := self._member(request, runner)) is not None:
            allowance = self._allowances.of_session(runner.id, who, runner.room.file)
            return f"session {runner.id} {who}", allowance
        address = auth.address(request, self._config.proxies)
        return address, self._allowances.of_address(address)

    def _reckoned(self, request: web.Request, make: Callable[[], T]) -> T:
        """What `make` makes, at the cost of whoever asks."""
        began = self._rounds.clock_us()
        try:
            return make()
        finally:
            request[ALLOWANCE].work_us.charge(self._now(), self._rounds.clock_us() - began)

    # -- who may ---------------------------------------------------------------------

    def _polite(self, request: web.Request, rates: Rates | None = None) -> None:
        """Raises RefusedError for pages of other origins, and for too much at once."""
        if not auth.origin_fits(request, self._config.origins):
            raise refuse(403, "wrong_origin", "Pages of this origin may not use this server.")
        address = auth.address(request, self._config.proxies)
        if rates is not None and (wait := rates.take(address, self._now())):
            raise RefusedAnswerError(too_much(wait))

    def _keyed(self, request: web.Request) -> None:
        if not auth.opens(self._config.create_keys, auth.bearer(request)):
            raise refuse(401, "no_create_key", "This needs `Authorization: Bearer <create key>`.")

    def _member(self, request: web.Request, runner: Runner) -> str | None:
        """The user behind the request's session, where that user has a place."""
        token = auth.session_token(request)
        who = None if token is None else self._lobby.who(runner.id, token)
        return who if who is not None and runner.room.member(who) else None

    async def _room(self, request: web.Request) -> Runner:
        return await self._lobby.rooms.find(request.match_info["id"])

    # -- making and joining ------------------------------------------------------------

    async def create(self, request: web.Request) -> web.StreamResponse:
        self._polite(request, self._creates)
        self._keyed(request)
        made = await self._lobby.create(await read_bytes(request, self._limits.upload_bytes_max))
        response = json_response(made, 201)
        response.headers["Location"] = made.join
        return response

    async def join_page(self, request: web.Request) -> web.StreamResponse:
        return await self._join(request, request.match_info["id"])

    async def join_query(self, request: web.Request) -> web.StreamResponse:
        room = request.query.get("game_id", "")
        if _wants_page(request) and self._lobby.rooms.may_be(room):
            raise web.HTTPSeeOther(f"/join/{room}")
        return await self._join(request, room)

    async def _join(self, request: web.Request, room: str) -> web.StreamResponse:
        self._polite(request)
        if _wants_page(request):
            status = 200 if self._lobby.rooms.may_be(room) else 404
            response: web.StreamResponse = pages.file_response(
                request, "join.html", fresh=True, status=status
            )
        else:
            runner = await self._lobby.rooms.find(room)
            response = self._reckoned(request, lambda: json_response(_join_picture(runner)))
        response.headers["Vary"] = "Accept"
        return response

    async def players_add(self, request: web.Request) -> web.StreamResponse:
        self._polite(request)
        runner = await self._room(request)
        profile = auth.profile(request)
        if profile is None:
            raise refuse(400, "bad_profile", "A profile is 1 to 16 of a-z and 0-9.")
        wish = await read_as(bodies.JoinBody, request, self._config.limits.body_bytes_max)
        who = self._member(request, runner)
        if who is not None:
            return json_response(place(runner.room.hello(who)))
        if not self._lobby.repeats(runner, wish):
            self._polite(request, self._joins)
        taken = await self._lobby.join(runner, wish)
        assert isinstance(taken.token, str)
        browser = auth.is_browser(request)
        response = json_response(replace(taken, token=UNSET) if browser else taken, 201)
        response.headers["Location"] = f"/rooms/{runner.id}/players/me"
        if browser:
            auth.set_cookie(
                response,
                profile,
                taken.token,
                runner.id,
                secure=auth.is_secure(request),
            )
        return response

    # -- rooms -------------------------------------------------------------------------

    def room_route(self, route: Route) -> Any:
        """The handler of one of a room's routes over HTTP."""

        async def handler(request: web.Request) -> web.StreamResponse:
            self._polite(request)
            runner = await self._room(request)
            who = self._member(request, runner)
            if who is None:
                return problem_response(UNKNOWN)
            path = request.path.removeprefix(f"/rooms/{runner.id}")
            body = await read_body(request, message_bytes(runner.room.file, self._limits))
            runner = await self._still(request, who)
            question = Question(
                runner,
                who,
                request.method,
                path,
                runner.codecs[JSON],
                self._limits,
                body,
                dict(request.query),
                can_start=self._lobby.can_start(),
            )
            said = self._reckoned(request, lambda: answer(question))
            response = answer_response(said)
            profile = auth.profile(request)
            if route.name == "leave" and said.problem is None and profile is not None:
                auth.drop_cookie(response, profile, runner.id)
            return response

        return handler

    async def status(self, request: web.Request) -> web.StreamResponse:
        self._polite(request)
        runner = await self._room(request)
        shown = runner.shown()
        seats = shown.roster.seats
        return json_response(
            bodies.RoomStatus(
                id=runner.id,
                name=runner.room.file.name,
                states=shown.chart.states,
                players=len(seats),
                connected=sum(row.connected for row in seats),
                spectators=shown.roster.spectators,
                seq=shown.seq,
                generation=shown.generation,
            )
        )

    async def end(self, request: web.Request) -> web.StreamResponse:
        self._polite(request)
        self._keyed(request)
        room = request.match_info["id"]
        if not self._lobby.rooms.may_be(room):
            raise self._lobby.rooms.absent()
        self._lobby.rooms.end(room)
        self._pictures.pop(room, None)
        return answer_response(Answer(204))

    # -- snapshots ---------------------------------------------------------------------

    async def _member_of(self, request: web.Request) -> tuple[Runner, str]:
        """The room, and the user who has a place in it. Raises RefusedError."""
        runner = await self._room(request)
        who = self._member(request, runner)
        if who is None:
            raise RefusedAnswerError(UNKNOWN)
        return runner, who

    async def snapshot_state(self, request: web.Request) -> web.StreamResponse:
        self._polite(request)
        runner, who = await self._member_of(request)
        generation = whole(request.match_info["generation"], "generation")
        latest = runner.snapshot_for(who)
        kept = [one for one, _ in runner.snapshots if one.generation == generation]
        state = None
        if latest is not None and kept and generation <= latest.generation:
            state = await asyncio.to_thread(runner.state, kept[0])
        if state is None:
            raise refuse(404, "no_snapshot", "No snapshot of this turn is kept.")
        response = web.Response(body=state, content_type="application/json", headers=NO_STORE)
        response.enable_compression()
        return response

    async def snapshot_send(self, request: web.Request) -> web.StreamResponse:
        self._polite(request)
        runner, who = await self._member_of(request)
        generation = whole(request.match_info["generation"], "generation")
        if (why := runner.room.unasked(who, generation)) is not None:
            raise RefusedAnswerError(why)
        state = await read_bytes(request, STATE_BYTES_MAX)
        sent = await asyncio.to_thread(inputs.with_hash, generation, state)
        runner = await self._still(request, who)
        reply = runner.receive(who, sent)
        if reply.problem is None and (why := await runner.kept()) is not None:
            raise RefusedAnswerError(why)
        return answer_response(of_reply(reply))

    async def _still(self, request: web.Request, who: str) -> Runner:
        """The room once more after a body was read: while it came, that person may have left,
        and the room may have ended or fallen asleep. Raises RefusedError."""
        runner = await self._room(request)
        if not runner.room.member(who):
            raise RefusedAnswerError(UNKNOWN)
        return runner

    # -- evidence ----------------------------------------------------------------------

    async def desyncs(self, request: web.Request) -> web.StreamResponse:
        self._polite(request)
        self._keyed(request)
        id_, cases = request.match_info["id"], self._lobby.desyncs
        kept = await asyncio.to_thread(_read, cases.store.of_room, id_)
        rows = tuple(
            bodies.DesyncRow(one.generation, one.bytes, one.at, f"{request.path}/{one.generation}")
            for one in kept
        )
        return json_response(bodies.DesyncList(rows, cases.coming(id_)))

    async def desync(self, request: web.Request) -> web.StreamResponse:
        self._polite(request)
        self._keyed(request)
        id_ = request.match_info["id"]
        generation = whole(request.match_info["generation"], "generation")
        data = await asyncio.to_thread(_read, self._lobby.desyncs.store.get, id_, generation)
        if data is None:
            raise refuse(404, "no_such_desync", "There is no report of this generation.")
        name = f'attachment; filename="{id_}-{generation}.desync"'
        headers = {**NO_STORE, "Content-Disposition": name}
        return web.Response(body=data, content_type="application/json", headers=headers)

    async def desync_parts(self, request: web.Request) -> web.StreamResponse:
        who, id_, generation = await self._witness(request)
        said = await read_as(bodies.Evidence, request, PARTS_BYTES_MAX)
        return json_response(self._lobby.desyncs.hear(id_, generation, who, said))

    async def desync_state(self, request: web.Request) -> web.StreamResponse:
        who, id_, generation = await self._witness(request)
        with self._lobby.desyncs.hearing(id_, generation, who) as take:
            take(await read_bytes(request, self._config.limits.desync_state_bytes_max))
        return answer_response(Answer(204))

    async def _witness(self, request: web.Request) -> tuple[str, str, int]:
        """Who speaks of which room and generation: maybe somebody whom the room has dropped."""
        self._polite(request)
        id_, token = (await self._room(request)).id, auth.session_token(request)
        who = None if token is None else self._lobby.who(id_, token)
        if who is None:
            raise RefusedAnswerError(UNKNOWN)
        return who, id_, whole(request.match_info["generation"], "generation")

    # -- replays -----------------------------------------------------------------------

    async def replay(self, request: web.Request) -> web.StreamResponse:
        self._polite(request)
        room = request.match_info["id"]
        if auth.opens(self._config.create_keys, auth.bearer(request)):
            async with self._lobby.journal_of(room) as (journal, file):
                return await self._replay(request, journal, file)
        runner, who = await self._member_of(request)
        if (why := replays.refused(runner, who)) is not None:
            raise why
        return await self._replay(request, runner.journal, runner.room.file)

    async def _replay(
        self, request: web.Request, journal: Journal, file: RoomFile
    ) -> web.StreamResponse:
        code = await replays.code_of(self._lobby, journal.header, file)
        return await replays.send(request, journal, code)

    async def replay_page(self, request: web.Request) -> web.StreamResponse:
        self._polite(request)
        return pages.file_response(request, "replay.html", fresh=True)

    # -- pictures and sockets ----------------------------------------------------------

    async def chart_picture(self, request: web.Request) -> web.StreamResponse:
        self._polite(request)
        runner = await self._room(request)
        id_ = runner.id
        if id_ not in self._pictures:
            try:
                picture = await self._lobby.worker.run(drawn, runner.room.file)
            except WorkerError as error:
                log.error("room %s has no picture: %s", id_, error)
                raise RefusedAnswerError(BUSY) from None
            while len(self._pictures) >= self._config.limits.rooms_max:
                self._pictures.pop(next(iter(self._pictures)))
            self._pictures[id_] = picture
        return web.Response(body=self._pictures[id_].encode(), headers=pages.PICTURE_HEADERS)

    async def socket(self, request: web.Request) -> web.StreamResponse:
        self._polite(request)
        request[ALLOWANCE].work_us.charge(self._now(), SOCKET_US)
        limits = self._config.limits
        subprotocol = _subprotocol(request)
        if not request.headers.get("Sec-WebSocket-Key", "").isascii():
            # aiohttp decodes it without a guard.
            raise refuse(400, "bad_request", "The handshake's key is not base64.")
        transport = request.transport
        if transport is None:
            raise web.HTTPBadRequest(text="the connection is gone")
        runner, absent = None, None
        try:
            runner = await self._room(request)
        except RefusedAnswerError as refused:
            if refused.problem.status != 404:
                absent = refused.problem
        session = self._session(request, runner)
        if session is None and self._admission.full:
            raise refuse(503, "server_busy", "The server is full.")
        connection = Connection(
            self._door,
            room=request.match_info["id"],
            runner=runner,
            absent=absent,
            codec=_codec(runner, subprotocol),
            token=auth.session_token(request),
            loop=self._loop,
            settled=lambda: self._settled(connection, socket, transport),
        )
        socket = fastpath.Socket(
            receiver=connection,
            fast=self._fast,
            protocols=SUBPROTOCOLS,
            first_bytes_max=limits.hello_bytes_max,
            message_bytes_max=limits.hello_bytes_max
            if runner is None
            else message_bytes(runner.room.file, limits),
            heartbeat_ms=limits.heartbeat_ms,
            close_timeout_ms=limits.close_timeout_ms,
            frames_per_round=limits.socket_frames_per_round,
            parsing=connection.parsing,
        )
        if session is not None and runner is not None:
            auth.renew_cookie(request, socket, runner.id)
        connection.start(transport)
        address = auth.address(request, self._config.proxies)
        self._admission.waits(transport, address, session, connection.give_way)
        try:
            await socket.prepare(request)
            await socket.run()
        finally:
            connection.stop()
            self._admission.lost(transport)
        return socket

    def _session(self, request: web.Request, runner: Runner | None) -> str | None:
        """A name for the session that a handshake shows, None where it shows none."""
        if runner is None:
            return None
        try:
            who = self._member(request, runner)
        except RefusedAnswerError:  # The sessions cannot be read now.
            return None
        return None if who is None else f"{runner.id} {who}"

    def _settled(
        self, connection: Connection, socket: fastpath.Socket, transport: asyncio.Transport
    ) -> None:
        """A socket has said who it is, or is gone."""
        if connection.open:
            socket.raise_limit()
            self._admission.spoke(transport)

    # -- files and documents -----------------------------------------------------------

    async def engine_source(self, request: web.Request) -> web.StreamResponse:
        self._polite(request)
        sha256 = request.match_info["sha256"]
        data = await self._lobby.code(sha256) if _is_sha256(sha256) else None
        if data is None:
            raise refuse(404, "no_such_code", "No code of this sha256 is stored.")
        return web.Response(body=data, headers=pages.ENGINE_HEADERS)

    async def diagnostic_page(self, request: web.Request) -> web.StreamResponse:
        self._polite(request)
        code = request.match_info["code"]
        if code not in CODES:
            raise refuse(404, "no_such_resource", "No diagnostic has this code.")
        return web.Response(text=story(code))

    async def web_file(self, request: web.Request) -> web.StreamResponse:
        return pages.file_response(request, request.match_info["file"])

    async def openapi(self, request: web.Request) -> web.StreamResponse:
        return json_response(self._openapi)

    async def asyncapi(self, request: web.Request) -> web.StreamResponse:
        return json_response(self._asyncapi)

    async def livez(self, request: web.Request) -> web.StreamResponse:
        return json_response(bodies.Health(True, "alive"))

    async def readyz(self, request: web.Request) -> web.StreamResponse:
        """What the last check found: asking this costs the store nothing."""
        problem = self._lobby.down
        if problem is not None:
            return json_response(bodies.Health(False, problem.detail), 503)
        return json_response(bodies.Health(True, "games can be started"))


def _read(ask: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What the store of reports says. Raises RefusedError where it cannot be read."""
    try:
        return ask(*args, **kwargs)
    except StoreFailedError as error:
        raise refuse(503, "no_desync_store", f"The reports cannot be read: {error}.") from error


def _wants_page(request: web.Request) -> bool:
    """Browsers that open an address name text/html; programs and scripts do not."""
    return "text/html" in request.headers.get("Accept", "")


def _is_sha256(said: str) -> bool:
    return len(said) == 64 and all(char in "0123456789abcdef" for char in said)


def _subprotocol(request: web.Request) -> str:
    """The first one offered that we speak. Refused before the upgrade where there is none."""
    offered = request.headers.get("Sec-WebSocket-Protocol", "")
    for name in offered.split(","):
        if name.strip() in SUBPROTOCOLS:
            return name.strip()
    raise refuse(
        400, "no_subprotocol", "Offer one of the subprotocols " + ", ".join(SUBPROTOCOLS) + "."
    )


def _codec(runner: Runner | None, subprotocol: str) -> Codec:
    return Codec(subprotocol, NOWHERE_FILE) if runner is None else runner.codecs[subprotocol]


def _link(sha256: str) -> bodies.CodeLink:
    return bodies.CodeLink(f"/engines/{sha256}", sha256)


def _join_picture(runner: Runner) -> bodies.JoinPicture:
    room, header, shown = runner.room, runner.journal.header, runner.shown()
    return bodies.JoinPicture(
        id=runner.id,
        name=room.file.name,
        doc=room.file.doc,
        states=shown.chart.states,
        engine=_link(header.engine),
        view=None if header.view is None else _link(header.view),
        kit=None if header.kit is None else _link(header.kit),
        seed=header.seed,
        setup=shown.setup.settings,
        roster=shown.roster,
        definition=cast(bodies.Definition, runner.definition),
        socket=f"/rooms/{runner.id}/socket",
        seq=shown.seq,
        generation=shown.generation,
        turn_ms=shown.turn_ms,
        ahead=shown.ahead,
    )
