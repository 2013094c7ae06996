"""What make calls: the run, the UI, and the environment both need."""
