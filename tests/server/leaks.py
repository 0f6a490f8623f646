"""Secrets in logs: every token and create key that a test's servers see is remembered, and
every log record of the test is searched for them.

All secrets pass `auth.digest`, since only digests are stored and compared.
"""

from __future__ import annotations

import logging

from gameroom.server import auth

SECRET_CHARS_MIN = 16
"""What is shorter is a test's wrong answer, and may stand anywhere."""

_real = auth.digest


class Watch(logging.Handler):
    """What was logged, as an operator would read it, and what must not be in it."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.setFormatter(logging.Formatter("%(name)s: %(message)s"))
        self.texts: list[str] = []
        self.secrets: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(self.format(record))

    def digest(self, secret: str) -> bytes:
        """`auth.digest`, which remembers."""
        if len(secret) >= SECRET_CHARS_MIN:
            self.secrets.add(secret)
        return _real(secret)

    def begin(self) -> None:
        self.texts.clear()
        self.secrets.clear()

    def check(self, *more: str) -> None:
        """No secret is in what was logged, nor in the texts given."""
        text = "\n".join([*self.texts, *more])
        found = sorted(secret for secret in self.secrets if secret in text)
        assert not found, f"secrets in the log: {found}\n{text}"


WATCH = Watch()


def install() -> None:
    """Before any module takes `digest` from `auth`."""
    auth.digest = WATCH.digest
    logging.getLogger().addHandler(WATCH)
