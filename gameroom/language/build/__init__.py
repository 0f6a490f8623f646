"""Builds the model from a tree, with one function for each part of a room file.

Knows trees and the model; the checks decide whether the model makes sense. The rule it keeps: every
part of the text has its span in the model.
"""
