"""What is wrong with a file, as data, and how it is shown.

Knows no grammar and finds nothing itself. The rule it keeps: a diagnostic has a code, a place and
a sentence that helps, and every code has a page.
"""
