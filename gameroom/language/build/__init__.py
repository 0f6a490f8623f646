"""From a tree to the model: one function for each thing that a room file can declare.

Knows trees and the model; whether the model makes sense is asked by the checks. The rule it keeps:
everything that was written has its span in the model.
"""
