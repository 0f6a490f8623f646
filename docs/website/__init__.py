"""The documentation as a website: `python -m docs.website` builds it, `make docs` calls that.

The pages are the Markdown files of docs/, which read well where they are. Parts that a program
knows better than an author (pictures, the API reference) are comments there, and `pages` fills them
in. The result is the source of Sphinx and also the Markdown twin of each HTML page. It knows
nothing of how a page is laid out: that is furo's business and site.css's. The rule it keeps: the
tables of docs/index.md are the only table of contents; navigation and llms.txt follow from them.
"""
