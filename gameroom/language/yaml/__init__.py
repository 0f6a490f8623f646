"""The YAML spelling of a room file: from its text to the same model.

Knows YAML's nodes and the schema of a room file, and nothing of the other spelling. The rule it
keeps: what both spellings can say gives equal models, and equal problems.
"""
