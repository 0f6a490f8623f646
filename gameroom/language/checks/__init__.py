"""Checks of a merged room, by what they look at. They share a Scope and report Problems."""
