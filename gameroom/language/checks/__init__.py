"""Checks of a merged room, with one module for each part of it.

They share a Scope and report Problems. They know the model, no text and no tree. The rule it keeps:
one mistake is reported once, at the place where its author has to fix it.
"""
