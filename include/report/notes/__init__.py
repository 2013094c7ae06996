"""The report of `notes`: who is active, who comes back, what sessions are like, how fast pages load."""
