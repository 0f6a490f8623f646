"""How late turns are while somebody attacks the server: see `__main__`."""
