"""What can be asked over HTTP: the table of routes, a handler for each, and their documents.

Knows bodies, headers and cookies; what a room makes of a question is the room's. The rule it
keeps: a route stands in the table once, with its handler, and OpenAPI and costs are read there.
"""
