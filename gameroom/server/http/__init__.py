"""What can be asked over HTTP: the table of routes, what each does, and its documents.

Knows bodies, headers and cookies; what a room makes of a question is the room's. The rule it
keeps: a route stands in the table once, and OpenAPI, handlers and costs are read from there.
"""
