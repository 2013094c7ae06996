"""The log of an online shop."""
