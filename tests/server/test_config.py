"""What an operator may set, and what is refused before anything listens."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from gameroom.server.config import Config, ConfigError, Limits, create_keys, read_create_keys

KEY = "0123456789abcdef"


def test_loopback_needs_no_create_key() -> None:
    assert Config().create_keys == ()
    assert Config(host="::1").host == "::1"
    assert Config(host="localhost").host == "localhost"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "play.example", ""])
def test_beyond_loopback_nothing_listens_without_a_create_key(host: str) -> None:
    with pytest.raises(ConfigError, match="without a create key"):
        Config(host=host)
    assert Config(host=host, create_keys=create_keys(KEY)).host == host


def test_keys_are_kept_as_their_digest_alone() -> None:
    config = Config(create_keys=create_keys(f"# the first\n\n  {KEY}  \n"))
    assert config.create_keys == (hashlib.sha256(KEY.encode()).digest(),)
    assert KEY not in repr(config)


def test_keys_come_from_a_file_and_from_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text(KEY + "\n")
    found = read_create_keys(path, {"GAMEROOM_CREATE_KEYS": f"{KEY}b {KEY}c"})
    assert found == create_keys(f"{KEY}\n{KEY}b\n{KEY}c")
    assert read_create_keys(None, {}) == ()


def test_an_empty_or_missing_key_file_is_no_open_door(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text("# nothing yet\n")
    with pytest.raises(ConfigError, match="contains no create key"):
        read_create_keys(path, {})
    with pytest.raises(ConfigError, match="cannot be read"):
        read_create_keys(tmp_path / "none", {})


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ConfigError, match="at least 16 bytes"):
        create_keys("short")


@pytest.mark.parametrize(
    "origin",
    ["*", "play.example", "https://play.example/", "https://PLAY.example", "ftp://play.example",
     "https://*.example", "https://ann@play.example", "null"],
)  # fmt: skip
def test_an_origin_is_exact(origin: str) -> None:
    with pytest.raises(ConfigError):
        Config(origins=(origin,))


def test_good_origins_are_taken() -> None:
    origins = ("https://play.example", "http://localhost:3000")
    assert Config(origins=origins).origins == origins


def test_limits_are_whole_numbers_that_fit_together() -> None:
    with pytest.raises(ConfigError, match="rooms_max"):
        Limits(rooms_max=0)
    with pytest.raises(ConfigError, match="hello_bytes_max"):
        Limits(hello_bytes_max=100_000)
    with pytest.raises(ConfigError, match="frames_burst"):
        Limits(frames_burst=1)


def test_a_proxy_is_an_address() -> None:
    assert Config(proxies=("10.0.0.1", "::1")).proxies == ("10.0.0.1", "::1")
    with pytest.raises(ConfigError, match="proxy"):
        Config(proxies=("proxy.example",))


def test_the_port_is_checked() -> None:
    with pytest.raises(ConfigError, match="port"):
        Config(port=70_000)
