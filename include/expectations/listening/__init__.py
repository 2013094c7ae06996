"""The checks of meaning of the log `listening`."""
