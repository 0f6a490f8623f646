"""The text of a room file before it means anything: lines, comments, places.

Knows no grammar and no model. The rule it keeps: every place that is told is a place in the file
as its author sees it, whatever part of it was read.
"""
