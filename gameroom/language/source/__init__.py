"""The text of a room file: lines, comments, places.

Knows no grammar and no model. The rule it keeps: every reported place is a place in the file as its
author sees it, even if only a part of the file was read.
"""
