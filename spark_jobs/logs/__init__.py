"""The logs that the product knows: one package each, with its contract and its rules."""
