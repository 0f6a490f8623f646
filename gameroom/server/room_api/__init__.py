"""The operations of a room: the requests that it accepts, and their answers.

Knows rooms and packets, but neither HTTP nor sockets, which both carry these requests. The rule it
keeps: a table lists each route once, with the function that answers it. All code that documents or
dispatches routes reads this table.
"""
