"""Checks of a merged room, by what they look at.

They share a Scope and report Problems; they know the model, no text and no tree. The rule it keeps:
one fault is told once, at the place where its author would put it right.
"""
