"""The configuration of a server. Every value is checked before the server listens.

Knows no file format and no command line: `cli/serve.py` fills it. It contains only the SHA-256
of each key, so a printed configuration reveals no secret.
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
    """A setting is invalid. The message is for the operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of everything that clients can make the server store or do. Each name ends with
    its unit."""

    rooms_max: int = 1000
    """Awake rooms. At the limit, no further room is created."""
    rooms_kept_max: int = 10_000
    """All rooms, including sleeping rooms."""
    wake_wait_ms: int = 2000
    """How long a request waits for a room that is waking up."""
    waking_max: int = 4
    """How many rooms can wake up at the same time."""
    places_per_room_max: int = 1024
    """Seats and spectator places that a room file can declare. Each needs a socket."""
    connections_max: int = 10_000
    """TCP connections. The limit is lower if the process has too few descriptors."""
    connections_reserved: int = 64
    """The part of `connections_max` that is reserved for requests and for returning players. When
    only reserved connections are left, sockets of newcomers are refused."""
    silent_connections_max: int = 1024
    """Connections without a hello. Beyond this limit, silent connections are closed."""
    silent_per_address_max: int = 256
    silent_returning_max: int = 4096
    """Sockets with a known session but without a hello."""
    silent_per_session_max: int = 4
    request_timeout_ms: int = 10_000
    """From the accepted connection to the end of its first request's headers."""
    keepalive_ms: int = 75_000
    """From a response to the end of the next request's headers."""
    body_timeout_ms: int = 60_000
    """From a request's headers to the end of its body."""
    unread_timeout_ms: int = 30_000
    """A connection is closed if the client reads nothing of a response for this long."""
    frame_bytes_max: int = 65_536
    hello_bytes_max: int = 4096
    hello_timeout_ms: int = 5000
    heartbeat_ms: int = 20_000
    """A peer that is silent for this long receives a ping. If it stays silent for another half of
    this time, it counts as disconnected."""
    upload_bytes_max: int = 4_194_304
    body_bytes_max: int = 65_536
    """The bodies of HTTP requests other than /create."""
    write_buffer_bytes_max: int = 1_048_576
    """A socket with more unread bytes than this is closed with code 4002."""
    tail_bytes_max: int = 524_288
    """Recent events that a room keeps in memory for returning clients."""
    tail_events_max: int = 256
    """A client that lacks more events than this continues from a snapshot, if there is one."""
    joins_per_minute: int = 30
    joins_burst: int = 200
    """New places per address. A whole school class can join at once."""
    join_attempts_max: int = 10_000
    """How many joins with an idempotency key are remembered, each with its place."""
    join_attempts_kept_ms: int = 600_000
    """How long they are remembered."""
    creates_per_minute: int = 60
    """Per address."""
    connects_per_minute: int = 30
    connects_burst: int = 30
    """How often a member can connect, over all its sockets."""
    session_ms_per_second: int = 20
    session_burst_ms: int = 200
    """The event loop's time that the requests of one session can use."""
    address_ms_per_second: int = 100
    address_burst_ms: int = 4000
    """The event loop's time that requests without a session can use, per address."""
    job_cpu_ms: int = 20_000
    job_memory_bytes: int = 1_073_741_824
    jobs_waiting_max: int = 32
    """Jobs that wait for the worker process: room files, pictures of charts, desync reports."""
    slice_us: int = 500
    """The event loop's time for answers in one round. Then turns and sockets are served."""
    requests_waiting_max: int = 2000
    requests_waiting_per_payer_max: int = 300
    """Requests that wait for a slice: in total, and per session or address."""
    turns_per_answer_max: int = 16
    turns_bytes_max: int = 65_536
    """The limits of one answer to `GET /turns`. The next answer continues where it ends."""
    frames_per_second: int = 120
    frames_burst: int = 480
    """How many frames a member can send at once, over all its sockets, e.g. after coming back."""
    refusals_per_minute: int = 60
    refusals_burst: int = 100
    """How many refusals a session or an address receives before its sockets are closed and its HTTP
    answers are delayed."""
    request_bytes_max: int = 20_480
    """A frame, or the body of a room's request over HTTP. The limit is higher, up to
    `frame_bytes_max`, if the room file allows longer packets. Reading a kilobyte can take 40 us of
    the event loop's time."""
    socket_frames_per_round: int = 4
    """Frames that are read from one socket before other sockets are served."""
    hello_frames_max: int = 16
    """Frames of a socket before its hello is accepted."""
    close_timeout_ms: int = 2000
    """How long a peer can take to complete the close handshake."""
    addresses_max: int = 10_000
    """Addresses whose rates are remembered."""
    ended_room_ms: int = 300_000
    """How long an ended room remains available, so that people can see how it ended."""
    store_check_ms: int = 2000
    store_wait_ms: int = 2000
    """A call to the session store that has not started after this time is cancelled. A started call
    waits up to this time for a lock of another process."""
    store_calls_waiting_max: int = 256
    desync_wait_ms: int = 10_000
    """How long evidence is accepted for a generation whose checksums differ."""
    desync_state_wait_ms: int = 3000
    """How long a seat can take to send its state. After that, another seat is asked."""
    desync_state_bytes_max: int = 4_194_304
    """The maximum size of a state that a seat sends as evidence."""
    desync_states_max: int = 4
    """The maximum number of states in one report."""
    desyncs_open_max: int = 8
    """Desyncs of all rooms for which evidence is taken at the same time."""
    desyncs_per_room_max: int = 8
    """Desync reports kept per room: its first ones."""
    desyncs_max: int = 200
    """Desync reports kept in total: the latest ones."""

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
    """The configuration of a server. Raises ConfigError if a value is invalid.

    host, port: where to listen; port 0 chooses a free port.
    data: the folder of the journals and the database; None keeps everything in memory.
    create_keys: SHA-256 digests of the keys for /create. Without keys, /create refuses everyone.
    origins: the origins under which browsers reach this server, exactly as they send them
    (`https://play.example`). The listener's own origins on loopback need not be listed.
    proxies: addresses of proxies whose X-Forwarded-For header is trusted.
    durability: `process` survives a killed process, `disk` also a power failure.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    data: Path | None = None
    create_keys: tuple[bytes, ...] = ()
    origins: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    durability: Durability = "process"
    fast: bool = True
    """Dispatch each frame while it is parsed, if this version of aiohttp allows it."""
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
    """Whether a server that listens on `host` is reachable only from this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_origin(origin: str) -> None:
    """Raise ConfigError unless `origin` is only a scheme, a host and optionally a port, in lower
    case."""
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
    """The digests of the keys in a key file: one key per line, `#` starts a comment line. Raises
    ConfigError."""
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
    """The digests of the keys in a file and in GAMEROOM_CREATE_KEYS (separated by white space).
    Raises ConfigError."""
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
