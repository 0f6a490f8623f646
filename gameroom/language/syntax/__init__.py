"""Parses the text of a `.room` file to a tree: the grammar, the parser, and repairs before it.

Knows tokens and trees, but not their meaning. The rule it keeps: one run reports every syntax
problem of a text once, and continues after each.
"""
