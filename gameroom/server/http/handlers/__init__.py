"""Handlers of the server's own HTTP routes: one module per resource, one function per route.

Knows requests and responses. How a room answers is in `server/room_api`. The rule it keeps: a
handler first checks who sends the request.
"""
