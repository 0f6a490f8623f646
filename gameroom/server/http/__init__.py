"""The HTTP API: the table of routes, a handler for each route, and the API descriptions.

Knows bodies, headers and cookies. How a room answers is in `server/room_api`. The rule it keeps:
the table lists each route once, with its handler, and OpenAPI is generated from the table.
"""
