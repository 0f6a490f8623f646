"""Rewrites a room file: formatted, converted, fixed, or merged into a self-contained file.

Knows the model and the layout of the text, which other packages have read. The rule it keeps: the
result has the same meaning as the original, and no comment is lost.
"""
