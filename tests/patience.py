"""How long a test waits for what has to come before it gives up.

No result depends on it: it is so long that no machine is too slow, and nobody waits so long unless
something never comes.
"""

PATIENCE_S = 900.0
PATIENCE_MS = int(PATIENCE_S * 1000)
