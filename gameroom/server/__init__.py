"""The aiohttp shell: HTTP and WebSocket in, a room's effects out.

It knows sockets, cookies, keys and the clock; it knows no rule of any room. A packet
goes one way: frame -> connection -> runner -> room -> effects -> store, then sockets,
all of it synchronous. The rule it keeps: the room decides, the shell obeys,
and what was not stored is not told.
"""
