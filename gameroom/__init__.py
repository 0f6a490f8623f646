"""gameroom: a server for lock-step multiplayer games, driven by room files."""

__version__ = "0.1.0"
