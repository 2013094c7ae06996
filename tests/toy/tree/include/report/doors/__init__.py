"""The report of `doors`."""
