"""The operations of a room: what can be asked of one, and what is answered.

Knows rooms and packets; neither HTTP nor sockets, which both carry these questions. The rule it
keeps: a route stands in a table once, with the function that answers it, and whatever documents or
dispatches routes reads the table.
"""
