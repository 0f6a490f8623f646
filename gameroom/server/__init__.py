"""The aiohttp shell: takes HTTP and WebSocket input, and carries out the effects of the rooms.

It knows sockets, cookies, keys and the clock, but no rule of any room. A packet takes one path, all
of it synchronous: frame -> connection -> runner -> room -> effects -> store, then sockets. The rule
it keeps: the room decides and the shell executes; an event is stored before it is sent.
"""
