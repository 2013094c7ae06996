"""A log of doors, as somebody would add it: `tree` has its files, where they would lie in the project."""
