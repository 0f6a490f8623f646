"""The benchmark: the server beside a bare relay, on this machine, with the same players.

Knows processes, cores and clocks. It does not know how the server works: it starts it as an
operator does and plays over its sockets. The rule it keeps: a figure is never printed without
the bare relay's figure, measured right after or before it.
"""
