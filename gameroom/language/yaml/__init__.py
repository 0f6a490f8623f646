"""Reads the YAML spelling of a room file to the same model.

Knows YAML's nodes and the schema of a room file, and nothing of the other spelling. The rule it
keeps: equal files in both spellings give equal models and equal problems.
"""
