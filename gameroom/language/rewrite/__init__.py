"""A room file written anew: formatted, converted, fixed, merged into one that stands alone.

Knows the model and the text's layout; reading is done before. The rule it keeps: what is written
means what was read, and no comment is lost.
"""
