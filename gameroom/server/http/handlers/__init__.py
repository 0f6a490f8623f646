"""What the server's own routes do over HTTP: a module for each resource, a function for each route.

Knows requests and responses; what a room answers is in `server/room_api`. The rule it keeps:
nothing is done before it is known who may ask.
"""
