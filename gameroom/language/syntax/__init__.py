"""From the text of a `.room` file to a tree: the grammar, the parser, and what is put right for it.

Knows tokens and trees, nothing of what they mean. The rule it keeps: one run tells every syntax
problem of a text, each once, and reads on after it.
"""
