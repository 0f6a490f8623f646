"""The problems of a file as data, and their renderings.

Knows no grammar and finds no problems. The rule it keeps: a diagnostic has a code, a place and a
sentence that helps, and every code has a page.
"""
