"""How long a test waits for what has to come before it gives up.

No result depends on it: no machine that can play is that slow, and nobody waits so long unless
something never comes.
"""

PATIENCE_S = 300.0
PATIENCE_MS = int(PATIENCE_S * 1000)
