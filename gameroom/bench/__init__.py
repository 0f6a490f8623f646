"""The benchmark: compares the server with a bare relay, on this machine, with the same players.

Knows processes, cores and clocks, but not how the server works. It starts the server like an
operator and plays over its sockets. The rule it keeps: each printed figure is accompanied by the
figure of the bare relay, measured right before or after it.
"""
