"""What an operator may set, each value checked before anything listens.

Knows no file format and no command line: `cli/serve.py` fills it. Keys are kept as
their SHA-256 only, so a printed or dumped configuration gives nothing away.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args
from urllib.parse import urlsplit

from gameroom.store import Durability

CREATE_KEY_BYTES_MIN = 16
CREATE_KEYS_MAX = 64


class ConfigError(ValueError):
    """A setting is wrong; the text is for the operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Everything that others can make the server hold or do. The unit comes last."""

    rooms_max: int = 1000
    """Rooms that are awake; beyond it none is made."""
    rooms_kept_max: int = 10_000
    """All rooms, asleep ones too."""
    wake_wait_ms: int = 2000
    """How long a request waits for a room that is waking up."""
    waking_max: int = 4
    """Rooms that are waking up at the same time."""
    places_per_room_max: int = 1024
    """Seats and places to watch that a room file may ask for: each is a socket."""
    connections_max: int = 10_000
    """TCP connections, fewer where the process may not have so many descriptors."""
    connections_reserved: int = 64
    """Of those, for requests and for players who come back: sockets of newcomers are refused
    when no others are left."""
    silent_connections_max: int = 1024
    """Connections that have not said hello: beyond it silent ones give way."""
    silent_per_address_max: int = 256
    silent_returning_max: int = 4096
    """Sockets with a known session that have not said hello."""
    silent_per_session_max: int = 4
    request_timeout_ms: int = 10_000
    """From the accepted connection to the end of its first request's headers."""
    keepalive_ms: int = 75_000
    """From a response to the end of the next request's headers."""
    body_timeout_ms: int = 60_000
    """From a request's headers to the end of its body."""
    unread_timeout_ms: int = 30_000
    """A response of which nothing is read for this long ends its connection."""
    frame_bytes_max: int = 65_536
    hello_bytes_max: int = 4096
    hello_timeout_ms: int = 5000
    heartbeat_ms: int = 20_000
    """A peer that is silent so long is asked; half of it later it counts as gone."""
    upload_bytes_max: int = 4_194_304
    body_bytes_max: int = 65_536
    """HTTP bodies other than /create."""
    write_buffer_bytes_max: int = 1_048_576
    """A socket whose unread bytes pass this is closed with 4002."""
    tail_bytes_max: int = 524_288
    """Recent events that a room keeps in memory for those who come back."""
    tail_events_max: int = 256
    """Who lacks more events goes on from a snapshot instead, where there is one."""
    joins_per_minute: int = 30
    joins_burst: int = 200
    """New places per address; a whole class may come at once."""
    join_attempts_max: int = 10_000
    """Joins with an idempotency key that are remembered, each with its place."""
    join_attempts_kept_ms: int = 600_000
    """So long they are."""
    creates_per_minute: int = 60
    """Per address."""
    connects_per_minute: int = 30
    connects_burst: int = 30
    """How often a member's socket may be opened, however many sockets that takes."""
    session_ms_per_second: int = 20
    session_burst_ms: int = 200
    """The loop's time that the requests of one session may take."""
    address_ms_per_second: int = 100
    address_burst_ms: int = 4000
    """The loop's time that requests without a session may take, per address."""
    job_cpu_ms: int = 20_000
    job_memory_bytes: int = 1_073_741_824
    jobs_waiting_max: int = 32
    """Work of the worker process: room files, pictures of charts, desync reports."""
    slice_us: int = 500
    """The loop's time for answers in one round; then turns and sockets are served."""
    requests_waiting_max: int = 2000
    requests_waiting_per_payer_max: int = 300
    """Requests that wait for such a slice: in all, and of one session or address."""
    turns_per_answer_max: int = 16
    turns_bytes_max: int = 65_536
    """One answer to `GET /turns`; the next one goes on where it ends."""
    frames_per_second: int = 120
    frames_burst: int = 480
    """A member may send so many frames at once, e.g. after coming back, however many sockets
    that takes."""
    refusals_per_minute: int = 60
    refusals_burst: int = 100
    """How often a session or an address is refused and told to wait, before its sockets are closed
    and its HTTP answers come late."""
    request_bytes_max: int = 20_480
    """A frame, or the body of a room's request over HTTP; more where the packets of its room file
    are longer, up to `frame_bytes_max`. Reading a kilobyte may take 40 us of everybody's time."""
    socket_frames_per_round: int = 4
    """Frames of one socket that are taken before others are served."""
    hello_frames_max: int = 16
    """Frames of a socket that has not said who it is."""
    close_timeout_ms: int = 2000
    """So long a closed socket may take to say goodbye."""
    addresses_max: int = 10_000
    """Addresses whose rates are remembered."""
    ended_room_ms: int = 300_000
    """An ended room stays so long for those who want to see how it ended."""
    store_check_ms: int = 2000
    store_wait_ms: int = 2000
    """A call to the session store that could not begin by then is taken back; one that has begun
    waits as long for a lock of another process."""
    store_calls_waiting_max: int = 256
    desync_wait_ms: int = 10_000
    """So long evidence is taken of a generation whose checksums differ."""
    desync_state_wait_ms: int = 3000
    """So long whoever is asked for a state may take to send it; then another one is asked."""
    desync_state_bytes_max: int = 4_194_304
    """One state that a seat sends as evidence."""
    desync_states_max: int = 4
    """States in one report."""
    desyncs_open_max: int = 8
    """Desyncs of all rooms for which evidence is taken at the same time."""
    desyncs_per_room_max: int = 8
    """Reports that are kept of a room: its first ones."""
    desyncs_max: int = 200
    """Reports that are kept in all: the latest ones."""

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ConfigError(f"`{name}` is {value!r}; it must be a whole number, 1 or greater")
        if self.hello_bytes_max > self.frame_bytes_max:
            raise ConfigError("`hello_bytes_max` must not be greater than `frame_bytes_max`")
        if self.connections_reserved >= self.connections_max:
            raise ConfigError("`connections_reserved` must be less than `connections_max`")
        if self.job_memory_bytes < 1 << 28:
            raise ConfigError("`job_memory_bytes` must be at least 268435456 (256 MiB)")
        if self.frames_burst < self.frames_per_second:
            raise ConfigError("`frames_burst` must not be less than `frames_per_second`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """host, port: where to listen; port 0 takes a free one.

    data: the folder of journals, engines and the database; None keeps all in memory.
    create_keys: SHA-256 digests of the keys that open /create; empty opens it to nobody.
    origins: those under which browsers reach this server, exactly as they send them
    (`https://play.example`); the listener's own on loopback are known.
    proxies: addresses of proxies whose X-Forwarded-For is believed.
    durability: `process` survives a killed process, `disk` also a power cut.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    data: Path | None = None
    create_keys: tuple[bytes, ...] = ()
    origins: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    durability: Durability = "process"
    fast: bool = True
    """Dispatch at the moment a frame is parsed, where aiohttp allows it."""
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65_535:
            raise ConfigError(f"port {self.port} is not in the range 0 to 65535")
        if self.durability not in get_args(Durability):
            raise ConfigError(f"durability is {self.durability!r}; it must be `process` or `disk`")
        if any(len(digest) != 32 for digest in self.create_keys):
            raise ConfigError("a create key must be given as a SHA-256 digest of 32 bytes")
        for origin in self.origins:
            check_origin(origin)
        for proxy in self.proxies:
            _check_address(proxy)
        if not self.create_keys and not is_loopback(self.host):
            raise ConfigError(
                f"cannot listen on {self.host} without a create key: anyone on the network "
                "could create rooms. Use --create-key-file or set GAMEROOM_CREATE_KEYS"
            )


def is_loopback(host: str) -> bool:
    """Whether listening on `host` keeps the server on this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_origin(origin: str) -> None:
    """An origin is a scheme, a host and maybe a port, in lower case, and nothing after it."""
    parts = urlsplit(origin)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"origin {origin!r} is not valid; write it like https://play.example")
    if origin != f"{parts.scheme}://{parts.netloc}" or origin != origin.lower():
        raise ConfigError(f"origin {origin!r} must be only scheme, host and port, in lower case")
    if "@" in parts.netloc or "*" in parts.netloc:
        raise ConfigError(f"origin {origin!r} must name exactly one host")


def _check_address(proxy: str) -> None:
    try:
        ipaddress.ip_address(proxy)
    except ValueError as error:
        raise ConfigError(
            f"proxy {proxy!r} is not an IP address; write it like 127.0.0.1"
        ) from error


def create_keys(text: str) -> tuple[bytes, ...]:
    """Digests of the keys in a key file: one key per line, `#` starts a comment line."""
    lines = (line.strip() for line in text.splitlines())
    keys = [line for line in lines if line and not line.startswith("#")]
    for key in keys:
        if len(key.encode()) < CREATE_KEY_BYTES_MIN:
            raise ConfigError(
                f"a create key is too short; it needs at least {CREATE_KEY_BYTES_MIN} bytes"
            )
    if len(keys) > CREATE_KEYS_MAX:
        raise ConfigError(f"too many create keys; the limit is {CREATE_KEYS_MAX}")
    return tuple(hashlib.sha256(key.encode()).digest() for key in keys)


def read_create_keys(path: Path | None, environment: Mapping[str, str]) -> tuple[bytes, ...]:
    """Keys from a file and from GAMEROOM_CREATE_KEYS (separated by white space)."""
    digests: tuple[bytes, ...] = ()
    if path is not None:
        try:
            digests = create_keys(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"the create keys cannot be read: {error}") from error
        if not digests:
            raise ConfigError(f"{path} contains no create key")
    given = environment.get("GAMEROOM_CREATE_KEYS", "")
    return digests + create_keys("\n".join(given.split()))
