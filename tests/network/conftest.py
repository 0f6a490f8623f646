"""Tests over real TCP between network namespaces run where those can be made."""

from __future__ import annotations

import pytest

from tests.network.namespaces import missing

WHY_NOT = missing()


@pytest.fixture(scope="session")
def network() -> None:
    """Asked for by every test that needs namespaces."""
    if WHY_NOT is not None:
        pytest.skip(WHY_NOT)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if WHY_NOT is not None:
        terminalreporter.write_line(f"tests/network: nothing was tested over a network: {WHY_NOT}")
