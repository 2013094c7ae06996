"""The report of `listening`: the answer, how sure it is, and who listened when."""
